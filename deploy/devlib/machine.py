"""What the machine must have, and how it gets it: apt when that is possible, else a list to install."""

import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import postgres, rabbitmq
from .places import is_root
from .say import Stop, line, note, step


@dataclass(frozen=True)
class Need:
    """A Debian package, what it is for, and what tells that it (or its like from elsewhere) is there."""

    package: str
    why: str
    is_there: Callable[[], bool]


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _found(find: Callable[[], object]) -> Callable[[], bool]:
    def is_there() -> bool:
        try:
            find()
        except Stop:
            return False
        return True

    return is_there


def _library(name: str) -> Callable[[], bool]:
    """A C library that can be built against, as pkg-config knows it."""

    def is_there() -> bool:
        pkg_config = shutil.which("pkg-config")
        if pkg_config is None:
            return False
        return subprocess.run([pkg_config, "--exists", name], capture_output=True, check=False).returncode == 0

    return is_there


def _file(*patterns: str) -> Callable[[], bool]:
    return lambda: any(next(Path("/").glob(pattern), None) is not None for pattern in patterns)


def _shared(name: str) -> Callable[[], bool]:
    """A shared library, where bindgen (libclang) and the linker look."""
    folders = ("usr/lib/llvm-*/lib", "usr/lib", "usr/lib/*-linux-*", "usr/lib64", "usr/local/lib")
    return _file(*(f"{folder}/{name}{end}" for folder in folders for end in (".so", ".so.*", "-[0-9]*.so*")))


COMPILER = Need("build-essential", "a C compiler, which Rust links with", _program("cc"))
POSTGRESQL = Need("postgresql", "every service's database", _found(postgres.programs))
RABBITMQ = Need("rabbitmq-server", "events between the services", _found(rabbitmq.server_script))
PKG_CONFIG = Need("pkg-config", "finds the C libraries of SAML", _program("pkg-config"))
LIBXML2 = Need("libxml2-dev", "SAML: XML", _library("libxml-2.0"))
XMLSEC = Need("libxmlsec1-dev", "SAML: signatures", _library("xmlsec1"))
OPENSSL = Need("libssl-dev", "SAML: keys and certificates", _library("openssl"))
LIBCLANG = Need("libclang-dev", "reads the headers of those libraries", _shared("libclang"))
# xmlsec loads it by its name when it starts.
XMLSEC_OPENSSL = Need("libxmlsec1-openssl", "SAML: does the cryptography", _shared("libxmlsec1-openssl"))
XMLSEC1 = Need("xmlsec1", "signs and encrypts for the identity provider of the tests", _program("xmlsec1"))
# In the path of root only.
BIND = Need("bind9", "a real DNS server for the tests", _file("usr/sbin/named", "usr/local/sbin/named"))
GIT = Need("git", "what changed, and the contract of the last commit", _program("git"))
PIP = Need("python3-pip", "tools and test peers from PyPI", lambda: importlib.util.find_spec("pip") is not None)
CHROMIUM = Need("chromium", "the browser of the browser tests", _program("chromium"))
CHROMEDRIVER = Need("chromium-driver", "drives that browser", _program("chromedriver"))
RUN = (COMPILER, POSTGRESQL, RABBITMQ, PKG_CONFIG, LIBXML2, XMLSEC, OPENSSL, LIBCLANG, XMLSEC_OPENSSL)
TEST = (*RUN, GIT, PIP, CHROMIUM, CHROMEDRIVER, XMLSEC1, BIND)

# Installs without letting Debian start servers or make a database cluster: ours are private ones. What is put there
# for that is taken away again, however it ends; what was there before is left alone.
QUIETLY = r"""
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.d
ours= folder=
tidy() {
  [ -z "$ours" ] || rm -f "$policy"
  rm -f "$clusters/pass-dev.conf"
  [ -z "$folder" ] || rmdir "$clusters" 2>/dev/null
  return 0
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
  ours=1
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" || exit 1
fi
[ -d "$clusters" ] || { folder=1; mkdir -p "$clusters" || exit 1; }
echo 'create_main_cluster = false' >"$clusters/pass-dev.conf" || exit 1
"$@"
"""


def provide(needs: Sequence[Need]) -> None:
    """Installs what is missing, or says what to install and stops."""
    for program, what in (("cargo", "Rust, with clippy and rustfmt"), ("npm", "Node.js with npm")):
        if shutil.which(program) is None:
            raise Stop(f"there is no {program}; please install {what} first")
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *(need.package for need in missing)]
    if shutil.which("apt-get") is None or not (is_root() or _may_sudo()):
        _ask_for(missing, install)
    for what, command in (
        ("refresh the list of packages", ["apt-get", "update", "-q"]),
        (f"install {', '.join(need.package for need in missing)}", install),
    ):
        with step(what):
            # sudo passes no environment on.
            full = ["env", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", QUIETLY, "pass-dev", *command]
            full = full if is_root() else ["sudo", "-n", *full]
            done = subprocess.run(full, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                line((done.stdout + done.stderr).strip())
                raise Stop(f"{' '.join(command)} failed")
    importlib.invalidate_caches()
    still = [need for need in missing if not need.is_there()]
    if still:
        _ask_for(still, install)


def _ask_for(missing: Sequence[Need], install: Sequence[str]) -> None:
    for need in missing:
        note(f"missing: {need.package} ({need.why})")
    raise Stop(
        "that can't be installed from here. Please run\n"
        f"       sudo apt-get update && sudo {' '.join(install)}\n"
        "     or install the same in your system's own way, and try again"
    )


def _may_sudo() -> bool:
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0

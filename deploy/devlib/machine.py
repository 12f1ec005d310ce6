"""What the machine must have, and how it gets it: apt when that is possible, else a list to install."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


COMPILER = Need("build-essential", "a C compiler, which Rust links with", _program("cc"))
POSTGRESQL = Need("postgresql", "every service's database", _found(postgres.programs))
RABBITMQ = Need("rabbitmq-server", "events between the services", _found(rabbitmq.server_script))
GIT = Need("git", "what changed, and the contract of the last commit", _program("git"))
PIP = Need("python3-pip", "tools and test peers from PyPI", lambda: importlib.util.find_spec("pip") is not None)
CHROMIUM = Need("chromium", "the browser of the browser tests", _program("chromium"))
CHROMEDRIVER = Need("chromium-driver", "drives that browser", _program("chromedriver"))
RUN = (COMPILER, POSTGRESQL, RABBITMQ)
TEST = (*RUN, GIT, PIP, CHROMIUM, CHROMEDRIVER)


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
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for what, command in (
        ("refresh the list of packages", ["apt-get", "update", "-q"]),
        (f"install {', '.join(need.package for need in missing)}", install),
    ):
        with step(what):
            full = command if is_root() else ["sudo", "-n", *command]
            done = subprocess.run(full, env=environment, capture_output=True, text=True, check=False)
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

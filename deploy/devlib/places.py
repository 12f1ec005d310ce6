"""Where things are: the tree, the folder for state, the folder for tools.

State lives in `.dev/` of the tree. PostgreSQL refuses root, and its user can't enter folders under
root's home, so for root `.dev` is a link to a folder of this tree's own under `/var/lib`.
"""

import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from .say import Stop

TREE = Path(__file__).resolve().parents[2]


def is_root() -> bool:
    """Whether servers have to be started as somebody else."""
    return os.geteuid() == 0


def state() -> Path:
    """The folder for everything this tree's servers and checks write, made when missing."""
    link = TREE / ".dev"
    if not is_root():
        if link.is_symlink() or (link.exists() and not os.access(link, os.W_OK)):
            raise Stop(f"{link} was made by another user; ask them for `deploy/dev reset`, or remove it")
        link.mkdir(exist_ok=True)
        return link
    folder = Path("/var/lib/nulab-pass-dev") / hashlib.sha256(str(TREE).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    if not link.exists() and not link.is_symlink():
        link.symlink_to(folder)
    return folder


def tools() -> Path:
    """The folder for tools that the checks install for themselves, shared by all trees of this user."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(cache) / "nulab-pass-dev"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as; `None` ids mean the one that runs the script."""

    uid: int | None
    gid: int | None

    def own(self, folder: Path) -> Path:
        """Makes a folder that only this account can enter."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)
        return folder

    def give(self, file: Path, mode: int = 0o600) -> Path:
        """Hands a file over to this account."""
        file.chmod(mode)
        if self.uid is not None and self.gid is not None:
            os.chown(file, self.uid, self.gid)
        return file


def account(name: str) -> Account:
    """The account for a server: `name` when we are root, else ourselves."""
    if not is_root():
        return Account(None, None)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Stop(f"there is no user {name!r} to start the server as; is its package installed?") from None
    return Account(entry.pw_uid, entry.pw_gid)

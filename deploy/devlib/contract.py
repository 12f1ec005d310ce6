"""The checks of `proto/`: style, format, and that nobody who speaks yesterday's contract breaks."""

import io
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import tools
from .places import TREE
from .say import note

PROTO = "proto"


def lint() -> bool:
    """buf's STANDARD rules, and its format."""
    program = str(tools.buf())
    folder = TREE / PROTO

    def passes(*arguments: str) -> bool:
        return subprocess.run([program, *arguments], cwd=folder, check=False).returncode == 0

    lint_passed = passes("lint")
    format_passed = passes("format", "--diff", "--exit-code")
    if not format_passed:
        note(f"`{PROTO}` is not formatted: run `buf format -w` there")
    return lint_passed and format_passed


def breaking() -> bool:
    """Compares with the commit before these changes, and with what is on origin."""
    passed = True
    for name, commit in baselines().items():
        with tempfile.TemporaryDirectory() as folder:
            if not _extract(commit, Path(folder)):
                continue
            command = [str(tools.buf()), "breaking", "--against", str(Path(folder) / PROTO)]
            if subprocess.run(command, cwd=TREE / PROTO, check=False).returncode != 0:
                note(f"breaks who speaks the contract of {name}; what is meant is said in {PROTO}/buf.yaml (breaking)")
                passed = False
    return passed


def baselines() -> dict[str, str]:
    """The commits to compare with: HEAD when the tree differs from it, else its parent; and origin's."""
    found: dict[str, str] = {}
    head = _git("rev-parse", "--verify", "-q", "HEAD")
    if head is None:
        note("no commit to compare with yet")
        return found
    if _git("status", "--porcelain", "--", PROTO):
        found["the last commit"] = head
    elif parent := _git("rev-parse", "--verify", "-q", "HEAD^"):
        found["the commit before"] = parent
    origin = _git("merge-base", "HEAD", "origin/main")
    if origin is not None and origin != head and origin not in found.values():
        found["origin"] = origin
    return found


def _extract(commit: str, folder: Path) -> bool:
    if _git("cat-file", "-e", f"{commit}:{PROTO}/buf.yaml") is None:
        return False
    archive = subprocess.run(["git", "archive", commit, PROTO], cwd=TREE, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder)
    return True


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", *arguments], cwd=TREE, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None

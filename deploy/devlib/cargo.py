"""What the script asks cargo."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .children import foreground
from .places import TREE
from .say import Stop


@dataclass(frozen=True)
class Package:
    """A crate of the workspace."""

    name: str
    version: str
    folder: Path

    @property
    def spec(self) -> str:
        """How cargo knows it for sure: somebody else's crate may have the same name."""
        return f"{self.name}@{self.version}"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, less what would make sqlx's macros ask a database that is not the one meant."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("DATABASE_URL") and not name.startswith("SQLX_OFFLINE")
    }
    if "CI" in kept:
        kept.setdefault("CARGO_INCREMENTAL", "0")  # nothing is built twice there
    return {**kept, **(extra or {})}


def run(arguments: Sequence[str], extra: Mapping[str, str] | None = None, limit: float | None = None) -> int:
    """Runs cargo in the tree with its output on the terminal, for so many seconds at most; gives its exit code."""
    return foreground(["cargo", *arguments], TREE, environment(extra), limit)


@cache
def _metadata() -> dict[str, Any]:
    done = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version=1"],
        cwd=TREE,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Stop(f"cargo metadata:\n{done.stderr.strip()}")
    return dict(json.loads(done.stdout))


def packages() -> list[Package]:
    """The crates of the workspace, `crates/` before `services/`."""
    found = [Package(one["name"], one["version"], Path(one["manifest_path"]).parent) for one in _metadata()["packages"]]
    return sorted(found, key=lambda package: package.folder)


def programs(profile: str = "debug") -> Path:
    """Where cargo puts the programs that it builds."""
    return Path(_metadata()["target_directory"]) / profile

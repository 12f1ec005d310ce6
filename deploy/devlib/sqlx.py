"""The `.sqlx` caches: how each crate's queries look to PostgreSQL, so that everybody builds without one.

A crate with a `sqlx.toml` has its own. Its migrations are applied to a scratch database, its code is
checked against that, and the query macros write down what the database said. The check runs under a
profile setting that nobody else uses, so it shares no build output with ordinary builds, and the
crate's `lib.rs` is only for a moment newer than what was built from it.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import cargo, machine, postgres
from .children import Children
from .places import TREE, state
from .postgres import Postgres
from .say import Stop, bad, good, note, step


@dataclass(frozen=True)
class Crate:
    """A crate with queries."""

    package: cargo.Package
    variable: str

    @property
    def name(self) -> str:
        """Its package."""
        return self.package.name

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.package.folder

    @property
    def cache(self) -> Path:
        """Its committed cache."""
        return self.folder / ".sqlx"

    @property
    def database(self) -> str:
        """Its scratch database."""
        return self.name.replace("-", "_")


def crates(wanted: Sequence[str] = ()) -> list[Crate]:
    """The crates with a cache, or those of them that are named, by package or by folder."""
    found = []
    for package in cargo.packages():
        settings = package.folder / "sqlx.toml"
        if settings.exists():
            common = tomllib.loads(settings.read_text()).get("common", {})
            found.append(Crate(package, common.get("database-url-var", "DATABASE_URL")))
    unknown = [name for name in wanted if not any(_is_called(crate, name) for crate in found)]
    if unknown:
        names = ", ".join(crate.name for crate in found) or "there is none"
        raise Stop(f"no crate with a sqlx.toml is called {', '.join(unknown)} ({names})")
    return [crate for crate in found if not wanted or any(_is_called(crate, name) for name in wanted)]


def _is_called(crate: Crate, name: str) -> bool:
    return name.rstrip("/") in (crate.name, crate.folder.name, str(crate.folder.relative_to(TREE)))


def prepare(wanted: Sequence[str]) -> int:
    """Writes the caches anew: `deploy/dev sqlx [crate..]`."""
    machine.provide([machine.POSTGRESQL])
    chosen = crates(wanted)
    if not chosen:
        note("no crate has a sqlx.toml")
        return 0
    failed = False
    with scratch_run() as children:
        with step("a scratch PostgreSQL"):
            server = postgres.start(children, children.folder / "postgresql", fast=True)
        for crate in chosen:
            with tempfile.TemporaryDirectory() as temporary:
                compiles = describe(server, crate, Path(temporary))
                changed = differences(crate.cache, Path(temporary))
                _keep(Path(temporary), crate.cache, forget=compiles)
            count = len(list(crate.cache.glob("query-*.json")))
            if compiles:
                good(f"{crate.name}: {count} queries, {len(changed)} changed")
            else:
                bad(f"{crate.name} does not compile: what could be described was kept, nothing was removed")
            failed = failed or not compiles
    return 1 if failed else 0


def _keep(new: Path, cache: Path, *, forget: bool) -> None:
    """Moves descriptions into a cache, file by file: others may be compiling from it."""
    names = {file.name for file in new.glob("query-*.json")}
    for name in names:
        cache.mkdir(exist_ok=True)
        half = cache / f".{name}.half"
        shutil.copyfile(new / name, half)
        half.replace(cache / name)
    for old in cache.glob("query-*.json"):
        if forget and old.name not in names:
            old.unlink()


def describe(server: Postgres, crate: Crate, into: Path) -> bool:
    """Fills a folder with the descriptions of a crate's queries; false when it does not compile."""
    server.psql("postgres", sql=f'DROP DATABASE IF EXISTS "{crate.database}"')
    server.psql("postgres", sql=f'CREATE DATABASE "{crate.database}"')
    migrate(server, crate)
    extra = {"SQLX_OFFLINE_DIR": str(into), crate.variable: server.url(crate.database)}
    spec = crate.package.spec
    profile = f'profile.dev.package."{spec}".codegen-units=201'
    with _newer(crate.folder / "src" / "lib.rs"):
        return cargo.run(["check", "--quiet", "-p", spec, "--all-targets", "--config", profile], extra) == 0


def migrate(server: Postgres, crate: Crate) -> None:
    """Applies a crate's migrations in order, each in a transaction unless it says that it can't be."""

    def version(file: Path) -> int:
        number = re.match(r"\d+", file.name)
        if number is None:
            raise Stop(f"{file.relative_to(TREE)}: a migration's name begins with its number")
        return int(number[0])

    files = [file for file in (crate.folder / "migrations").glob("*.sql") if not file.name.endswith(".down.sql")]
    for file in sorted(files, key=version):
        alone = file.read_text().startswith("-- no-transaction")
        try:
            server.psql(crate.database, *([] if alone else ["-1"]), sql=file.read_text())
        except Stop as problem:
            raise Stop(f"{file.relative_to(TREE)}: {problem}") from None


def differences(old: Path, new: Path) -> list[str]:
    """The names of the descriptions that are not the same in both folders."""
    names = {file.name for folder in (old, new) for file in folder.glob("query-*.json")}

    def content(file: Path) -> bytes | None:
        return file.read_bytes() if file.exists() else None

    return sorted(name for name in names if content(old / name) != content(new / name))


@contextmanager
def _newer(file: Path) -> Iterator[None]:
    """Makes a source newer than what was built from it, for as long as the block runs."""
    with (state() / "sqlx.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = file.stat()
        os.utime(file)
        touched = file.stat().st_mtime_ns
        try:
            yield
        finally:
            if file.stat().st_mtime_ns == touched:
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@contextmanager
def scratch_run() -> Iterator[Children]:
    """A folder for servers that only this run needs; also clears away those of runs that were killed."""
    runs = state() / "runs"
    runs.mkdir(exist_ok=True)
    for left in runs.iterdir():
        with suppress(Stop, FileNotFoundError):  # it is alive, or another run clears it away
            if time.time() - left.stat().st_mtime > 1:
                Children(left).stop()
                shutil.rmtree(left, ignore_errors=True)
    folder = runs / f"{os.getpid()}-{time.time_ns()}"
    try:
        with Children(folder) as children:
            yield children
    finally:
        shutil.rmtree(folder, ignore_errors=True)

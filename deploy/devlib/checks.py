"""`deploy/dev test`: every check, each a step with a name; what CI does is this."""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import cargo, contract, machine, postgres, rabbitmq, sqlx, tools
from .places import TREE
from .say import Stop, bad, good, line, note, seconds, step, title

TEST_LIMIT = 45 * 60.0  # seconds, a build from nothing included: a test that hangs must not hang CI
CLIPPY = ["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"]


@dataclass(frozen=True)
class Step:
    """One check."""

    name: str
    what: str
    passes: Callable[[], bool]


def run(patterns: list[str]) -> int:
    """Runs all checks; or those of these names; or only the tests whose names contain one of the patterns."""
    steps = [
        Step("fmt", "formatting of the Rust code", lambda: cargo.run(["fmt", "--all", "--check"]) == 0),
        Step("lock", "Cargo.lock says what Cargo.toml says", _lock_is_fresh),
        Step("buf", "style and format of the proto files", contract.lint),
        Step("breaking", "the contract breaks nobody", contract.breaking),
        Step("deny", "licences, bans and sources of dependencies", _dependencies_are_fine),
        Step("sqlx", "the offline caches of the queries are fresh", _caches_are_fresh),
        Step("clippy", "lints", lambda: cargo.run(CLIPPY) == 0),
        Step("tests", "all tests, on a private PostgreSQL and RabbitMQ", lambda: _tests_pass([])),
    ]
    if patterns:
        named = [one for one in steps if one.name in patterns]
        called = Step("tests", f"tests called {', '.join(patterns)}", lambda: _tests_pass(patterns))
        steps = named if len(named) == len(set(patterns)) else [called]
    machine.provide(machine.TEST)
    if not patterns:
        before = _fingerprints()
        steps.append(Step("tree", "the checks changed no file", lambda: _unchanged(before)))
    return _summary([(one.name, *_judge(one)) for one in steps])


def _judge(one: Step) -> tuple[bool, float]:
    title(f"{one.name}: {one.what}")
    begun = time.monotonic()
    try:
        passed = one.passes()
    except Stop as problem:
        note(str(problem))
        passed = False
    took = time.monotonic() - begun
    (good if passed else bad)(f"{one.name} ({seconds(took)})")
    return passed, took


def _summary(results: list[tuple[str, bool, float]]) -> int:
    title("summary")
    for name, passed, took in results:
        (good if passed else bad)(f"{name:10}{seconds(took):>14}")
    failed = sum(not passed for _, passed, _ in results)
    line(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _lock_is_fresh() -> bool:
    command = ["cargo", "metadata", "--locked", "--format-version=1"]
    return subprocess.run(command, cwd=TREE, stdout=subprocess.DEVNULL, check=False).returncode == 0


def _dependencies_are_fine() -> bool:
    program = tools.cargo_deny()
    command = [str(program), "--workspace", "--all-features", "check", "licenses", "bans", "sources"]
    return subprocess.run(command, cwd=TREE, check=False).returncode == 0


def _caches_are_fresh() -> bool:
    stale = False
    chosen = sqlx.crates()
    with sqlx.scratch_run() as children:
        server = postgres.start(children, children.folder / "postgresql", fast=True)
        for crate in chosen:
            with tempfile.TemporaryDirectory() as temporary:
                compiles = sqlx.describe(server, crate, Path(temporary))
                changed = sqlx.differences(crate.cache, Path(temporary))
            if not compiles:
                bad(f"{crate.name} does not compile against its migrations")
            elif changed:
                bad(f"{crate.name}: {len(changed)} descriptions differ; run `deploy/dev sqlx {crate.name}`")
            stale = stale or bool(changed) or not compiles
    note(f"{len(chosen)} crates with queries")
    return not stale


def _tests_pass(patterns: list[str]) -> bool:
    peers = tools.foreign_peers()
    with sqlx.scratch_run() as children:
        broker = children.folder / "rabbitmq"
        with step("a private PostgreSQL and RabbitMQ"):
            rabbitmq.begin(children, broker)
            server = postgres.start(children, children.folder / "postgresql", fast=True, connections=500)
            queue = rabbitmq.ready(children, broker)
        servers = {
            **peers,
            "PASS_TEST_POSTGRES_URL": server.for_tests(),
            "PASS_TEST_AMQP_URL": queue.url,
            "INSTA_UPDATE": os.environ.get("INSTA_UPDATE", "no"),
        }
        named = ["--", *patterns] if patterns else []
        return cargo.run(["test", "--workspace", "--no-fail-fast", *named], servers, TEST_LIMIT) == 0


def _fingerprints() -> dict[str, str]:
    """The content of each file that git would commit."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout.split("\0")
    files = {name: TREE / name for name in names if name}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items() if file.is_file()}


def _unchanged(before: dict[str, str]) -> bool:
    after = _fingerprints()
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    for name in changed:
        note(name)
    if changed:
        note("were changed by a check (or by somebody else meanwhile): look at them, commit what belongs")
    return not changed

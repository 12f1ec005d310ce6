"""`deploy/dev bench`: what the suite costs, from a release build, on servers that write durably."""

import re
import time
from pathlib import Path

from . import cargo, machine, postgres, rabbitmq, suite
from .children import Children, foreground
from .places import TREE
from .say import Stop, line, step, title
from .sqlx import scratch_run

IDLE_SECONDS = 20


def run() -> int:
    """Measures start, memory, and the paths of `tests/src/bin/bench.rs`."""
    machine.provide(machine.RUN)
    title("build")
    if cargo.run(["build", "--release", "-p", "pass", "-p", "pass-demo", "-p", "pass-tests", "--bins"]) != 0:
        raise Stop("the build failed")
    programs = cargo.programs("release")
    with scratch_run() as home:
        title("first start, on no data")
        first = _timed_start(home.folder, programs)
        title("start again")
        again = _timed_start(home.folder, programs)
    with scratch_run() as children:
        title("paths")
        queue = children.folder / "rabbitmq"
        with step("a private PostgreSQL, writing durably, and RabbitMQ"):
            rabbitmq.begin(children, queue)
            server = postgres.start(children, children.folder / "postgresql")
            broker = rabbitmq.ready(children, queue)
        servers = {"PASS_TEST_POSTGRES_URL": server.for_tests(), "PASS_TEST_AMQP_URL": broker.url}
        code = foreground([str(programs / "bench")], TREE, cargo.environment(servers))
    title("start and memory")
    line(f"started on no data after {first[0]:.1f} s, again after {again[0]:.1f} s")
    line(f"`pass all` idle: {first[1]:.0f} MB right after its first start, {again[1]:.0f} MB after the second")
    return code


def _timed_start(home: Path, programs: Path) -> tuple[float, float]:
    """Starts the suite; gives the seconds until all was ready, and the megabytes of `pass all` a while later."""
    begun = time.monotonic()
    with Children(home / "up") as children:
        suite.start(children, home, programs)
        took = time.monotonic() - begun
        with step(f"idle for {IDLE_SECONDS} s"):
            time.sleep(IDLE_SECONDS)
        return took, _megabytes(children.get("pass").process.pid)


def _megabytes(pid: int) -> float:
    """What a process holds of the machine's memory, its share of shared pages included."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    if found is None:
        raise Stop("the kernel does not tell how much memory a process has")
    return int(found[1]) * 1024 / 1e6

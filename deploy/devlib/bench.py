"""`deploy/dev bench`: what the suite costs, from a release build, on servers that write durably."""

import re
import time
import urllib.request
from pathlib import Path

from . import cargo, demo, machine, postgres, rabbitmq, settings, suite
from .children import Children, foreground
from .places import TREE
from .say import Stop, line, step, title
from .sqlx import scratch_run

IDLE_SECONDS = 20
SIGN_INS = 10_000
# All sign-ins come from one network.
LIMITLESS = {
    "PASS_GATEWAY__CREDENTIALS_PER_MINUTE": str(2**32 - 1),
    "PASS_GATEWAY__FLOWS_PER_MINUTE": str(2**32 - 1),
    "PASS_IDENTITY__LIMITS__SAML_SIGN_INS_PER_NETWORK": str(2**32 - 1),
}


def run() -> int:
    """Measures start, memory, and the paths of `tests/src/bin/bench.rs`."""
    machine.provide((*machine.RUN, machine.BIND))
    title("build")
    for wanted in (
        ["-p", "pass", "-p", "pass-demo", "-p", "pass-tests", "--bins"],
        ["-p", "pass-saml", "--example", "rate"],
    ):
        if cargo.run(["build", "--release", *wanted]) != 0:
            raise Stop("the build failed")
    programs = cargo.programs("release")
    title("SAML responses verified on one core: the whole pipeline beside bare samael")
    if foreground([str(programs / "examples" / "rate")], TREE, cargo.environment()) != 0:
        raise Stop("not every response was verified")
    with scratch_run() as home:
        title("first start, on no data")
        first = _timed_start(home.folder, programs)
        title("start again")
        again = _timed_start(home.folder, programs)
        title(f"{SIGN_INS} sign-ins by SAML")
        before, after, later = _sign_ins(home.folder, programs)
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
    line(
        f"`pass all` before {SIGN_INS} sign-ins by SAML: {before:.0f} MB, right after them {after:.0f} MB, "
        f"{IDLE_SECONDS} s later {later:.0f} MB"
    )
    return code


def _sign_ins(home: Path, programs: Path) -> tuple[float, float, float]:
    """Signs the demo company's people in; gives the megabytes of `pass all` before, right after, and later."""
    with Children(home / "up") as children:
        running = suite.start(children, home, programs)
        demo.fill(running)
        if not (running.folder / "demo-done").exists():
            raise Stop("there is no company to sign in at")
        children.end("pass")
        with step("all services again, without limits"):
            child = children.start(
                "pass",
                running.command("pass", "all"),
                environment={**running.environment, **LIMITLESS},
                cwd=running.folder,
                patience=20,
            )
            child.require(lambda: _is_ready(running), 60)
        before = _idle(children)
        people = [person.email for person in demo.MANAGED]
        command = [str(programs / "bench"), "sign-ins", running.url("backlog"), demo.HANDLE, str(SIGN_INS), *people]
        if foreground(command, TREE, cargo.environment()) != 0:
            raise Stop("not everybody was signed in")
        return before, _megabytes(children.get("pass").process.pid), _idle(children)


def _is_ready(running: settings.Suite) -> bool:
    try:
        with urllib.request.urlopen(f"http://{running.address('admin')}/ready", timeout=2):
            return True
    except OSError:
        return False


def _idle(children: Children) -> float:
    """The megabytes of `pass all` after a while in which nobody asked it anything."""
    with step(f"idle for {IDLE_SECONDS} s"):
        time.sleep(IDLE_SECONDS)
    return _megabytes(children.get("pass").process.pid)


def _timed_start(home: Path, programs: Path) -> tuple[float, float]:
    """Starts the suite; gives the seconds until all was ready, and the megabytes of `pass all` a while later."""
    begun = time.monotonic()
    with Children(home / "up") as children:
        suite.start(children, home, programs)
        return time.monotonic() - begun, _idle(children)


def _megabytes(pid: int) -> float:
    """What a process holds of the machine's memory, its share of shared pages included."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    if found is None:
        raise Stop("the kernel does not tell how much memory a process has")
    return int(found[1]) * 1024 / 1e6

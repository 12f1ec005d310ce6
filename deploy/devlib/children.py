"""Processes that the script starts, and always ends.

Each child leads a process group of its own and is written down (pid and start time) in the run's
folder before anything else happens, so that a later run recognises what a killed one left behind.
Nothing is ever ended by name.
"""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .places import Account
from .say import Stop, note, seconds, show_tail

OURSELVES = Account(None, None)
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def started_at(pid: int) -> str | None:
    """The kernel's start time of a process, which with its pid names it for ever; `None` when it's gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def is_alive(mark: Path) -> bool:
    """Whether the process that a mark file names still runs."""
    try:
        pid, start, boot = mark.read_text().split()
    except (OSError, ValueError):
        return False
    return boot == _boot() and started_at(int(pid)) == start


def mark(file: Path, pid: int) -> None:
    """Writes down which process is meant, atomically."""
    half = file.with_suffix(".half")
    half.write_text(f"{pid} {started_at(pid)} {_boot()}\n")
    half.replace(file)


def wait_until(condition: Callable[[], bool], limit: float) -> bool:
    """Polls until the condition holds; false when the limit (seconds) is over."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def group_is_gone(pid: int) -> bool:
    """Whether no process of the group is left. Zombies are nobody: some init is slow to bury them."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(group) == pid and state not in "ZX":
            return False
    return True


def end_group(pid: int, polite: signal.Signals, patience: float, reap: Callable[[], object]) -> None:
    """Asks a process group to end, waits, and then insists."""
    for sign, limit in ((polite, patience), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(pid, sign)
        except ProcessLookupError:
            return

        def gone() -> bool:
            reap()
            return group_is_gone(pid)

        if wait_until(gone, limit):
            return


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets Ctrl-C and the like wait until the block is over, so that nothing is left half-way."""
    pending: list[int] = []
    before = {sign: signal.signal(sign, lambda number, _: pending.append(number)) for sign in INTERRUPTS}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
    if pending:
        raise KeyboardInterrupt


def foreground(command: Sequence[str], cwd: Path, environment: Mapping[str, str], limit: float | None = None) -> int:
    """Runs a program on this terminal to its end; interrupted or late, ends it with all that it started."""
    process = None
    try:
        with uninterrupted():
            process = subprocess.Popen(
                command, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, process_group=0
            )
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        raise Stop(f"{' '.join(command[:2])} was not done after {seconds(limit or 0)}") from None
    finally:
        if process is not None and process.poll() is None:
            with uninterrupted():
                end_group(process.pid, signal.SIGINT, 5.0, process.poll)


@dataclass
class Child:
    """One process that was started, with its log and how to end it."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    mark: Path
    polite: signal.Signals = signal.SIGTERM
    patience: float = 10.0

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ends it and what it started; returns when they are gone."""
        end_group(self.process.pid, self.polite, self.patience, self.process.poll)
        self.process.wait()
        self.mark.unlink(missing_ok=True)

    def require(self, condition: Callable[[], bool], limit: float) -> None:
        """Waits for the condition; stops the command, showing the log, when the child dies or is late."""
        settled = wait_until(lambda: not self.is_running() or condition(), limit)
        if self.is_running() and settled:
            return
        code = self.process.poll()
        note(f"the end of {self.log}:")
        show_tail(self.log)
        late = f"was not ready after {limit:.0f} s"
        raise Stop(f"{self.name} {late if code is None else f'ended with code {code} while it was starting'}")


class Children:
    """All children of one run, kept in one folder; a context that ends them in reverse order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")  # given up by the kernel, however we end
        self._sweep()
        mark(self.folder / "owner", os.getpid())
        self._children: list[Child] = []

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _sweep(self) -> None:
        """Ends what a killed earlier run in this folder left behind; refuses when that run is alive."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop("already running, from another terminal; `deploy/dev down` stops it") from None
        for left in sorted(self.folder.glob("*.pid"), key=lambda file: -file.stat().st_mtime_ns):
            if is_alive(left):
                note(f"ending {left.stem}, left behind by an earlier run that was killed")
                pid = int(left.read_text().split()[0])
                polite = signal.SIGINT if left.stem == "postgresql" else signal.SIGTERM
                end_group(pid, polite, 10.0, lambda: None)
            left.unlink(missing_ok=True)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str] | None = None,
        account: Account = OURSELVES,
        cwd: Path | None = None,
        polite: signal.Signals = signal.SIGTERM,
        patience: float = 10.0,
    ) -> Child:
        """Starts a program with its output in `<name>.log` of the run's folder."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output, uninterrupted():
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd=cwd or "/",
                start_new_session=True,
                user=account.uid,
                group=account.gid,
                extra_groups=None if account.uid is None else [],
            )
            child = Child(name, process, log, self.folder / f"{name}.pid", polite, patience)
            self._children.append(child)
            mark(child.mark, process.pid)
        return child

    def get(self, name: str) -> Child:
        """A child that was started, by name."""
        return next(child for child in self._children if child.name == name)

    def end(self, name: str) -> None:
        """Ends one child."""
        with uninterrupted():
            child = self.get(name)
            child.stop()
            self._children.remove(child)

    def dead(self) -> Child | None:
        """A child that ended by itself, if there is one."""
        return next((child for child in self._children if not child.is_running()), None)

    def stop(self) -> None:
        """Ends all children, the last started first, and gives the folder up. Can be repeated."""
        with uninterrupted():
            while self._children:
                self._children[-1].stop()
                self._children.pop()
            (self.folder / "owner").unlink(missing_ok=True)
            self._lock.close()

"""What the person at the terminal reads: steps with their time, remarks, and the one way to give up."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Stop(Exception):
    """The command can't go on, for a reason that the person can do something about."""


def _colour(code: str, text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain else f"\033[{code}m{text}\033[0m"


_unfinished = False  # whether the cursor stands behind a step that is being done


def line(text: str = "") -> None:
    """Prints one line at once, in order with what children print."""
    global _unfinished  # noqa: PLW0603  (there is one terminal)
    print(f"\r\033[K{text}" if _unfinished else text, flush=True)
    _unfinished = False


def title(text: str) -> None:
    """Opens a part of the output."""
    line(f"\n{_colour('1', '== ' + text)}")


def good(text: str) -> None:
    """Says that something is done."""
    line(f"{_colour('32', 'ok')}   {text}")


def bad(text: str) -> None:
    """Says that something failed."""
    line(f"{_colour('31', 'FAIL')} {text}")


def note(text: str) -> None:
    """Says something worth knowing."""
    line(f"     {text}")


def seconds(duration: float) -> str:
    """A duration as people say it: `0.6 s`, `12 s`, `3 min 5 s`."""
    if duration < 10:
        return f"{duration:.1f} s"
    whole = round(duration)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says what is being done, and when it is over how long it took."""
    global _unfinished  # noqa: PLW0603
    if sys.stdout.isatty():
        print(f"...  {text}", end="", flush=True)
        _unfinished = True
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        bad(text)
        raise
    good(f"{text} ({seconds(time.monotonic() - begun)})")


def tail(log: Path, count: int = 20) -> Iterable[str]:
    """The last lines of a log, read from its end."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 64 * 1024))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []


def show_tail(log: Path) -> None:
    """Prints the last lines of a log, set off by a bar."""
    for text in tail(log):
        line(f"     | {text}")

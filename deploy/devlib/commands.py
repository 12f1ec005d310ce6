"""The commands of `deploy/dev` and what they are called."""

import argparse
import signal
import sys

from . import bench, checks, sqlx, suite
from .children import INTERRUPTS
from .say import Stop, bad


def main(arguments: list[str]) -> int:
    """Runs one command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="deploy/dev", description="Runs, checks and fills the suite.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("up", help="build and start everything, and say where it is; Ctrl-C stops it")
    command.set_defaults(run=lambda _: suite.up())
    command = commands.add_parser("down", help="stop what `up` started")
    command.set_defaults(run=lambda _: suite.down())
    command = commands.add_parser("reset", help="forget all data, and start afresh")
    command.set_defaults(run=lambda _: suite.reset())
    command = commands.add_parser("outage", help="stop the broker of the running suite for a while, and lose nothing")
    command.set_defaults(run=lambda _: suite.outage())
    command = commands.add_parser("sqlx", help="write the offline caches of the SQL queries anew")
    command.add_argument("crates", nargs="*", metavar="crate", help="only these (default: all that have one)")
    command.set_defaults(run=lambda given: sqlx.prepare(given.crates))
    command = commands.add_parser("test", help="run every check, as CI does")
    command.add_argument("filter", nargs="*", help="only the steps of these names, or only tests called so")
    command.set_defaults(run=lambda given: checks.run(given.filter))
    command = commands.add_parser("bench", help="measure the suite, each figure beside its floor (release build)")
    command.set_defaults(run=lambda _: bench.run())
    given = parser.parse_args(arguments)
    for sign in INTERRUPTS:
        signal.signal(sign, _interrupt)
    try:
        return int(given.run(given))
    except KeyboardInterrupt:
        print(file=sys.stderr)
        bad("interrupted")
        return 130
    except Stop as problem:
        bad(str(problem))
        return 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt

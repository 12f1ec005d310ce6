"""A private PostgreSQL: own data folder, own port, loopback only, a password nobody else has."""

import os
import re
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .children import Child, Children
from .places import account
from .ports import any_free
from .say import Stop

# For throw-away data only: a crash of the machine may lose it. A client that stops half-way through
# its hand-shake holds up every DROP DATABASE of the server, by default for a minute.
FAST = (
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "authentication_timeout=5s"),
)


def programs() -> Path:
    """The folder with `postgres`, `initdb` and `psql`; the newest when there are several."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0),
    )
    on_path = shutil.which("postgres")
    if not found and on_path is None:
        raise Stop("PostgreSQL is not installed")
    return (found[-1] if found else Path(str(on_path)).resolve()).parent


# Who tests are: makes databases and nothing else, and needs no password (see `Postgres.for_tests`).
TESTER = "pass_test"


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    child: Child
    folder: Path
    port: int
    password: str

    def url(self, database: str, role: str = "postgres", password: str | None = None) -> str:
        """Where a database is, for whom, as every client library reads it."""
        return f"postgres://{role}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def for_tests(self) -> str:
        """Where tests make their databases, on a server that was started for one run.

        Without a password and without TLS a connection is made in one step. With more, a test that ends
        half-way through one holds up every DROP DATABASE of the server until it times out. The role
        is no superuser, so that whoever else is on this machine gets nothing by it but test data.
        """
        hba = self.folder / "data" / "pg_hba.conf"
        hba.write_text(f"host all {TESTER} 127.0.0.1/32 trust\n{hba.read_text()}")
        self.psql("postgres", sql=f"CREATE ROLE {TESTER} LOGIN CREATEDB IN ROLE pg_signal_backend")
        self.psql("postgres", sql="SELECT pg_reload_conf()")
        address = f"postgres://{TESTER}@127.0.0.1:{self.port}/postgres?sslmode=disable"
        self.child.require(lambda: self._answers(address), 10)
        return address

    @staticmethod
    def _answers(address: str) -> bool:
        command = [str(programs() / "psql"), address, "-X", "-w", "-c", "SELECT 1"]
        return subprocess.run(command, capture_output=True, cwd="/", check=False).returncode == 0

    def psql(self, database: str, *arguments: str, sql: str | None = None) -> str:
        """Runs psql as the superuser and gives what it printed; the first error ends it."""
        command = [
            str(programs() / "psql"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "postgres",
            "-d",
            database,
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            *arguments,
        ]
        environment = {**os.environ, "PGPASSWORD": self.password, "PGOPTIONS": "--client-min-messages=warning"}
        done = subprocess.run(command, input=sql, text=True, capture_output=True, env=environment, cwd="/", check=False)
        if done.returncode != 0:
            raise Stop(f"psql in database {database}:\n{done.stderr.strip()}")
        return done.stdout.strip()


def start(
    children: Children,
    folder: Path,
    *,
    port: int | None = None,
    fast: bool = False,
    connections: int = 300,
) -> Postgres:
    """Starts a server on the data in `folder`, which is made when it is not there."""
    runs_as = account("postgres")
    runs_as.own(folder)
    data = folder / "data"
    secret = folder / "password"
    if not (data / "PG_VERSION").exists():
        _initialise(data, secret, fast)
    port = port or any_free(1)[0]
    child = children.start(
        "postgresql",
        [
            programs() / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            f"max_connections={connections}",
            *(FAST if fast else ()),
        ],
        account=runs_as,
        polite=signal.SIGINT,
        patience=20,
    )
    child.require(lambda: _is_ready(data, child.process.pid), 60)
    return Postgres(child, folder, port, secret.read_text().strip())


def _initialise(data: Path, secret: Path, fast: bool) -> None:
    runs_as = account("postgres")
    shutil.rmtree(data, ignore_errors=True)
    secret.write_text(secrets.token_hex(24) + "\n")
    runs_as.give(secret)
    command = [
        programs() / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
        "--locale=C",
        "--encoding=UTF8",
        *(["--no-sync"] if fast else []),
    ]
    done = subprocess.run(
        [str(part) for part in command],
        text=True,
        capture_output=True,
        cwd="/",
        check=False,
        user=runs_as.uid,
        group=runs_as.gid,
        extra_groups=None if runs_as.uid is None else [],
    )
    if done.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise Stop(f"initdb failed:\n{done.stderr.strip()}")


def _is_ready(data: Path, pid: int) -> bool:
    """Reads the server's own status line, as `pg_ctl -w` does."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

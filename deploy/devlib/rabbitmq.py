"""A private RabbitMQ: own data folder, own ports, own epmd, loopback only, a password nobody else has.

The package's wrapper wants root and shared folders, so the server script below it is started
directly. epmd would outlive the broker when the broker started it, so it is a child of ours.
"""

import os
import re
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from .children import Child, Children
from .places import account
from .ports import any_free, is_free
from .say import Stop

USER = "pass"


def server_script() -> Path:
    """The server's own start script; the newest when there are several."""
    found = sorted(
        Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"),
        key=lambda path: [int(part) for part in re.findall(r"\d+", path.parts[-3])],
    )
    if not found:
        raise Stop("RabbitMQ is not installed")
    return found[-1]


@dataclass(frozen=True)
class RabbitMQ:
    """A running broker."""

    child: Child
    url: str


def url(folder: Path, port: int) -> str:
    """Where the broker on this data is, running or not."""
    return f"amqp://{USER}:{(folder / 'password').read_text().strip()}@127.0.0.1:{port}/%2f"


def start(children: Children, folder: Path, *, port: int | None = None) -> RabbitMQ:
    """Starts a broker on the data in `folder`, which is made when it is not there."""
    begin(children, folder, port=port)
    return ready(children, folder)


def begin(children: Children, folder: Path, *, port: int | None = None) -> None:
    """Starts the programs without waiting: the broker takes seconds, others can start meanwhile."""
    runs_as = account("rabbitmq")
    runs_as.own(folder)
    spare = any_free(3)
    port = port or spare[0]
    epmd_port, distribution_port = spare[1:]
    environment = _environment(folder, port, epmd_port, distribution_port)
    epmd = shutil.which("epmd")
    if epmd is None:
        raise Stop("Erlang's epmd is not installed")
    names = children.start(
        "epmd", [epmd, "-port", str(epmd_port), "-address", "127.0.0.1"], environment=environment, account=runs_as
    )
    names.require(lambda: not is_free(epmd_port), 10)
    children.start("rabbitmq", [server_script()], environment=environment, account=runs_as, patience=20)
    (folder / "port").write_text(str(port))


def ready(children: Children, folder: Path) -> RabbitMQ:
    """Waits until a broker that was begun answers."""
    child = children.get("rabbitmq")
    port = int((folder / "port").read_text())
    child.require(lambda: _speaks_amqp(port), 120)
    return RabbitMQ(child, url(folder, port))


def _environment(folder: Path, port: int, epmd_port: int, distribution_port: int) -> dict[str, str]:
    runs_as = account("rabbitmq")
    secret = folder / "password"
    if not secret.exists():
        secret.write_text(secrets.token_hex(24) + "\n")
    runs_as.give(secret)
    settings = folder / "rabbitmq.conf"
    settings.write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        f"default_user = {USER}\n"
        f"default_pass = {secret.read_text().strip()}\n"
        "disk_free_limit.absolute = 1MB\n"
        "log.console = true\n"
        "log.console.level = info\n"
        "log.file = false\n"
    )
    runs_as.give(settings)
    plugins = folder / "enabled_plugins"
    plugins.write_text("[].\n")
    runs_as.give(plugins)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the broker instead of watching over it
        "RABBITMQ_NODENAME": "pass@localhost",  # its data knows it by this name; the epmd makes it unique
        "RABBITMQ_CONFIG_FILE": str(settings),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
        "RABBITMQ_MNESIA_BASE": str(folder),
        "RABBITMQ_MNESIA_DIR": str(folder / "data"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_PID_FILE": str(folder / "broker.pid"),
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP": "/dev/null",
        "RABBITMQ_LOG": "-color",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
    }


def _speaks_amqp(port: int) -> bool:
    """Whether the broker greets: it answers the protocol header with a method frame."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"
    except OSError:
        return False

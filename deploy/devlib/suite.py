"""`deploy/dev up`, `down`, `reset`: the whole suite on this machine, with data that stays.

Everything runs on loopback, as children of this script. The first one that dies ends the others.
"""

import json
import os
import shutil
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from . import cargo, demo, machine, ports, postgres, rabbitmq, settings
from .children import Children, is_alive, wait_until
from .places import state
from .say import Stop, bad, good, line, note, seconds, show_tail, step, title

# The defaults of the services themselves.
WANTED = {
    "gateway": 8080,
    "console": 8081,
    "backlog": 8090,
    "mail": 8025,
    "smtp": 1025,
    "admin": 9090,
    "identity mesh": 4001,
    "organization mesh": 4002,
    "billing mesh": 4003,
    "domain-verification mesh": 4004,
    "idp": 8091,
    "dns": 5355,
    "dns page": 8053,
    "gateway mesh": 4000,
    "backlog mesh": 4090,
    "postgresql": 5442,
    "rabbitmq": 5682,
}


def up() -> int:
    """Builds and starts everything, says where it is, and stays until it is stopped."""
    begun = time.monotonic()
    machine.provide(machine.RUN)
    with Children(_run_folder()) as children:
        for unheard in children.folder.glob("broker-*"):
            unheard.unlink()
        title("build")
        if cargo.run(["build", "-p", "pass", "-p", "pass-demo"]) != 0:
            raise Stop("the build failed")
        title("start")
        suite = start(children, state(), cargo.programs())
        demo.fill(suite)
        title(f"up after {seconds(time.monotonic() - begun)}")
        demo.tell(suite)
        return _watch(children, suite)


def down() -> int:
    """Stops what `up` started, in this or another terminal, or what a killed one left behind."""
    folder = _run_folder()
    owner = folder / "owner"
    if is_alive(owner):
        pid = int(owner.read_text().split()[0])
        with step(f"stop the suite (process {pid})"):
            os.kill(pid, signal.SIGTERM)
            if not wait_until(lambda: not is_alive(owner), 60):
                raise Stop(f"process {pid} did not end within a minute")
    else:
        Children(folder).stop()
        good("nothing is running")
    return 0


def reset() -> int:
    """Forgets all data, and starts afresh."""
    down()
    with step("forget all data"):
        for name in ("data", "settings", "up"):
            shutil.rmtree(state() / name, ignore_errors=True)
    return up()


def outage() -> int:
    """Stops the broker under the running suite, signs somebody up, starts it again: the mail arrives."""
    folder = _run_folder()
    if not is_alive(folder / "owner"):
        raise Stop("nothing is running: start it with `deploy/dev up` in another terminal")
    suite = _suite(json.loads((state() / "data" / "ports.json").read_text()))
    with step("stop the broker"):
        _ask(folder, "broker-off")
    try:
        with step("sign somebody up: the page answers as always"):
            address = demo.request_sign_up(suite)
        if demo.mails_to(suite, address):
            raise Stop("the mail arrived without a broker?")
        good("no mail yet: the event waits in identity's database")
    finally:
        with step("start the broker again"):
            _ask(folder, "broker-on")
    with step("the mail arrives"):
        if not wait_until(lambda: bool(demo.mails_to(suite, address)), 60):
            raise Stop("the mail did not arrive within a minute")
    good("nothing was lost")
    return 0


def _ask(folder: Path, what: str) -> None:
    """Has the running `up` do something, and waits until it is done."""
    request = folder / what
    request.touch()
    if not wait_until(lambda: not request.exists(), 60):
        request.unlink(missing_ok=True)
        raise Stop("the suite did not do it within a minute")


def _heed(children: Children, suite: settings.Suite) -> None:
    """Does what another terminal asked for."""
    data = state() / "data" / "rabbitmq"
    for what in ("broker-off", "broker-on"):
        request = children.folder / what
        if request.exists():
            if what == "broker-off":
                children.end("rabbitmq")
                children.end("epmd")
                note("the broker was stopped on request")
            else:
                rabbitmq.begin(children, data, port=suite.ports["rabbitmq"])
                rabbitmq.ready(children, data)
                note("the broker was started again")
            request.unlink()


def _run_folder() -> Path:
    return state() / "up"


def _suite(chosen: dict[str, int]) -> settings.Suite:
    return settings.Suite(state() / "settings", chosen, cargo.programs())


def start(children: Children, home: Path, programs: Path) -> settings.Suite:
    """Starts the suite's programs on the data and settings in `home`, and waits until all is ready."""
    data = home / "data"
    data.mkdir(exist_ok=True)
    chosen = _ports(data / "ports.json")
    rabbitmq.begin(children, data / "rabbitmq", port=chosen["rabbitmq"])
    with step("PostgreSQL"):
        database = postgres.start(children, data / "postgresql", port=chosen["postgresql"])
    suite = settings.Suite(home / "settings", chosen, programs)
    with step("settings, secrets, databases"):
        settings.prepare(suite, database, rabbitmq.url(data / "rabbitmq", chosen["rabbitmq"]))
    with step("certificates"):
        suite.call("pass", "certificates", str(suite.certificates), "--trust-domain", settings.TRUST_DOMAIN)
    with step("migrations"):
        suite.call("pass", "migrate")
    with step("relying parties"):
        settings.register(suite, database)
    _programs(children, suite, data)
    return suite


def _programs(children: Children, suite: settings.Suite, data: Path) -> None:
    def start(what: str, name: str, ready: Sequence[str], *command: str) -> None:
        with step(what):
            child = children.start(
                name, suite.command(*command), environment=suite.environment, cwd=suite.folder, patience=20
            )
            child.require(lambda: all(_answers(f"http://{where}") for where in ready), 60)

    mail = ("--smtp", suite.address("smtp"), "--http", suite.address("mail"))
    start("mail sink", "mail", [suite.address("mail")], "pass-demo", "mail", *mail)
    zone = ("--listen", suite.address("dns"), "--http", suite.address("dns page"), "--zone", demo.ZONE)
    start(
        f"DNS server of {demo.ZONE}",
        "dns",
        [suite.address("dns page")],
        *("pass-demo", "dns", *zone, "--data", str(data / "dns")),
    )
    people = [part for person in demo.MANAGED for part in ("--user", f"{person.email}={person.name}")]
    start(
        "sample identity provider",
        "idp",
        [suite.address("idp") + "/metadata"],
        *("pass-demo", "idp", "--listen", suite.address("idp"), "--public-url", suite.url("idp"), *people),
        *("--data", str(data / "idp"), "--sp-prefix", f"{suite.url('gateway')}/saml/"),
    )
    start(
        "all services",
        "pass",
        [suite.address("gateway") + "/.well-known/openid-configuration", suite.address("console") + "/signed-out"],
        *("pass", "all"),
    )
    start(
        "sample product Backlog",
        "backlog",
        [suite.address("backlog")],
        *("pass-demo", "backlog", "--listen", suite.address("backlog"), "--public-url", suite.url("backlog")),
        *("--issuer", suite.url("gateway"), "--client-secret-file", str(suite.client_secret("backlog"))),
        *("--ca-file", str(suite.certificates / "ca.pem"), "--trust-domain", settings.TRUST_DOMAIN),
        *("--certificate-file", str(suite.certificates / "product-backlog.pem")),
        *("--key-file", str(suite.certificates / "product-backlog.key")),
        *("--identity", suite.peer("identity"), "--organization", suite.peer("organization")),
        *("--console", suite.url("console"), "--mesh-listen", suite.address("backlog mesh")),
        *("--spaces", str(demo.legacy_spaces(suite)), "--data", str(data / "backlog")),
    )
    with step("RabbitMQ"):  # last: without it the suite only delivers nothing yet
        rabbitmq.ready(children, data / "rabbitmq")
    with step("everything is ready"):
        children.get("pass").require(lambda: _all_ready(f"http://{suite.address('admin')}/ready"), 60)


def _ports(remembered: Path) -> dict[str, int]:
    """Last time's ports where they are free: browsers and products have learned them."""
    wanted = dict(WANTED)
    if remembered.exists():
        wanted.update(json.loads(remembered.read_text()))
    chosen = ports.choose(wanted)
    remembered.write_text(json.dumps(chosen, indent=2) + "\n")
    return chosen


def _all_ready(url: str) -> bool:
    """Whether every dependency is there, queues included: what is told before a queue is there waits for nobody."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return all(state == "ready" for state in json.load(answer).values())
    except (urllib.error.URLError, OSError):
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _watch(children: Children, suite: settings.Suite) -> int:
    """Waits for Ctrl-C, or for the first child that ends."""
    try:
        while (dead := children.dead()) is None:
            _heed(children, suite)
            time.sleep(0.3)
    except KeyboardInterrupt:
        line()
        with step("stop everything"):
            children.stop()
        return 0
    bad(f"{dead.name} ended with code {dead.process.poll()}; the end of {dead.log}:")
    show_tail(dead.log)
    with step("stop the rest"):
        children.stop()
    return 1

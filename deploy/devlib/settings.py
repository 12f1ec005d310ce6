"""The settings of the suite on this machine: `pass.toml`, secrets in files, a database a service."""

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from .postgres import Postgres
from .say import Stop

SERVICES = ("identity", "organization", "billing", "domain-verification", "notification", "gateway", "console")
MESH = ("identity", "organization", "billing", "domain-verification", "gateway")
TRUST_DOMAIN = "pass.internal"

Value = Union[str, int, bool, list[str], "Table"]
Table = Mapping[str, Value]


@dataclass(frozen=True)
class Suite:
    """Where everything of this machine's suite is."""

    folder: Path
    ports: Mapping[str, int]
    programs: Path

    @property
    def certificates(self) -> Path:
        """Certificates for development, and their authority."""
        return self.folder / "certificates"

    @property
    def environment(self) -> dict[str, str]:
        """For the suite's programs: ours, less settings that were meant for something else."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PASS_")}
        return {**kept, "PASS_CONFIG": str(self.folder / "pass.toml")}

    def secret(self, name: str, size: int = 32) -> Path:
        """The file of a secret, made once."""
        return write(self.folder / "secrets" / name, secrets.token_hex(size), keep=True)

    def client_secret(self, client: str) -> Path:
        """The file of a relying party's secret, which registering it at the gateway fills."""
        return self.folder / "secrets" / f"{client}-client"

    def address(self, name: str) -> str:
        """Where something listens."""
        return f"127.0.0.1:{self.ports[name]}"

    def url(self, name: str) -> str:
        """Where a browser finds it; names under `localhost` are this machine for every browser."""
        host = {"gateway": "pass.localhost", "mail": "localhost", "dns page": "localhost"}.get(name, f"{name}.localhost")
        return f"http://{host}:{self.ports[name]}"

    def peer(self, service: str) -> str:
        """Where the mesh finds a service."""
        return f"https://localhost:{self.ports[f'{service} mesh']}"

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of one of the suite's programs."""
        return [str(self.programs / program), *arguments]

    def call(self, program: str, *arguments: str) -> str:
        """Runs one of the suite's programs to its end, and gives what it printed."""
        done = subprocess.run(
            self.command(program, *arguments),
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Stop(f"{program} {arguments[0]}: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()


def write(file: Path, text: str, *, keep: bool = False) -> Path:
    """Writes a file that only we can read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    if not (keep and file.exists()):
        half = file.with_suffix(".half")
        half.touch(mode=0o600)
        half.write_text(text + "\n")
        half.replace(file)
    return file


def prepare(suite: Suite, server: Postgres, broker: str) -> None:
    """Makes databases and secrets that are missing, and writes the settings for today's ports."""
    urls = _databases(suite, server)
    for client in ("console", "backlog"):
        write(suite.client_secret(client), "", keep=True)  # settings that name a missing file are refused
    broker_url = write(suite.folder / "secrets" / "broker-url", broker)
    write(suite.folder / "pass.toml", _toml(_settings(suite, urls, broker_url)))


def register(suite: Suite, server: Postgres) -> None:
    """Registers the relying parties at the gateway; anew when their addresses are others than last time."""
    for client, audience, signed_out in (("console", "pass", "signed-out"), ("backlog", "backlog", "")):
        base, secret = suite.url(client), suite.client_secret(client)
        described = [
            *("--name", client.capitalize(), "--audience", audience),
            *("--redirect-uri", f"{base}/callback", "--post-logout-uri", f"{base}/{signed_out}"),
            *("--back-channel-logout-uri", f"{base}/back-channel-logout"),
        ]
        known = suite.folder / f"{client}-client.json"
        if known.exists() and json.loads(known.read_text()) == described:
            continue
        server.psql("gateway", sql=f"DELETE FROM clients WHERE client_id = '{client}'")
        new = secret.with_suffix(".new")
        new.unlink(missing_ok=True)
        suite.call("pass", "client", "add", client, *described, "--secret-file", str(new))
        new.replace(secret)
        write(known, json.dumps(described))


def _databases(suite: Suite, server: Postgres) -> dict[str, Path]:
    """Each service's own role and database; gives the files with their URLs."""
    statements, urls = [], {}
    for service in SERVICES:
        password = suite.secret(f"{service}-database-password").read_text().strip()
        name = service.replace("-", "_")
        statements.append(f"""
            SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS
                (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec
            ALTER ROLE {name} PASSWORD '{password}';
            SELECT 'CREATE DATABASE {name} OWNER {name}' WHERE NOT EXISTS
                (SELECT FROM pg_database WHERE datname = '{name}') \\gexec
            REVOKE ALL ON DATABASE {name} FROM PUBLIC;""")
        url = server.url(name, name, password)
        urls[service] = write(suite.folder / "secrets" / f"{service}-database-url", url)
    server.psql("postgres", sql="\n".join(statements))
    return urls


def _settings(suite: Suite, urls: Mapping[str, Path], broker_url: Path) -> Table:
    certificates = suite.certificates

    def common(service: str) -> Table:
        return {
            "database": {"url_file": str(urls[service])},
            "mesh": {
                "trust_domain": TRUST_DOMAIN,
                "ca_file": str(certificates / "ca.pem"),
                "certificate_file": str(certificates / f"{service}.pem"),
                "key_file": str(certificates / f"{service}.key"),
                "development": True,
                "peers": {name: suite.peer(name) for name in MESH},
                "products": {"backlog": suite.peer("backlog")},
            },
        }

    broker: Table = {"broker": {"url_file": str(broker_url)}}
    gateway, console = suite.url("gateway"), suite.url("console")
    return {
        "admin": {"listen": suite.address("admin")},
        "identity": {
            **common("identity"),
            **broker,
            "listen": suite.address("identity mesh"),
            "issuer": gateway,
            "console_url": console,
            "link_secret_file": str(suite.secret("identity-links")),
            "saml": {"secret_file": str(suite.secret("identity-saml"))},
            "legacy": {"products": ["backlog"]},
        },
        "organization": {
            **common("organization"),
            **broker,
            "listen": suite.address("organization mesh"),
            "issuer": gateway,
            "console_url": console,
            "link_secret_file": str(suite.secret("organization-links")),
        },
        "billing": {
            **common("billing"),
            **broker,
            "listen": suite.address("billing mesh"),
            "issuer": gateway,
            "console_url": console,
            "link_secret_file": str(suite.secret("billing-links")),
        },
        "domain_verification": {
            **common("domain-verification"),
            **broker,
            "listen": suite.address("domain-verification mesh"),
            "issuer": gateway,
            "resolvers": [suite.address("dns")],
        },
        "gateway": {
            **common("gateway"),
            **broker,
            "http_listen": suite.address("gateway"),
            "grpc_listen": suite.address("gateway mesh"),
            "console_url": console,
            "web": {"public_url": gateway, "form_secret_file": str(suite.secret("gateway-forms"))},
            "keys": {"secret_file": str(suite.secret("gateway-keys"))},
            "refresh": {"secret_file": str(suite.secret("gateway-refresh"))},
            "back_channel": {"allow": ["127.0.0.0/8"]},
        },
        "console": {
            **common("console"),
            "listen": suite.address("console"),
            "issuer": gateway,
            "web": {"public_url": console, "form_secret_file": str(suite.secret("console-forms"))},
            "encryption_secret_file": str(suite.secret("console-sessions")),
            "client_secret_file": str(suite.client_secret("console")),
        },
        "notification": {
            **common("notification"),
            **broker,
            "console_url": suite.url("console"),
            "smtp": {
                "host": "127.0.0.1",
                "port": suite.ports["smtp"],
                "tls": "none",
                "from": "no-reply@pass.localhost",
            },
        },
    }


def _toml(table: Table, path: tuple[str, ...] = ()) -> str:
    """TOML of nested tables; values first, since a table's header opens a new scope."""
    values = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, Mapping)]
    header = [f"[{'.'.join(path)}]"] if path and values else []
    tables = [_toml(value, (*path, key)) for key, value in table.items() if isinstance(value, Mapping)]
    return "\n".join(part for part in ["\n".join([*header, *values]), *tables] if part) + ("\n" if not path else "")

"""An identity provider that somebody else wrote (PyPI: pysaml2, with the program xmlsec1). It signs in at
once whom its switches name. Its address is the one line that it prints; it ends when its input does.

GET  /metadata     its metadata
GET  /sso          answers an AuthnRequest (HTTP-Redirect) with the form that goes to the service provider
GET  /unsolicited  the same for ?sp=<entity ID>&acs=<address>, which did not ask
POST /switches     changes the switches below, given as JSON

With "Accept: application/json" the form's fields come as JSON."""

import base64
import datetime
import html
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from saml2 import BINDING_HTTP_REDIRECT, time_util
from saml2.assertion import Policy
from saml2.config import IdPConfig
from saml2.mdstore import MetadataStore
from saml2.metadata import create_metadata_string
from saml2.saml import NameID
from saml2.server import Server

SWITCHES = {
    "email": "",
    "name": "",
    "name_id": None,  # instead of the address
    "name_id_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "sign_response": False,
    "sign_assertion": True,
    "audience": None,  # instead of who asked
    "valid_seconds": 300,
    "now": None,  # seconds since 1970, instead of the machine's clock
}
UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"
PASSWORD_PROTECTED = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
LOCK = threading.Lock()


def now():
    return time.time() if SWITCHES["now"] is None else SWITCHES["now"]


class Datetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(now(), tz)


# What pysaml2 asks for the time.
time_util.datetime = Datetime
time_util.time = SimpleNamespace(
    **{**vars(time), "gmtime": lambda seconds=None: time.gmtime(now() if seconds is None else seconds)}
)


class Nobody(MetadataStore):
    """It knows no service providers, and answers whoever asks."""

    def certs(self, *_, **__):
        return []


def make_key(folder):
    """A key and its certificate, as files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pysaml2")])
    begin = datetime.datetime(2020, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin)
    certificate = builder.not_valid_after(begin.replace(year=2045)).sign(key, hashes.SHA256())
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password)
    (folder / "key.pem").write_bytes(private)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(encoding))


def configure(url, folder):
    make_key(folder)
    settings = {
        "entityid": f"{url}/metadata",
        "xmlsec_binary": "/usr/bin/xmlsec1" if os.path.exists("/usr/bin/xmlsec1") else "xmlsec1",
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "certificate.pem"),
        "service": {
            "idp": {
                "endpoints": {"single_sign_on_service": [(f"{url}/sso", BINDING_HTTP_REDIRECT)]},
                "name_id_format": [SWITCHES["name_id_format"]],
                "want_authn_requests_signed": False,
            }
        },
    }
    return IdPConfig().load(settings)


def answer(server, in_response_to, entity_id, acs, relay_state):
    """The fields of the form, for whom the switches name."""
    valid = {"lifetime": {"seconds": SWITCHES["valid_seconds"]}, "name_form": UNSPECIFIED}
    response = server.create_authn_response(
        identity={"email": [SWITCHES["email"]], "name": [SWITCHES["name"]]},
        in_response_to=in_response_to,
        destination=acs,
        sp_entity_id=SWITCHES["audience"] or entity_id,
        name_id=NameID(format=SWITCHES["name_id_format"], text=SWITCHES["name_id"] or SWITCHES["email"]),
        authn={"class_ref": PASSWORD_PROTECTED},
        release_policy=Policy({"default": valid}),
        sign_response=SWITCHES["sign_response"],
        sign_assertion=SWITCHES["sign_assertion"],
        sign_alg="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
    )
    fields = {"SAMLResponse": base64.b64encode(str(response).encode()).decode()}
    if relay_state is not None:
        fields["RelayState"] = relay_state
    return {"acs": acs, "fields": fields}


def page(form):
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in form["fields"].items()
    )
    return (
        f'<!DOCTYPE html><title>pysaml2</title><form method="post" action="{html.escape(form["acs"])}">{fields}'
        "<button>Continue</button></form><script>document.forms[0].submit()</script>"
    )


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        with LOCK:
            if url.path == "/metadata":
                metadata = create_metadata_string(None, self.server.config)
                return self.send(200, "application/samlmetadata+xml", metadata.decode())
            if url.path == "/sso":
                asked = self.server.idp.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT).message
                entity_id, acs = asked.issuer.text, asked.assertion_consumer_service_url
                form = answer(self.server.idp, asked.id, entity_id, acs, query.get("RelayState"))
            elif url.path == "/unsolicited":
                form = answer(self.server.idp, None, query["sp"], query["acs"], query.get("RelayState"))
            else:
                return self.send(404, "text/plain", "not here")
        if "application/json" in self.headers.get("Accept", ""):
            return self.send(200, "application/json", json.dumps(form))
        return self.send(200, "text/html; charset=utf-8", page(form))

    def do_POST(self):
        changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/switches" or not changes.keys() <= SWITCHES.keys():
            return self.send(400, "text/plain", f"there are only {list(SWITCHES)}")
        with LOCK:
            SWITCHES.update(changes)
        return self.send(200, "application/json", json.dumps(SWITCHES))

    def send(self, status, kind, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    url = f"http://127.0.0.1:{http.server_port}"
    http.config = configure(url, Path(sys.argv[1]))
    http.idp = Server(config=http.config)
    http.idp.metadata = Nobody(None, http.config)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(url, flush=True)
    sys.stdin.read()


main()

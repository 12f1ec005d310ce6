"""A relying party that somebody else wrote (PyPI: Authlib): discovery, code with PKCE, ID token checked
with the JWKS, userinfo, refresh. It talks with the test by lines of JSON, like openid_client.mjs."""

import json
import os
import socket
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

# Names under .localhost are this machine (RFC 6761); the C library does not know.
_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, *rest, **named):
    return _getaddrinfo("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **named)


socket.getaddrinfo = getaddrinfo


def say(message):
    print(json.dumps(message), flush=True)


issuer, redirect_uri = os.environ["ISSUER"], os.environ["REDIRECT_URI"]
session = OAuth2Session(
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    scope="openid profile email offline_access",
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)
discovery = session.get(issuer.rstrip("/") + "/.well-known/openid-configuration", withhold_token=True).json()
verifier, nonce = "v" * 64, "n-0S6_WzA2Mj"
address, state = session.create_authorization_url(
    discovery["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
say({"open": address})
callback = json.loads(sys.stdin.readline())["callback"]
token = session.fetch_token(
    discovery["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier
)
keys = KeySet.import_key_set(session.get(discovery["jwks_uri"], withhold_token=True).json())
id_token = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
claims = CodeIDToken(
    id_token.claims,
    id_token.header,
    options={
        "iss": {"essential": True, "value": discovery["issuer"]},
        "aud": {"essential": True, "value": os.environ["CLIENT_ID"]},
    },
    params={"nonce": nonce, "client_id": os.environ["CLIENT_ID"]},
)
claims.validate(leeway=60)
userinfo = session.get(discovery["userinfo_endpoint"]).json()
first = token["access_token"]
refreshed = session.refresh_token(discovery["token_endpoint"], refresh_token=token["refresh_token"])
say({"claims": dict(claims), "userinfo": userinfo, "refreshed": refreshed["access_token"] != first})

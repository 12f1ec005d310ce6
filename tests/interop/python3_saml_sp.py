"""A service provider that somebody else wrote (PyPI: python3-saml, with lxml and xmlsec). It says that it is ready; then
each line of its input is a response with all that it is judged by, as JSON, and each line of its output what it says of
it: {"name_id": …} or {"refused": …}. Its time is that of the document: it has one clock, which is replaced."""

import copy
import json
import resource
import sys
from urllib.parse import urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

SKEW = 60  # seconds, as we have it
MOST_MEMORY = 2 << 30  # a hostile document must not take the machine with it

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def settings(told, key):
    """As close to our own rules as it can be set."""
    return {
        "strict": True,
        "sp": {
            "entityId": told["sp_entity_id"],
            "assertionConsumerService": {"url": told["acs_url"], "binding": POST},
            "privateKey": key,
        },
        "idp": {
            "entityId": told["idp_entity_id"],
            "singleSignOnService": {"url": "https://idp.example.test/sso", "binding": REDIRECT},
            "x509certMulti": {"signing": told["certificates"]},
        },
        "security": {
            "rejectDeprecatedAlgorithm": True,
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": True,
        },
    }


def judge(told, key):
    acs = urlsplit(told["acs_url"])
    request = {
        "https": "on",
        "http_host": acs.netloc,
        "script_name": acs.path,
        "post_data": {"SAMLResponse": told["response"]},
    }
    auth = OneLogin_Saml2_Auth(request, settings(told, key))
    # Without a request that waits, no answer to one is taken.
    auth.process_response((told["request"] or {"id": ""})["id"])
    if not auth.is_authenticated():
        return {"refused": auth.get_last_error_reason() or "no reason given"}
    return {"name_id": auth.get_nameid()}


def verdict(told):
    """What it says with one of the keys: it takes no more than one."""
    OneLogin_Saml2_Utils.now = staticmethod(lambda: told["now"])
    for key in told["keys"] or [""]:
        try:
            said = judge(told, key)
        except Exception as problem:  # whatever its libraries throw is how it refuses
            said = {"refused": f"{type(problem).__name__}: {problem}"}
        if "name_id" in said:
            break
    return said


def validate_xml(document, *rest):
    """By its schemas, which are of XML Encryption 1.0 and refuse the one element of 1.1 that its xmlsec decrypts by."""
    known = copy.deepcopy(OneLogin_Saml2_XML.to_etree(document))
    for element in known.findall(".//{http://www.w3.org/2009/xmlenc11#}MGF"):
        element.getparent().remove(element)
    told = VALIDATE_XML(known, *rest)
    return told if isinstance(told, str) else document


VALIDATE_XML = OneLogin_Saml2_XML.validate_xml
OneLogin_Saml2_XML.validate_xml = staticmethod(validate_xml)
OneLogin_Saml2_Constants.ALLOWED_CLOCK_DRIFT = SKEW
resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    print(json.dumps(verdict(json.loads(line))), flush=True)

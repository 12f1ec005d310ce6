"""The demo's people and what they did, made through the pages like anybody would."""

import json
import re
import secrets
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .browser import Browser, Page
from .children import wait_until
from .say import Stop, bad, line, step, title
from .settings import Suite, write


@dataclass(frozen=True)
class Person:
    """Somebody of the demo."""

    name: str
    email: str
    language: str


HANA = Person("Hana Sato", "hana@example.com", "en")
KEN = Person("森 健", "ken@example.com", "ja")
MIA = Person("Mia Berg", "mia@example.com", "en")
OLGA = Person("Olga Lind", "olga@example.com", "en")
# People of the company's own directory: they sign in through its identity provider.
ZONE = "demo.example"
YUKI = Person("Yuki Tanaka", f"yuki@{ZONE}", "en")
JUN = Person("高橋 潤", f"jun@{ZONE}", "ja")
MANAGED = (YUKI, JUN)
HANDLE = "sample"
# Legacy spaces of Backlog: their people have user IDs and passwords of the space's own.
LEGACY_ADMINISTRATOR = "hana"
LEGACY_SPACES = {
    "old-works": ("Old Works", {"ken": "K. Mori (Old Works)", "hana": "Hana S. (Old Works)"}),
    "harbour": ("Harbour", {"k.mori": "Mori (Harbour)", "hana": "Hana (Harbour)"}),
}
# What `fill` makes; another one when it makes more, so that nobody looks for what older data do not have.
EDITION = "people, Nulab Pass, legacy spaces"
ORGANIZATION, SPACE = "Nulab Sample Works", "sample"


def fill(suite: Suite) -> None:
    """Makes the demo data when they are not there; the suite is of use without them."""
    begun, done = suite.folder / "demo-begun", suite.folder / "demo-done"
    if done.exists():
        if done.read_text() != EDITION:
            bad("the demo data are those of an earlier version; `deploy/dev reset` starts afresh")
        return
    if begun.exists():
        bad("the demo data are incomplete, since making them was interrupted; `deploy/dev reset` starts afresh")
        return
    write(begun, "")
    try:
        hana = Browser(HANA.language)
        with step("demo data: people"):
            organization = _people(suite, hana, _password(suite))
        with step("demo data: Nulab Pass"):
            _nulab_pass(suite, hana, organization, _password(suite))
    except Stop as problem:
        bad(str(problem))
        return
    write(done, EDITION)


def _nulab_pass(suite: Suite, hana: Browser, organization: str, password: str) -> None:
    """What an administrator does until her people sign in through their own identity provider."""
    olga = Browser(OLGA.language)
    _sign_up(suite, olga, OLGA, password, olga.open(f"{suite.url('gateway')}/sign-up"))
    suite.call("pass", "operator", "add", OLGA.email)
    olga = Browser(OLGA.language)  # a new sign-in: the token of before does not say that she is an operator
    page = olga.open(f"{suite.url('console')}/operator/applications")
    _expect(olga.submit(page.form("email", "password"), email=OLGA.email, password=password), "signing Olga in")

    form = hana.open(f"{organization}/nulab-pass").form("contact_name", "plan_admin_email", "company")
    applied = {"contact_name": HANA.name, "plan_admin_email": HANA.email, "company": ORGANIZATION}
    _expect(hana.submit(form, **applied), "applying for Nulab Pass")
    page = olga.open(f"{suite.url('console')}/operator/applications")
    page = olga.open(page.link("/operator/applications/"))
    _expect(olga.submit(page.form(action="/approve")), "approving the application")

    form = hana.open(f"{organization}/organization-id").form("handle")
    _expect(hana.submit(form, handle=HANDLE), "choosing the Organization ID")
    form = hana.open(f"{organization}/domains").form("name")
    page = _expect(hana.submit(form, name=ZONE), "adding the domain")
    record = re.search("nulab-verification-code=[A-Za-z0-9]{64}", page.source)
    if record is None:
        raise Stop(f"{page.url} shows no record")
    _post(f"http://{suite.address('dns page')}/records", name="_nulab-challenge", text=record.group())
    _expect(hana.submit(page.form(action="/verify")), "verifying the domain")

    with urllib.request.urlopen(f"http://{suite.address('idp')}/metadata", timeout=10) as answer:
        metadata = answer.read().decode()
    form = hana.open(f"{organization}/saml").form("metadata_xml")
    page = _expect(hana.submit(form, metadata_xml=metadata), "connecting the identity provider")
    page = _expect(hana.submit(page.form(action="/saml/tests")), "the test sign-in")
    _expect(_at_the_provider(hana, page, YUKI), "the test sign-in")
    page = hana.open(f"{organization}/saml")
    _expect(hana.submit(page.form(action="/switch-on")), "switching SAML on")

    form = hana.open(f"{organization}/teams").form("name")
    _expect(hana.submit(form, name="Shop floor"), "making a team")
    for person in MANAGED:
        page = hana.open(f"{organization}/members/new-managed")
        team = re.search('name="team_ids" value="([^"]+)"', page.source)
        given = {"name": person.name, "email": person.email, "language": person.language}
        given |= {"team_ids": team.group(1)} if team else {}
        _expect(hana.submit(page.form("email"), **given), f"making the Managed Account of {person.name}")


def _at_the_provider(browser: Browser, leaving: Page, person: Person) -> Page:
    """From the page that leads to the identity provider, through its own pages, to where its answer leads."""
    page = browser.open(leaving.link("SAMLRequest="))
    page = _expect(browser.submit(page.form("email"), email=person.email), "signing in at the identity provider")
    return browser.submit(page.form("SAMLResponse"))


def _post(url: str, **fields: str) -> None:
    request = urllib.request.Request(url, urllib.parse.urlencode(fields).encode())
    with urllib.request.urlopen(request, timeout=10):
        pass


def _people(suite: Suite, hana: Browser, password: str) -> str:
    """Hana has an organization with a Space; Ken, whom she invited, is a member; Mia is invited."""
    console = suite.url("console")
    _sign_up(suite, hana, HANA, password, hana.open(f"{suite.url('gateway')}/sign-up"))
    form = hana.open(f"{console}/trial/backlog").form("organization_name", "space_id")
    page = _expect(hana.submit(form, organization_name=ORGANIZATION, space_id=SPACE), "starting a trial")
    organization = page.url.partition("?")[0]
    for person, role, message in ((KEN, "member", "一緒に働きましょう。"), (MIA, "guest", "Have a look at our Space.")):
        form = hana.open(f"{organization}/invitations/new").form("email", "role")
        _expect(
            hana.submit(form, email=person.email, role=role, message=message, language=person.language),
            f"inviting {person.email}",
        )
    ken = Browser(KEN.language)
    invitation = _link(suite, KEN.email, "/invitations/")
    page = ken.open(ken.open(invitation).link("/sign-in"))
    _sign_up(suite, ken, KEN, password, ken.open(page.link("/sign-up")))
    page = ken.open(invitation)
    _expect(ken.submit(page.form(action="/invitations/")), "accepting the invitation")
    return organization


def _sign_up(suite: Suite, browser: Browser, person: Person, password: str, page: Page) -> Page:
    """Signs somebody up from a sign-up page, by the link of the mail."""
    _expect(browser.submit(page.form("name", "email"), name=person.name, email=person.email), "asking for the mail")
    page = browser.open(_link(suite, person.email, "/sign-up/"))
    return _expect(browser.submit(page.form("password"), password=password), "choosing the password")


def _password(suite: Suite) -> str:
    return suite.secret("demo-password", 8).read_text().strip()


def legacy_spaces(suite: Suite) -> Path:
    """The file with the legacy spaces that Backlog is to have."""
    password = _space_password(suite)
    spaces = [
        {
            "space_id": space,
            "name": name,
            "nulab_account": True,
            "users": [
                {
                    "user_id": user_id,
                    "name": shown,
                    "email": f"{user_id}@{space}.example",
                    "password": password,
                    "administrator": user_id == LEGACY_ADMINISTRATOR,
                }
                for user_id, shown in users.items()
            ],
        }
        for space, (name, users) in LEGACY_SPACES.items()
    ]
    return write(suite.folder / "secrets" / "legacy-spaces.json", json.dumps(spaces))


def _space_password(suite: Suite) -> str:
    return suite.secret("legacy-space-password", 8).read_text().strip()


def request_sign_up(suite: Suite) -> str:
    """Asks for a mail to a new address; gives the address."""
    address = f"new-{secrets.token_hex(4)}@example.com"
    browser = Browser()
    form = browser.open(f"{suite.url('gateway')}/sign-up").form("name", "email")
    _expect(browser.submit(form, name="Somebody New", email=address), "asking for the mail")
    return address


def mails_to(suite: Suite, address: str) -> list[dict[str, list[str]]]:
    """The mails that the sink has for somebody, newest first."""
    with urllib.request.urlopen(f"http://{suite.address('mail')}/mails", timeout=5) as answer:
        return [mail for mail in json.load(answer) if address in mail["to"]]


def tell(suite: Suite) -> None:
    """Prints addresses, logins and what to try."""
    for name, what in (
        ("backlog", "Backlog, the sample product: start here"),
        ("console", "console: account and organization settings"),
        ("gateway", "Nulab Pass: sign-in and sign-up pages"),
        ("mail", "every mail that the suite sent"),
        ("idp", "the sample company's identity provider"),
        ("dns page", f"the DNS zone {ZONE}"),
    ):
        line(f"  {suite.url(name):32} {what}")
    line(f"  http://{suite.address('admin') + '/ready':25} how the services are; also /metrics, /live")
    title("logins")
    for person, what in ((HANA, "administrator"), (KEN, "member"), (OLGA, "operator: approves applications")):
        line(f"  {person.email:20} {_password(suite)}    {person.name}, {what}")
    for space, (_, users) in LEGACY_SPACES.items():
        for user_id in users:
            line(f"  {user_id:20} {_space_password(suite)}    user ID of the legacy space {space}, no Nulab Account")
    for person in MANAGED:
        line(f"  {person.email:20} no password here{'':4}    {person.name}, Managed Account")
    title("try")
    line("  sign in at Backlog as Hana, an administrator, or as Ken, a member whose pages are in Japanese")
    line(f"  sign in at Backlog with a Managed Account: Organization ID {HANDLE}, then {YUKI.name} at the identity provider")
    line("  suspend it in the console as Hana: Yuki is out of Backlog within a second")
    line("  invite somebody in the console, read the mail, accept in a private window")
    line("  end all other sessions in the console: a second browser is out of Backlog at once")
    line("  Account in the console: image, appearance, another address, and the way to a second factor")
    line("  forget a password on the sign-in page: the link to choose another one is in the mails")
    for space, (_, users) in LEGACY_SPACES.items():
        user_id = next(iter(users))
        line(f"  connect {suite.url('backlog')}/spaces/{space}/login to Ken's Nulab Account: its user ID is {user_id}")
    line("  `deploy/dev outage` in another terminal: the broker goes away, and nothing is lost")
    line("  Ctrl-C stops everything and keeps the data; `deploy/dev reset` starts afresh")
    line(f"  logs: {suite.folder.parent / 'up'}")


def _link(suite: Suite, address: str, part: str) -> str:
    """The link with that part in the newest mail to somebody, waiting for it."""

    def found() -> list[str]:
        return [link for mail in mails_to(suite, address) for link in mail["links"] if part in link]

    if not wait_until(lambda: bool(found()), 60):
        raise Stop(f"no mail with a link to {part} came to {address} within a minute")
    return found()[0]


def _expect(page: Page, what: str) -> Page:
    if page.status >= 400:
        raise Stop(f"{what}: {page.url} answered {page.status}: {page.text[:300]!r}")
    return page

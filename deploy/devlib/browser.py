"""A small browser for the demo's people: cookies, redirects, forms, links. Loopback only."""

import http.client
import urllib.parse
from dataclasses import dataclass, field
from html.parser import HTMLParser

from .say import Stop


@dataclass
class Form:
    """A form of a page, with what its fields hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """What came back in the end."""

    url: str
    status: int
    forms: list[Form]
    links: list[tuple[str, str]]
    text: str
    source: str = ""

    def form(self, *names: str, action: str = "") -> Form:
        """The first form that has all these fields and goes to such an address."""
        for form in self.forms:
            if action in form.action and all(name in form.fields for name in names):
                return form
        wanted = ", ".join([*names, action])
        raise Stop(f"{self.url} ({self.status}) has no form with {wanted}: {self.text[:300]!r}")

    def link(self, part: str) -> str:
        """The first link whose address contains this."""
        for address, _ in self.links:
            if part in address:
                return address
        raise Stop(f"{self.url} ({self.status}) has no link with {part!r}: {self.text[:300]!r}")


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.page = Page(url, 0, [], [], "")
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None
        self._hidden = 0
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "a" and "href" in given:
            self.page.links.append((urllib.parse.urljoin(self.page.url, given["href"]), given["href"]))
        elif tag == "form":
            action = urllib.parse.urljoin(self.page.url, given.get("action", ""))
            self._form = Form(action, given.get("method", "get").lower())
            self.page.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if self._form is None:
            return
        name, fields = given.get("name"), self._form.fields
        if tag == "option" and self._select is not None:
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")
        elif name is None:
            return
        elif tag == "input":
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in given:
                if kind == "radio":
                    fields.setdefault(name, given.get("value", "on"))
            elif kind not in ("submit", "button", "image"):
                fields[name] = given.get("value", "on" if kind == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            fields[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] += data
        elif not self._hidden and data.strip():
            self._words.append(data.strip())
            self.page.text = " ".join(self._words)


class Browser:
    """One person's browser."""

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._cookies: dict[str, dict[str, str]] = {}

    def open(self, url: str) -> Page:
        """Follows a link."""
        return self._go("GET", url, None)

    def submit(self, form: Form, **values: str) -> Page:
        """Fills a form in and sends it."""
        body = urllib.parse.urlencode({**form.fields, **values})
        if form.method == "get":
            return self._go("GET", f"{form.action.partition('?')[0]}?{body}", None)
        return self._go("POST", form.action, body)

    def _go(self, method: str, url: str, body: str | None) -> Page:
        referrer = url
        for _ in range(20):
            status, location, content, kind = self._ask(method, url, body, referrer)
            if status not in (301, 302, 303, 307, 308) or not location:
                break
            referrer, url = url, urllib.parse.urljoin(url, location)
            if status < 307:
                method, body = "GET", None
        else:
            raise Stop(f"{url} redirects for ever")
        reader = _Reader(url)
        if kind.startswith("text/html"):
            reader.feed(content)
        else:
            reader.page.text = content
        reader.page.status = status
        reader.page.source = content
        return reader.page

    def _ask(self, method: str, url: str, body: str | None, referrer: str) -> tuple[int, str, str, str]:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        if host not in ("127.0.0.1", "localhost") and not host.endswith(".localhost"):
            raise Stop(f"the demo stays on this machine, and {url} is elsewhere")
        cookies = self._cookies.setdefault(host, {})
        origin = urllib.parse.urlsplit(referrer)
        headers = {
            "Host": parts.netloc,
            "User-Agent": "pass-demo-data/1",
            "Accept": "text/html,*/*",
            "Accept-Language": self._language,
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"{origin.scheme}://{origin.netloc}"
            headers["Sec-Fetch-Site"] = "same-origin"
        connection = http.client.HTTPConnection("127.0.0.1", parts.port or 80, timeout=30)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, {name: value for name, value in headers.items() if value})
            answer = connection.getresponse()
            content = answer.read().decode(errors="replace")
            for header in answer.msg.get_all("Set-Cookie") or []:
                self._keep(cookies, header)
            return answer.status, answer.getheader("Location", ""), content, answer.getheader("Content-Type", "")
        except (OSError, http.client.HTTPException) as error:
            raise Stop(f"{url} does not answer: {error}") from None
        finally:
            connection.close()

    @staticmethod
    def _keep(cookies: dict[str, str], header: str) -> None:
        pair, *attributes = header.split(";")
        name, _, value = pair.strip().partition("=")
        ended = any(attribute.strip().lower() == "max-age=0" for attribute in attributes)
        if ended or not value:
            cookies.pop(name, None)
        else:
            cookies[name] = value

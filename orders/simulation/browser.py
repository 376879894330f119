"""A browser without a screen: cookies, forms with their tokens, redirects, one connection."""

import http.client
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from orders.simulation.pace import Pace
from orders.simulation.tally import Tally

TIMEOUT = 10.0  # seconds for one answer
MAX_REDIRECTS = 5
MAX_PAGE = 4 * 1024 * 1024  # bytes


class Answer(NamedTuple):
    status: int
    path: str
    text: str


class Unreachable(Exception):
    """There was no answer: the server is away, or too slow."""


class Browser:
    """The browser of one shopper, for one thread. `site` is the split URL of the server."""

    def __init__(self, site: SplitResult, pace: Pace, tally: Tally) -> None:
        self._site = site
        self._pace = pace
        self._tally = tally
        self._cookies: dict[str, str] = {}
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        """The page, after redirects. Raises Unreachable, or Over when the time is up."""
        return self._visit("GET", path)

    def post(self, page: Answer, path: str, fields: dict[str, str]) -> Answer:
        """Send the form of a page that was got before."""
        token = inputs(page.text).get("csrfmiddlewaretoken", "")
        body = urlencode({"csrfmiddlewaretoken": token, **fields})
        return self._visit("POST", path, body, page.path)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _visit(self, method: str, path: str, body: str | None = None, source: str = "/") -> Answer:
        for _ in range(MAX_REDIRECTS):
            self._pace.wait()
            status, location, text = self._ask(method, path, body, source)
            self._tally.answered(status)
            if status not in (301, 302, 303):
                return Answer(status, path, text)
            source, path = path, self._path_of(urljoin(path, location))
            method, body = "GET", None
        raise Unreachable(f"more than {MAX_REDIRECTS} redirects at {path}")

    def _path_of(self, location: str) -> str:
        target = urlsplit(location)
        return f"{target.path or '/'}{'?' + target.query if target.query else ''}"

    def _ask(self, method: str, path: str, body: str | None, source: str) -> tuple[int, str, str]:
        origin = f"{self._site.scheme}://{self._site.netloc}"
        headers = {"Accept": "text/html", "User-Agent": "simulate", "Referer": origin + source}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={text}" for name, text in self._cookies.items())
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        try:
            self._connection = self._connection or self._connect()
            self._connection.request(method, path, body, headers)
            with self._connection.getresponse() as response:
                page = response.read(MAX_PAGE)
                if not response.isclosed():
                    self.close()  # more than we read is still to come
                for line in response.headers.get_all("Set-Cookie", []):
                    self._keep(SimpleCookie(line))
                location = response.headers.get("Location", "")
                return response.status, location, page.decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self._tally.failed()
            raise Unreachable(str(error) or type(error).__name__) from error

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._site.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(self._site.hostname or "", self._site.port, timeout=TIMEOUT)

    def _keep(self, cookies: "SimpleCookie") -> None:
        for name, morsel in cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = morsel.value


def inputs(page: str) -> dict[str, str]:
    """The names and values of all input elements, as a form would send them."""
    reader = _Inputs()
    reader.feed(page)
    return reader.found


class _Inputs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parts = dict(attrs)
        name, kind = parts.get("name"), parts.get("type", "text")
        if tag != "input" or not name or kind in ("submit", "button", "image"):
            return
        if kind not in ("checkbox", "radio") or "checked" in parts:
            self.found[name] = parts.get("value") or ""

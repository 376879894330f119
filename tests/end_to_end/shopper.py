"""Somebody at the shop over real HTTP: cookies, forms and CSRF, without a browser."""

import http.client
import time
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

TIMEOUT = 60  # seconds for one answer


class Answer(NamedTuple):
    """`location` is where a redirect leads, else empty."""

    status: int
    location: str
    text: str
    request_id: str = ""


class Shopper:
    """`username` None is an anonymous visitor. For one thread; each request is a connection."""

    def __init__(self, url: str, username: str | None = None, password: str = "demo") -> None:
        self.cookies: dict[str, str] = {}
        self.slowest = 0.0  # seconds that an answer took
        self._origin = urlsplit(url)
        if username is not None:
            answer = self.log_in(username, password)
            assert answer.status == 302, f"{username} could not log in: {answer}"

    @property
    def cookie(self) -> str:
        """The Cookie header: with it, a socket is this person's."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def at(self, url: str) -> "Shopper":
        """The same person with the same session at another server."""
        other = Shopper(url)
        other.cookies = self.cookies
        return other

    def log_in(self, username: str, password: str = "demo") -> Answer:
        return self.post("/accounts/login/", username=username, password=password)

    def order(self, slug: str, quantity: object = 1) -> Answer:
        return self.post(f"/products/{slug}/order", quantity=quantity)

    def watch(self, slug: str, on: bool) -> Answer:
        return self.post(f"/products/{slug}/watch", on=int(on))

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, **fields: object) -> Answer:
        if "csrftoken" not in self.cookies:
            self.get("/accounts/login/")
        form = {"csrfmiddlewaretoken": self.cookies["csrftoken"], **fields}
        return self._ask("POST", path, urlencode(form))

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Cookie": self.cookie} if self.cookies else {}
        if body is not None:
            headers["Origin"] = self._origin.geturl()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        secure = self._origin.scheme == "https"
        connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = connect(self._origin.netloc, timeout=TIMEOUT)
        began = time.monotonic()
        try:
            connection.request(method, path, body, headers)
            with connection.getresponse() as response:
                text = response.read().decode(errors="replace")
                for line in response.headers.get_all("Set-Cookie", []):
                    self._keep(SimpleCookie(line))
                return Answer(
                    response.status,
                    response.headers.get("Location", ""),
                    text,
                    response.headers.get("X-Request-ID", ""),
                )
        finally:
            connection.close()
            self.slowest = max(self.slowest, time.monotonic() - began)

    def _keep(self, cookies: "SimpleCookie") -> None:
        for name, morsel in cookies.items():
            if morsel["max-age"] == "0" or not morsel.value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value

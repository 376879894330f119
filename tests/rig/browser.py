"""A real Chromium, and pages in it that are logged in and report what went wrong in them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rig.wait import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# Without them Chromium asks its maker's hosts at every start, which tests must not wait for.
_OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_INSTALL = 300  # seconds that playwright's own download may take
# As if the pointer rested on the toasts from the start of every page: they stay until they were
# looked at, however long that takes.
_HOLD_TOASTS = """
    addEventListener("DOMContentLoaded", () => {
        document.querySelector("#hub-toasts")?.dispatchEvent(new PointerEvent("pointerenter"));
    });
"""
# The same browser without what draws windows, at half the cost; it keeps no page to go back to.
_SHELL = "chromium-headless-shell"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find(*, whole: bool = False) -> Path | None:
    """The browser's program: $CHROMIUM, one on the path, else playwright's own, downloaded when
    that is possible; None when there is none. `whole`: one that keeps pages to go back to."""
    if named := os.environ.get("CHROMIUM"):
        return Path(named)
    for name in _NAMES if whole else (_SHELL, *_NAMES):
        if found := shutil.which(name):
            return Path(found)
    return _own() or _install()


def launch_options(program: Path) -> dict[str, Any]:
    """What playwright's `launch` is given."""
    # Chromium's sandbox refuses to run as root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": str(program), "args": [*_OPTIONS, *sandbox]}


class Browsers:
    """Opens pages as people: `browser_as(server, "ana")`. Each has a context of its own."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    def __call__(
        self,
        server: Any,
        username: str | None = None,
        password: str = "demo",
        *,
        toasts_stay: bool = True,
        **options: Any,
    ) -> "Page":
        """A page at the server's root; `server` is anything with a `url`.

        `username` None stays anonymous. With `toasts_stay`, toasts leave only when the page closes
        them. `options` are those of playwright's `new_context`.
        """
        context = self._browser.new_context(base_url=server.url, **options)
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)  # milliseconds
        if toasts_stay:
            context.add_init_script(_HOLD_TOASTS)
        page = context.new_page()
        self._listen(page, username or "anonymous")
        context.on("page", lambda opened: self._listen(opened, username or "anonymous"))
        if username is not None:
            log_in(context, username, password)
        page.goto("/")
        return page

    def allow(self, *patterns: str) -> None:
        """Console errors matching these regular expressions do not fail the test."""
        self._allowed.extend(re.compile(pattern) for pattern in patterns)

    def complaints(self) -> list[str]:
        """Console errors (blocked scripts and styles are among them) and uncaught exceptions."""
        for context in self._contexts:
            context.cookies()  # an answer from the browser brings what it reported before
        return [
            complaint
            for complaint in self._complaints
            if not any(pattern.search(complaint) for pattern in self._allowed)
        ]

    def close(self) -> None:
        while self._contexts:
            self._contexts.pop().close()

    def _listen(self, page: "Page", who: str) -> None:
        def on_console(line: "ConsoleMessage") -> None:
            if line.type == "error":
                source = line.location.get("url", "")
                self._complaints.append(f"{who}, {page.url}: {line.text} ({source})")

        page.on("console", on_console)
        page.on("pageerror", lambda error: self._complaints.append(f"{who}, {page.url}: {error}"))


def log_in(context: "BrowserContext", username: str, password: str) -> None:
    """Give a context the session cookie, through the log-in form but without drawing it."""
    form = context.request.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text())
    assert token, f"{form.url} has no form:\n{form.text()[:2000]}"
    answer = context.request.post(
        "/accounts/login/",
        form={"csrfmiddlewaretoken": token[1], "username": username, "password": password},
        headers={"Referer": form.url},
        max_redirects=0,
    )
    assert answer.status == 302, f"{username} could not log in: {answer.status}"


def _own() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = Path(playwright.chromium.executable_path)
    return program if program.exists() else None


def _install() -> Path | None:
    try:
        subprocess.run(
            [sys.executable, "-m", "playwright", "install", "chromium"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_INSTALL,
            check=True,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return _own()

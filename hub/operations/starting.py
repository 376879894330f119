"""What a project still lacks of the quick start, as changes of its files (`manage.py hub_init`)."""

import difflib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from django.conf import settings
from django.template import engines
from django.urls import NoReverseMatch, reverse

from hub.operations.checks import MIDDLEWARE, POSITION_MIDDLEWARE, index_of

BASE_TEMPLATES = ("base.html", "_base.html", "layout.html")
HEAD_TAG, BELL_TAG = "{% load hub %}{% hub_head %}", "{% hub_bell %}"


class Change(msgspec.Struct, frozen=True):
    """A file of the project, as it is and as it should be."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """The change as a unified diff."""
        name = os.path.relpath(self.path)
        before, after = (text.splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(difflib.unified_diff(before, after, name, name))

    def write(self) -> None:
        """Change the file. Raises OSError, and RuntimeError if it is not as it was any more."""
        if self.path.read_text() != self.before:
            raise RuntimeError(f"{self.path} was changed meanwhile; run the command again")
        self.path.write_text(self.after)


def missing() -> tuple[list[Change], list[str]]:
    """The changes, and what has to be done by hand, each with where."""
    changes: list[Change] = []
    by_hand: list[str] = []
    package = settings.ROOT_URLCONF.rpartition(".")[0]
    asgi = (_asgi_path() or f"{package}.asgi.application").rpartition(".")[0]
    for module, lines in (
        (settings.SETTINGS_MODULE, list(_settings(asgi))),
        (asgi, list(_application(asgi))),
        (settings.ROOT_URLCONF, list(_urls())),
    ):
        if not lines:
            continue
        file = _file_of(module)
        if file is None:
            by_hand.append(f"{module}, which is no file here:\n" + _indented(lines))
        else:
            text = file.read_text()
            changes.append(Change(file, text, "\n".join([text.rstrip("\n"), "", *lines, ""])))
    template = _template()
    if template is None:
        tags = [f"<head> … {HEAD_TAG}", f"<body> … {BELL_TAG}"]
        by_hand.append("the base template of your pages:\n" + _indented(tags))
    elif template.before != template.after:
        changes.append(template)
    return changes, by_hand


def _settings(asgi: str) -> Iterator[str]:
    has_daphne = importlib.util.find_spec("daphne") is not None
    if has_daphne and not _asgi_path() and "daphne" not in settings.INSTALLED_APPS:
        yield 'INSTALLED_APPS = ["daphne", *INSTALLED_APPS]'
    if index_of(POSITION_MIDDLEWARE) is None:
        yield f'MIDDLEWARE = ["{MIDDLEWARE}", *MIDDLEWARE]'
    if not _asgi_path():
        yield f'ASGI_APPLICATION = "{asgi}.application"'
    if "default" not in getattr(settings, "CHANNEL_LAYERS", {}):
        layer = '{"BACKEND": "channels.layers.InMemoryChannelLayer"}'
        yield f'CHANNEL_LAYERS = {{"default": {layer}}}'


def _asgi_path() -> str:
    """The setting, which is Channels' and not Django's; empty without it."""
    return getattr(settings, "ASGI_APPLICATION", None) or ""


def _application(asgi: str) -> Iterator[str]:
    file = _file_of(asgi)
    text = file.read_text() if file else ""
    if re.search(r"HubApplication|hub\.asgi_application", text):
        return
    if "ProtocolTypeRouter" in text:
        yield "# Instead of the ProtocolTypeRouter, whose WebSocket routes become `websocket`:"
        yield "# application = hub.asgi_application(get_asgi_application(), websocket=[…])"
    else:
        yield "import hub"
        yield "application = hub.asgi_application(application, deliver=True)"


def _urls() -> Iterator[str]:
    try:
        reverse("hub:inbox")
    except NoReverseMatch:
        yield "from django.urls import include"
        yield 'urlpatterns += [path("hub/", include("hub.urls"))]'


def _template() -> Change | None:
    """The project's base template with the hub's tags; None where none is found."""
    folders = [Path(one) for engine in engines.all() for one in engine.template_dirs]
    own = Path.cwd()
    for folder in folders:
        for name in BASE_TEMPLATES:
            file = folder / name
            if not file.is_file() or own not in file.resolve().parents:
                continue
            before = after = file.read_text()
            if "hub_head" not in after:
                after = re.sub(r"([ \t]*)</head>", rf"\1{HEAD_TAG}\n\1</head>", after, count=1)
            if "hub_bell" not in after:
                places = [*re.finditer(r"(<header\b[^>]*>|<body\b[^>]*>)\n?", after)]
                if places:
                    end = places[-1].end()
                    line_end = "" if after[:end].endswith("\n") else "\n"
                    after = f"{after[:end]}{line_end}{BELL_TAG}\n{after[end:]}"
            return Change(file, before, after)
    return None


def _file_of(module: str) -> Path | None:
    loaded = sys.modules.get(module)
    path = getattr(loaded, "__file__", None)
    if path is None:
        try:
            found = importlib.util.find_spec(module)
        except ImportError:
            return None
        path = found.origin if found else None
    return Path(path) if path and path.endswith(".py") else None


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)

"""What a project still lacks of the quick start, as changes of its files (`manage.py hub_init`)."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from django.conf import settings
from django.urls import NoReverseMatch, Resolver404, resolve, reverse

from hub.operations.base_template import base_template_changes
from hub.operations.checks import MIDDLEWARE, POSITION_MIDDLEWARE, index_of
from hub.operations.project_files import (
    Change,
    assigns,
    file_of,
    hand,
    home_of,
    imported,
    names_in,
    read,
    statements,
    tree_of,
    with_lines,
)

NEW_ASGI = '''"""The ASGI application of this site."""

import os

import hub
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
application = hub.asgi_application(get_asgi_application(), deliver=True)
'''
# In a process of its own: this one has loaded the files as they were.
PROOF = """
import sys
import django; django.setup()
from django.conf import settings
from django.utils.module_loading import import_string
from hub.operations.starting import missing
application = getattr(settings, "ASGI_APPLICATION", None)
if application: import_string(application)
changes, _ = missing()
if changes: sys.exit(f"{changes[0].path} does not take effect")
"""


def missing() -> tuple[list[Change], list[str]]:
    """The changes, and what has to be done by hand: each where, and then the lines."""
    changes: list[Change] = []
    by_hand: list[str] = []
    added: dict[str, list[str]] = {}  # by module
    asgi, name = _asgi_place()
    for setting, line in _settings(f"{asgi}.{name}"):
        home = home_of(setting, settings.SETTINGS_MODULE)
        if home is None:
            by_hand.append(hand(f"the settings, where {setting} is", [line]))
        else:
            added.setdefault(home, []).append(line)
    for part in (_application(asgi, name), _urls()):
        if isinstance(part, Change):
            changes.append(part)
        elif isinstance(part, str):
            by_hand.append(part)
        elif part is not None:
            added.setdefault(part[0], []).extend(part[1])
    for module, lines in added.items():
        file = file_of(module)
        text = read(file) if file else None
        change = with_lines(file, text, lines) if file and text is not None else None
        if change is None:
            by_hand.append(hand(module, lines))
        else:
            changes.append(change)
    for template in base_template_changes():
        if isinstance(template, Change):
            changes.append(template)
        else:
            by_hand.append(template)
    return changes, by_hand


def apply(changes: list[Change]) -> str:
    """Write the changes, or none; why none, or an empty text.

    The project is loaded with them in another process. Raises OSError, and RuntimeError if a file
    is not as it was any more.
    """
    written: list[Change] = []
    try:
        for change in changes:
            change.write()
            written.append(change)
        path = os.pathsep.join(one or os.getcwd() for one in sys.path)
        variables = {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE}
        command = [sys.executable, "-c", PROOF]
        done = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return ""
        trouble = done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
    except BaseException:
        _undo(written)
        raise
    _undo(written)
    return trouble


def _undo(written: list[Change]) -> None:
    for change in written:
        change.undo()


def _settings(application: str) -> Iterator[tuple[str, str]]:
    """Lines, each with the setting next to which it belongs."""
    has_daphne = importlib.util.find_spec("daphne") is not None
    if has_daphne and not _asgi_path() and "daphne" not in settings.INSTALLED_APPS:
        yield "INSTALLED_APPS", _in_front("INSTALLED_APPS", '"daphne"')
    if index_of(POSITION_MIDDLEWARE) is None:
        yield "MIDDLEWARE", _in_front("MIDDLEWARE", f'"{MIDDLEWARE}"')
    if not _asgi_path():
        yield "ROOT_URLCONF", f'ASGI_APPLICATION = "{application}"'
    if "default" not in getattr(settings, "CHANNEL_LAYERS", {}):
        layer = '{"BACKEND": "channels.layers.InMemoryChannelLayer"}'
        yield "ROOT_URLCONF", f'CHANNEL_LAYERS = {{"default": {layer}}}'


def _in_front(setting: str, item: str) -> str:
    """A list stays a list, and a tuple a tuple: another settings file may add to it."""
    home = sys.modules.get(home_of(setting, settings.SETTINGS_MODULE) or "")
    value = getattr(home, setting, getattr(settings, setting))
    opened, closed = "()" if isinstance(value, tuple) else "[]"
    return f"{setting} = {opened}{item}, *{setting}{closed}"


def _asgi_path() -> str:
    """The setting, which is Channels' and not Django's; empty without it."""
    return getattr(settings, "ASGI_APPLICATION", None) or ""


def _asgi_place() -> tuple[str, str]:
    """The module of the ASGI application, which may not exist, and its name there."""
    module, _, name = _asgi_path().rpartition(".")
    if module:
        return module, name
    near = [getattr(settings, "WSGI_APPLICATION", None) or "", f"{settings.ROOT_URLCONF}.x"]
    places = [path.split(".")[:-2] for path in near if path]
    modules = [".".join([*place, "asgi"]) for place in places]
    return next((one for one in modules if file_of(one)), modules[0]), "application"


def _application(module: str, name: str) -> Change | str | tuple[str, list[str]] | None:
    file, tree = file_of(module), tree_of(module)
    if file is None or tree is None:
        return _new_application(module, name)
    called = names_in(tree)
    if called & {"HubApplication", "asgi_application"}:
        return None
    if "ProtocolTypeRouter" in called:
        line = f"{name} = hub.asgi_application(get_asgi_application(), websocket=[…])"
        where = f"{os.path.relpath(file)}, for the ProtocolTypeRouter and with its WebSocket routes"
        return hand(where, ["import hub", line])
    if not any(assigns(one, name) for one in statements(tree)):
        line = f"{name} = hub.asgi_application({name}, deliver=True)"
        return hand(f"{os.path.relpath(file)}, below the ASGI application", ["import hub", line])
    return module, ["import hub", f"{name} = hub.asgi_application({name}, deliver=True)"]


def _new_application(module: str, name: str) -> Change | str:
    """The file that older projects lack, beside their wsgi.py."""
    package, _, last = module.rpartition(".")
    beside = file_of(f"{package}.wsgi" if package else "wsgi") or file_of(settings.ROOT_URLCONF)
    wanted = beside.with_name(f"{last}.py") if beside else None
    if wanted is None or wanted.exists() or name != "application":
        line = f"{name} = hub.asgi_application(get_asgi_application(), deliver=True)"
        return hand(f"{module}, which is no file here", [line])
    wsgi = read(beside) if beside else None
    named = re.search(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)", wsgi or "")
    return Change(
        wanted, None, NEW_ASGI.format(settings=named[1] if named else settings.SETTINGS_MODULE)
    )


def _urls() -> str | tuple[str, list[str]] | None:
    try:
        reverse("hub:inbox")
        return None
    except NoReverseMatch:
        pass
    module = settings.ROOT_URLCONF
    tree = tree_of(module)
    lacking = {"include", "path"} - (imported(tree, "django.urls") if tree else set())
    lines = [f"from django.urls import {', '.join(sorted(lacking))}"] if lacking else []
    pattern = 'path("hub/", include("hub.urls"))'
    patterns = getattr(sys.modules.get(module), "urlpatterns", None)
    if tree is None or not isinstance(patterns, list | tuple):
        return hand(f"urlpatterns of {module}", [*lines, f"{pattern},"])
    if isinstance(patterns, list) and not _is_taken("/hub/inbox/"):
        return module, [*lines, f"urlpatterns += [{pattern}]"]
    # In front of a pattern that takes every path; and whatever kind of sequence it is.
    return module, [*lines, f"urlpatterns = [{pattern}, *urlpatterns]"]


def _is_taken(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True

"""What cannot work gets one sentence: old versions, missing extras, another app label."""

import importlib
import sys

import django
import pytest
from django.core.exceptions import ImproperlyConfigured

import hub
from hub import apps


def test_an_older_django_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(django, "VERSION", (4, 2, 30, "final", 0))
    with pytest.raises(ImproperlyConfigured, match=r"needs Django 5\.2 or later; this is 4\.2\.30"):
        importlib.reload(apps)
    monkeypatch.undo()
    importlib.reload(apps)


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [("hub.client", "websockets", "client"), ("hub.api", "ninja", "api")],
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(
    monkeypatch, module, library, extra
):
    pytest.importorskip(library)
    for name in [one for one in sys.modules if one == module or one.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"{library}.*django-realtime-hub\[{extra}\]"):
        importlib.import_module(module)


def test_another_app_label_is_refused_before_migrations_fail():
    class Renamed(apps.HubConfig):
        label = "notices"

    with pytest.raises(ImproperlyConfigured, match=r"app label is 'hub' and cannot be 'notices'"):
        Renamed("hub", hub).ready()

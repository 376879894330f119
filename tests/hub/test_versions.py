"""Versions that are not supported get one sentence."""

import importlib

import django
import pytest
from django.core.exceptions import ImproperlyConfigured

from hub import apps


def test_an_older_django_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(django, "VERSION", (4, 2, 30, "final", 0))
    with pytest.raises(ImproperlyConfigured, match=r"needs Django 5\.2 or later; this is 4\.2\.30"):
        importlib.reload(apps)
    monkeypatch.undo()
    importlib.reload(apps)

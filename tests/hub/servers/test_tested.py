"""Versions that a class was not tested with are refused in plain words."""

import re
from importlib.metadata import version

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.servers import tested


def test_another_version_is_refused_by_name():
    installed = version("django")
    with pytest.raises(ImproperlyConfigured, match=f"django 0.1 only.*{re.escape(installed)}"):
        tested.require("this class", django="0.1")
    with pytest.raises(ImproperlyConfigured):
        tested.require("this class", django=installed[:1])  # 5 is fine, but not of 51.2
        tested.require("this class", django=f"{installed}9")


def test_the_series_that_is_installed_is_taken():
    tested.require("this class", django=version("django").rpartition(".")[0])

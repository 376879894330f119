"""The German catalogue: complete, and compiled."""

import re
import shutil
import subprocess
import sys

import polib
import pytest
from django.apps import apps
from django.utils.functional import Promise

from hub.ui.texts import BROWSER_COUNTS, BROWSER_TEXTS
from tests.rig.server import ROOT

FOLDER = ROOT / "hub/locale/de/LC_MESSAGES"
TRANSLATE = re.compile(r"""{% translate (?:"([^"]+)"|'([^']+)')""")


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def originals(entry: polib.POEntry) -> list[str]:
    return [entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid]


def filled_in(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)\w|{\w+}", text))


def test_the_compiled_catalogue_is_that_of_the_texts():
    compiled = {one.msgid: translations(one) for one in polib.mofile(FOLDER / "django.mo")}
    written = polib.pofile(FOLDER / "django.po")
    assert compiled == {one.msgid: translations(one) for one in written}
    wanting = [one for one in written if not all(translations(one)) or one.fuzzy or one.obsolete]
    assert not [one.msgid for one in wanting]


def test_every_text_of_the_pages_and_scripts_is_in_it():
    known = {one.msgid for one in polib.pofile(FOLDER / "django.po")}
    templates = (ROOT / "hub/templates").rglob("*.*")
    said = {
        double or single
        for file in templates
        for double, single in TRANSLATE.findall(file.read_text())
    }
    assert said and said | set(BROWSER_TEXTS) | {text(1) for text in BROWSER_COUNTS} <= known


def test_a_translation_keeps_what_is_filled_in():
    for one in polib.pofile(FOLDER / "django.po"):
        for text, translated in zip(originals(one), translations(one), strict=True):
            assert filled_in(text) == filled_in(translated), text


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs GNU gettext")
def test_a_text_that_the_code_marks_is_in_it(tmp_path):
    """As `makemessages` finds them, on a copy: the catalogue is current."""
    shutil.copytree(ROOT / "hub", tmp_path / "hub", ignore=shutil.ignore_patterns("*.pyc"))
    command = [sys.executable, ROOT / "manage.py", "makemessages", "-l", "de", "--no-location"]
    done = subprocess.run([*command, "-v", "0"], cwd=tmp_path / "hub", capture_output=True)
    assert done.returncode == 0, done.stderr
    current = polib.pofile(tmp_path / "hub/locale/de/LC_MESSAGES/django.po")
    present = {(one.msgctxt, one.msgid) for one in polib.pofile(FOLDER / "django.po")}
    assert {(one.msgctxt, one.msgid) for one in current if not one.obsolete} == present


@pytest.mark.parametrize("model", [*apps.get_app_config("hub").get_models()])
def test_every_model_and_column_has_a_german_name(model):
    names = [model._meta.verbose_name, model._meta.verbose_name_plural]
    names += [one.verbose_name for one in model._meta.concrete_fields if one.name != "id"]
    assert all(isinstance(one, Promise) for one in names), names
    known = {one.msgid for one in polib.pofile(FOLDER / "django.po")}
    assert {str(one) for one in names} <= known

"""The German catalogue: complete, and compiled."""

import re

import polib

from hub.ui.texts import BROWSER_TEXTS
from tests.rig.server import ROOT

FOLDER = ROOT / "hub/locale/de/LC_MESSAGES"
TRANSLATE = re.compile(r"""{% translate (?:"([^"]+)"|'([^']+)')""")


def test_the_compiled_catalogue_is_that_of_the_texts():
    compiled = {one.msgid: one.msgstr for one in polib.mofile(FOLDER / "django.mo")}
    written = polib.pofile(FOLDER / "django.po")
    assert compiled == {one.msgid: one.msgstr for one in written}
    assert not [one.msgid for one in written if not one.msgstr or one.fuzzy or one.obsolete]


def test_every_text_of_the_pages_and_scripts_is_in_it():
    known = {one.msgid for one in polib.pofile(FOLDER / "django.po")}
    templates = (ROOT / "hub/templates").rglob("*.*")
    said = {
        double or single
        for file in templates
        for double, single in TRANSLATE.findall(file.read_text())
    }
    assert said and said | set(BROWSER_TEXTS) <= known


def test_a_translation_keeps_what_is_filled_in():
    for one in polib.pofile(FOLDER / "django.po"):
        assert set(re.findall(r"%\(\w+\)\w|{\w+}", one.msgid)) == set(
            re.findall(r"%\(\w+\)\w|{\w+}", one.msgstr)
        ), one.msgid

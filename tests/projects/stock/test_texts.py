"""The scripts' texts in the language of the page, with as many forms as the language has."""

import polib
import pytest
from django.utils.translation import ngettext, override, trans_real

from hub.ui import texts

FEW = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
FORMS = ["{count} nowe", "{count} nowe zdarzenia", "{count} nowych zdarzeń"]


@pytest.fixture
def polish(settings, tmp_path):
    """A catalogue that a project brings, of the one text."""
    folder = tmp_path / "pl/LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": FEW}
    one, many = "{count} new notification", "{count} new notifications"
    forms = dict(enumerate(FORMS))
    catalogue.append(polib.POEntry(msgid=one, msgid_plural=many, msgstr_plural=forms))
    catalogue.save_as_mofile(str(folder / "django.mo"))
    settings.LOCALE_PATHS = [tmp_path]
    yield one, many
    trans_real._translations.pop("pl", None)
    texts._texts_in.cache_clear()


def test_each_number_has_the_form_that_the_catalogue_gives_it(polish):
    with override("pl"):
        found = texts.browser_texts()[polish[0]]
        assert set(found["forms"]) == set(FORMS)
        for number in range(2 * texts.PERIOD):
            digit = found["of"][min(number, len(found["of"]) - 1)]
            assert found["forms"][int(digit)] == ngettext(*polish, number), number


def test_a_language_with_two_forms_costs_three_digits():
    with override("de"):
        found = texts.browser_texts()
    assert found["{count} new notification"] == {
        "forms": ["{count} neue Benachrichtigungen", "{count} neue Benachrichtigung"],
        "of": "010",
    }
    assert found["{count} more"] == {"forms": ["{count} weitere"], "of": "0"}


def test_english_needs_no_texts():
    with override("en-gb"):
        assert texts.browser_texts() == {}

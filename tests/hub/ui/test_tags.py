"""What `{% hub_head %}` and `{% hub_bell %}` put onto a page of any project."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import path

from hub import preferences
from hub.ui.texts import BROWSER_COUNTS, BROWSER_TEXTS
from tests.hub.site import make_person, tell
from tests.numbering import drain
from tests.rig.server import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

urlpatterns = [path("", lambda request: None)]  # a project without the hub's pages


def rendered(tag: str, user=None, **context) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    return Template(f"{{% load hub %}}{{% {tag} %}}").render(
        Context({"request": request, **context})
    )


def data(page: str) -> dict[str, str]:
    return dict(re.findall(r'data-hub-([a-z-]+)="([^"]*)"', page))


@pytest.mark.parametrize("tag", ["hub_head", "hub_bell"])
def test_a_template_without_the_request_is_told_what_it_lacks(tag):
    with pytest.raises(ImproperlyConfigured, match=rf"{tag} .*context_processors\.request"):
        Template(f"{{% load hub %}}{{% {tag} %}}").render(Context())


def test_a_visitor_follows_the_topics_of_the_page_and_has_no_bell():
    told = data(rendered("hub_head", hub_topics=["product.7", "news"]))
    assert told["topics"] == "product.7 news"
    assert told["person"] == "" and told["socket"] == "/ws/" and re.match(r"\w+:\d+$", told["page"])
    assert "inbox" not in told and "token" not in told
    assert data(rendered("hub_head topics='a.b'", hub_topics=["product.7"]))["topics"] == "a.b"
    assert rendered("hub_bell").strip() == ""


def test_a_user_has_a_bell_and_their_choices_on_the_page():
    user = make_person()
    preferences.choose(user.pk, {"test.told": {"toast": False, "inbox": True}})
    preferences.mute(user.pk, topic="product.12")
    told = data(rendered("hub_head", user))
    assert told["filter"] == "*/test.told product.12/*" and told["inbox-filter"] == "product.12/*"
    assert told["person"] == str(user.pk) and told["inbox"] and told["seen"] and told["token"]
    assert 'aria-label="Inbox"' in rendered("hub_bell", user)
    tell(f"user.{user.pk}")
    drain()
    assert 'aria-label="Inbox, 1 new"' in rendered("hub_bell", user)


@pytest.mark.urls(__name__)
def test_a_project_without_the_hubs_pages_has_toasts_and_no_bell():
    user = make_person()
    told = data(rendered("hub_head", user))
    assert told["inbox"] == told["seen"] == ""
    assert rendered("hub_bell", user).strip() == ""


def test_a_policy_of_content_gets_its_nonce():
    page = rendered("hub_head nonce='abc'")
    assert page.count('nonce="abc"') == 3


def test_every_text_of_the_scripts_can_be_translated():
    said = set()
    for file in (ROOT / "hub/static/hub").rglob("*.js"):
        if "vendor" not in file.parts:
            said |= set(re.findall(r'\b(?:text|translated)\(\s*"([^"]+)"', file.read_text()))
    assert said and said <= set(BROWSER_TEXTS)


def test_every_text_of_the_scripts_that_has_a_number_can_be_translated():
    said = set()
    for file in (ROOT / "hub/static/hub").rglob("*.js"):
        said |= set(re.findall(r'\bcounted\(\s*"([^"]+)",\s*"([^"]+)"', file.read_text()))
    assert said == {(text(1), text(2)) for text in BROWSER_COUNTS}

"""Hello: who it is, by session or by ticket."""

from importlib import import_module

import pytest
from django.contrib.auth import get_user_model
from django.core import signing

from hub import log
from hub.identity import tickets
from hub.identity.authentication import issue_ticket
from hub.publishing.revocation import session_digest
from hub.testing import ticket_for
from tests.hub.site import (
    Site,
    change_password,
    change_person,
    delete_session,
    expire_session,
    make_person,
    sign_in,
    take_away,
)
from tests.hub.sockets.steps import UNREACHABLE

pytestmark = pytest.mark.django_db(transaction=True)


async def test_the_simplest_client_is_welcomed_anonymously(site: Site):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello"})
    welcome = await browser.next()
    assert welcome["connection"]
    del welcome["connection"]
    state = await site.run(log.state)
    assert welcome == {
        "op": "welcome",
        "user": None,
        "epoch": state.epoch,
        "position": 0,
        "head": 0,
        "recovered": True,
        "topics": [],
        "pages": [],
        "refused": [],
        "ping": 25.0,
    }


async def test_a_session_cookie_identifies_the_user(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(cookie=await site.run(sign_in, ana))
    assert browser.welcome["user"] == {"id": ana.pk, "name": "ana"}
    assert browser.welcome["topics"] == [f"user.{ana.pk}"]


@pytest.mark.parametrize("other", ['consent={"ads":false,"all":1}', "a[b]=c", "=", "{", "x y=z"])
async def test_another_cookie_does_not_hide_the_sessions(site: Site, other):
    """Django's pages read it as browsers send it; so the socket must."""
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    cookies = f"{other}; sessionid={key}; {other}".encode()
    browser = await site.connect(headers=[(b"cookie", cookies)])
    assert browser.welcome["user"] == {"id": ana.pk, "name": "ana"}


async def test_a_ticket_identifies_the_user_and_comes_before_the_cookie(site: Site):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    browser = await site.connect(ben, cookie=await site.run(sign_in, ana))
    assert browser.welcome["user"]["name"] == "ben"


@pytest.mark.parametrize("key", ["", "short", "x" * 32, "x" * 5_000, '"\\000\\000"', "a=b;;=,"])
async def test_an_unknown_session_is_anonymous(site: Site, key):
    browser = await site.connect(cookie=key)
    assert browser.welcome["user"] is None


async def test_a_session_from_before_a_changed_password_is_anonymous(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    await site.run(change_password, ana)
    browser = await site.connect(cookie=key)
    assert browser.welcome["user"] is None


async def test_the_session_of_a_deactivated_user_is_anonymous(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    await site.run(change_person, ana, is_active=False)
    browser = await site.connect(cookie=key)
    assert browser.welcome["user"] is None


async def refused(site, ticket):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "ticket": ticket})
    return await browser.ended()


async def test_an_expired_ticket_has_a_code_of_its_own(site: Site, settings):
    ana = await site.run(make_person)
    ticket = await site.run(ticket_for, ana)
    settings.HUB = {"TICKET_AGE": 1}
    with pytest.MonkeyPatch.context() as patch:
        now = signing.time.time
        patch.setattr(signing.time, "time", lambda: now() + 2)
        assert await refused(site, ticket) == (4401, "ticket")


@pytest.mark.parametrize("ticket", ["", "x", "a:b:c", "ä:ö:ü", "\x00", "x" * 10_000])
async def test_a_forged_ticket_is_refused_for_good(site: Site, ticket):
    assert await refused(site, ticket) == (4501, "ticket")


async def test_a_signed_text_that_is_no_ticket_is_refused(site: Site):
    for value in ("ana", {"person": 1}, ["1", 2, None], [1, 2, None, "auth"]):
        assert await refused(site, signing.dumps(value, salt=tickets.SALT)) == (4501, "ticket")
    ana = await site.run(make_person)
    ticket = await site.run(ticket_for, ana)
    other = signing.dumps(signing.loads(ticket, salt=tickets.SALT), salt="another purpose")
    assert await refused(site, other) == (4501, "ticket")


async def test_a_ticket_ends_with_the_password_it_was_made_under(site: Site):
    ana = await site.run(make_person)
    ticket = await site.run(ticket_for, ana)
    await site.run(change_password, ana)
    assert await refused(site, ticket) == (4501, "ticket")


async def test_a_ticket_ends_with_its_user(site: Site):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    of_ana, of_ben = await site.run(ticket_for, ana), await site.run(ticket_for, ben)
    await site.run(change_person, ana, is_active=False)
    await site.run(get_user_model()._base_manager.filter(pk=ben.pk).delete)
    assert await refused(site, of_ana) == (4501, "ticket")
    assert await refused(site, of_ben) == (4501, "ticket")


def session_ticket(person, key):
    return tickets.sign(issue_ticket(person, key, log.state().head))


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_ticket_ends_with_the_session_that_asked_for_it(site: Site, everywhere):
    ana = await site.run(make_person)
    here, there = await site.run(sign_in, ana), await site.run(sign_in, ana)
    of_here = await site.run(session_ticket, ana, here)
    of_there = await site.run(session_ticket, ana, there)
    digest = None if everywhere else session_digest(here)
    await site.run(take_away, ana, "logout", digest)
    await site.connect()
    await site.followed()
    assert await refused(site, of_here) == (4501, "ticket")
    if everywhere:
        assert await refused(site, of_there) == (4501, "ticket")
    else:
        browser = site.browser()
        await browser.open()
        await browser.say({"op": "hello", "ticket": of_there})
        assert (await browser.hear("welcome"))["user"]["name"] == "ana"


@pytest.mark.parametrize("end", [expire_session, delete_session])
async def test_a_ticket_ends_with_a_session_that_ends_without_an_event(site: Site, end):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    ticket = await site.run(session_ticket, ana, key)
    await site.run(end, key)
    assert await refused(site, ticket) == (4501, "ticket")


async def test_a_ticket_whose_logout_has_no_number_yet_ends_at_once_too(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    await site.connect()
    position = await site.followed()
    ticket = tickets.sign(issue_ticket(ana, key, position))
    site.runtime.relay.disconnect()  # nobody in this process numbers it on commit
    await site.run(take_away, ana, "logout", session_digest(key))
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "ticket": ticket})
    assert (await browser.ended())[0] in (4501, 4510)


@pytest.mark.parametrize("by", ["cookie", "ticket"])
async def test_a_session_in_an_unreachable_cache_cannot_be_checked_now(site: Site, settings, by):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    ana = await site.run(make_person)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    key = await site.run(sign_in, ana, store)
    ticket = await site.run(session_ticket, ana, key)
    settings.CACHES = UNREACHABLE
    browser = site.browser(cookie=key if by == "cookie" else None)
    await browser.open()
    await browser.say({"op": "hello", **({"ticket": ticket} if by == "ticket" else {})})
    assert await browser.ended() == (4013, "limits")

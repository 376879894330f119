"""Hello and welcome: who it is, what it hears, where its stream starts."""

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import transaction

from hub import log, publish_many, subscribe, tickets
from hub.admission import issue_ticket
from hub.models import Log
from hub.numbering import renew_epoch
from hub.rights import session_digest
from hub.testing import ticket_for
from tests.hub.site import (
    Site,
    Told,
    change_password,
    change_person,
    delete_session,
    expire_session,
    make_person,
    sign_in,
    take_away,
    tell,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def watch(person, *topics):
    with transaction.atomic():
        for topic in topics:
            subscribe(person.pk, topic)


def tell_many(topic, count):
    with transaction.atomic():
        publish_many((Told(text=str(n)), topic) for n in range(count))


# Who it is


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


async def test_a_session_cookie_says_who_it_is(site: Site):
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


async def test_a_ticket_says_who_it_is_and_comes_before_the_cookie(site: Site):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    browser = await site.connect(ben, cookie=await site.run(sign_in, ana))
    assert browser.welcome["user"]["name"] == "ben"


@pytest.mark.parametrize("key", ["", "short", "x" * 32, "x" * 5_000, '"\\000\\000"', "a=b;;=,"])
async def test_an_unknown_session_is_an_anonymous_visitor(site: Site, key):
    browser = await site.connect(cookie=key)
    assert browser.welcome["user"] is None


async def test_a_session_from_before_a_changed_password_is_anonymous(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    await site.run(change_password, ana)
    browser = await site.connect(cookie=key)
    assert browser.welcome["user"] is None


async def test_the_session_of_a_deactivated_person_is_anonymous(site: Site):
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


async def test_an_expired_ticket_is_told_apart_so_that_a_new_one_is_fetched(site: Site, settings):
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


async def test_a_ticket_ends_with_its_person(site: Site):
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
async def test_a_ticket_ends_with_a_session_that_ends_without_a_word(site: Site, end):
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


# What it hears


async def test_pages_are_granted_or_refused_one_by_one(site: Site):
    browser = await site.connect(topics=["open.1", "staff", "gone.1", "user.1", "open.1"])
    assert browser.welcome["pages"] == ["open.1"]
    refusals = {one["topic"]: one["code"] for one in browser.welcome["refused"]}
    assert refusals == {"staff": "forbidden", "gone.1": "unknown_topic", "user.1": "forbidden"}


async def test_more_pages_than_the_limit_are_refused_by_name(site: Site, settings):
    settings.HUB = {"TOPICS": 2}
    browser = await site.connect(topics=["open.1", "open.2", "open.3"])
    assert browser.welcome["pages"] == ["open.1", "open.2"]
    assert browser.welcome["refused"] == [{"topic": "open.3", "code": "too_many_topics"}]


async def test_a_welcome_is_small_however_many_pages_were_asked_for(site: Site, settings):
    settings.HUB = {"TOPICS": 2}
    browser = await site.connect(topics=[f"open.{n}" for n in range(5_000)])
    assert browser.welcome["pages"] == ["open.0", "open.1"]
    beyond = [{"topic": f"open.{n}", "code": "too_many_topics"} for n in (2, 3)]
    assert browser.welcome["refused"] == beyond


async def test_a_persons_own_topics_come_by_themselves(site: Site):
    ana = await site.run(make_person)
    await site.run(watch, ana, "open.1", "staff")
    await site.connect()
    await site.followed()
    browser = await site.connect(ana)
    assert sorted(browser.welcome["topics"]) == ["open.1", f"user.{ana.pk}"]


# Where it starts


async def test_without_a_cursor_the_stream_starts_at_the_head(site: Site):
    await site.tell("open.1", "old")
    await site.connect()
    head = await site.followed()
    browser = await site.connect(topics=["open.1"])
    assert browser.welcome["position"] == head == browser.welcome["head"]
    await site.tell("open.1", "new")
    assert await browser.texts(1) == ["new"]


async def test_a_returning_client_gets_what_it_missed_once_and_in_order(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana, topics=["open.1"])
    await site.tell("open.1", "seen")
    cursor = (await browser.hear("event"))["id"]
    await browser.disconnect()
    await site.tell("open.1", "a", "b")
    await site.tell("open.2", "not for it")
    await site.tell(ana and f"user.{ana.pk}", "c")
    head = await site.followed()
    back = await site.connect(ana, ["open.1"], (browser.welcome["epoch"], cursor))
    assert back.welcome["recovered"] is True
    assert (back.welcome["position"], back.welcome["head"]) == (cursor, head)
    assert await back.texts(3) == ["a", "b", "c"]
    await back.silent_until(f"user.{ana.pk}")


async def test_a_replay_honours_the_intervals_of_what_was_watched(site: Site):
    ana = await site.run(make_person)
    first = await site.connect(ana)
    await site.tell("open.1", "before")
    await site.run(watch, ana, "open.1")
    await site.tell("open.1", "during")
    await site.followed()

    def unwatch():
        from hub import unsubscribe

        with transaction.atomic():
            unsubscribe(ana.pk, "open.1")

    await site.run(unwatch)
    await site.tell("open.1", "after")
    await site.followed()
    back = await site.connect(ana, resume=(first.welcome["epoch"], 0))
    heard = []
    while (frame := await back.next())["op"] != "ping":
        heard.append(frame)
        if frame["op"] == "topics" and frame["removed"]:
            break
    texts = [one["data"]["text"] for one in heard if one.get("type") == "test.told"]
    assert texts == ["during"]
    await back.silent_until(f"user.{ana.pk}")


async def test_a_cursor_of_another_log_starts_at_the_head(site: Site):
    await site.tell("open.1", "old")
    await site.connect()
    head = await site.followed()
    browser = await site.connect(None, ["open.1"], ("foreign", 0))
    assert browser.welcome["recovered"] is False
    assert browser.welcome["reason"] == "epoch"
    assert browser.welcome["position"] == head


async def test_a_cursor_from_the_future_starts_at_the_head(site: Site):
    first = await site.connect()
    browser = await site.connect(None, ["open.1"], (first.welcome["epoch"], 2**63 - 1))
    assert browser.welcome["reason"] == "ahead"
    assert browser.welcome["position"] == 0
    await site.tell("open.1", "new")
    assert await browser.texts(1) == ["new"]
    assert (await site.run(log.state)).epoch == first.welcome["epoch"], "a client resets nobody"


async def test_a_cursor_below_the_horizon_starts_at_the_head(site: Site):
    first = await site.connect()
    await site.tell("open.1", "a", "b", "c")
    head = await site.followed()
    await site.run(Log.objects.update, horizon=2)
    pruned = await site.connect(None, ["open.1"], (first.welcome["epoch"], 1))
    assert (pruned.welcome["reason"], pruned.welcome["position"]) == ("pruned", head)
    kept = await site.connect(None, ["open.1"], (first.welcome["epoch"], 2))
    assert kept.welcome["recovered"] is True
    assert await kept.texts(1) == ["c"]


@pytest.mark.parametrize("ring", [10_000, 2])
async def test_more_than_one_replay_gives_is_not_replayed(site: Site, settings, ring):
    settings.HUB = {"REPLAY": 5, "RING_EVENTS": ring}
    first = await site.connect()
    await site.run(tell_many, "open.1", 6)
    head = await site.followed()
    epoch = first.welcome["epoch"]
    too_far = await site.connect(None, ["open.1"], (epoch, 0))
    assert (too_far.welcome["reason"], too_far.welcome["position"]) == ("too_many", head)
    near = await site.connect(None, ["open.1"], (epoch, 1))
    assert near.welcome["recovered"] is True
    assert await near.texts(5) == ["1", "2", "3", "4", "5"]


async def test_a_long_replay_comes_from_the_database_in_pages(site: Site, settings):
    settings.HUB = {"RING_EVENTS": 10}
    first = await site.connect()
    await site.run(tell_many, "open.1", 700)
    await site.followed()
    back = await site.connect(None, ["open.1"], (first.welcome["epoch"], 0))
    assert await back.texts(700) == [str(n) for n in range(700)]
    await site.tell("open.1", "live")
    assert await back.texts(1) == ["live"]


async def test_a_client_of_a_process_that_is_ahead_waits_for_this_one(site: Site):
    first = await site.connect(topics=["open.1"])
    epoch = first.welcome["epoch"]
    # This process hears nothing for a while: another one numbers what is told.
    site.runtime.relay.disconnect()
    ahead = await site.connect(None, ["open.1"], application=site.another())
    await site.tell("open.1", "a", "b")
    assert await ahead.texts(2) == ["a", "b"]
    back = await site.connect(None, ["open.1"], (epoch, 1))
    assert back.welcome["recovered"] is True
    assert await back.texts(1) == ["b"]


async def test_a_new_epoch_sends_everybody_to_it(site: Site):
    browser = await site.connect(topics=["open.1"])
    before = browser.welcome["epoch"]
    await site.run(renew_epoch)
    assert await browser.ended() == (4012, "epoch")
    back = await site.connect(None, ["open.1"], (before, 0))
    assert back.welcome["reason"] == "epoch"
    assert back.welcome["epoch"] != before


async def test_a_page_that_is_told_of_while_it_connects_is_neither_lost_nor_doubled(site: Site):
    first = await site.connect()
    epoch = first.welcome["epoch"]
    for n in range(10):
        browser = site.browser()
        await browser.open()
        await browser.say(
            {"op": "hello", "topics": ["open.1"], "resume": {"epoch": epoch, "position": 0}}
        )
        await site.run(tell, "open.1", str(n))
        assert await browser.texts(n + 1) == [str(m) for m in range(n + 1)]

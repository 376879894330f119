"""The check of everybody once a minute, for what no event tells."""

import threading
from importlib import import_module

import pytest
from django.db import DataError, OperationalError, transaction

from hub import log, subscribe
from hub.errors import SessionsUnavailable
from hub.identity import tickets
from hub.identity.authentication import issue_ticket
from hub.runtime.runtime import READER_THREADS
from hub.sockets import policy_threads
from hub.sockets import recheck as rechecking
from hub.testing import ticket_for
from tests.hub.site import (
    Site,
    SitePolicy,
    change_password,
    change_person,
    delete_session,
    expire_session,
    make_person,
    sign_in,
)
from tests.hub.sockets.steps import UNREACHABLE, vanish
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


async def recheck(site):
    runtime = site.runtime
    await rechecking.recheck(runtime.connections, runtime.reader_threads, runtime.policy)


async def by_cookie(site, person, key):
    return await site.connect(cookie=key)


async def by_ticket(site, person, key):
    """With a ticket that this session asked for, and no cookie."""
    ticket = await site.run(lambda: tickets.sign(issue_ticket(person, key, log.state().head)))
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "ticket": ticket})
    browser.welcome = await browser.hear("welcome")
    return browser


doors = pytest.mark.parametrize("enter", [by_cookie, by_ticket])


async def test_a_recheck_without_changes_disturbs_nobody(site: Site):
    ana = await site.run(make_person)
    browsers = [
        await site.connect(ana),
        await site.connect(cookie=await site.run(sign_in, ana)),
        await by_ticket(site, ana, await site.run(sign_in, ana)),
        await site.connect(topics=["open.1"]),
    ]
    await recheck(site)
    await site.tell(f"user.{ana.pk}", "still here")
    for browser in browsers[:3]:
        assert (await browser.next())["data"]["text"] == "still here"
    await browsers[3].silent_until("open.1")


@pytest.mark.parametrize(
    ("lose", "expected"),
    [
        (vanish, (4510, "deleted")),
        (lambda person: change_person(person, is_active=False), (4510, "deactivated")),
        (change_password, (4501, "password")),
    ],
)
async def test_an_account_that_changed_silently_closes_its_sockets(site: Site, lose, expected):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    browser, other = await site.connect(ana), await site.connect(ben)
    await site.run(lose, ana)
    await recheck(site)
    assert await browser.ended() == expected
    await other.silent_until(f"user.{ben.pk}")


@doors
@pytest.mark.parametrize("end", [expire_session, delete_session])
async def test_a_session_that_ends_without_an_event_ends_its_sockets_only(site: Site, end, enter):
    ana = await site.run(make_person)
    key, another = await site.run(sign_in, ana), await site.run(sign_in, ana)
    ended = await enter(site, ana, key)
    others = [await enter(site, ana, another), await site.connect(ana)]
    await site.run(end, key)
    await recheck(site)
    assert await ended.ended() == (4510, "logout")
    await site.tell(f"user.{ana.pk}", "still here")
    for other in others:
        assert (await other.next())["data"]["text"] == "still here"


@doors
@pytest.mark.parametrize("backend", ["signed_cookies", "cache", "cached_db"])
async def test_a_valid_session_stays_whatever_stores_it(site: Site, settings, backend, enter):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{backend}"
    ana = await site.run(make_person)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    browser = await enter(site, ana, await site.run(sign_in, ana, store))
    assert browser.welcome["user"]["name"] == "ana"
    await recheck(site)
    await browser.silent_until(f"user.{ana.pk}")


@doors
@pytest.mark.parametrize("backend", ["cache", "cached_db"])
async def test_an_ended_session_goes_whatever_stores_it(site: Site, settings, backend, enter):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{backend}"
    ana = await site.run(make_person)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    key = await site.run(sign_in, ana, store)
    browser = await enter(site, ana, key)
    await site.run(store(key).delete)
    await recheck(site)
    assert await browser.ended() == (4510, "logout")


@doors
async def test_no_socket_is_closed_because_the_cache_of_sessions_is_away(
    site: Site, settings, enter
):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    ana = await site.run(make_person)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    browser = await enter(site, ana, await site.run(sign_in, ana, store))
    settings.CACHES = UNREACHABLE
    with pytest.raises(SessionsUnavailable):
        await recheck(site)
    await browser.silent_until(f"user.{ana.pk}")


@doors
async def test_a_session_stored_in_its_cookie_ends_by_its_age(site: Site, settings, enter):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    ana = await site.run(make_person)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    browser = await enter(site, ana, await site.run(sign_in, ana, store))
    settings.SESSION_COOKIE_AGE = -1
    await recheck(site)
    assert await browser.ended() == (4510, "logout")


async def test_a_right_that_was_lost_silently_takes_its_topics(site: Site):
    ana = await site.run(make_person, is_staff=True)

    def watch():
        with transaction.atomic():
            subscribe(ana.pk, "staff")

    await site.run(watch)
    await site.connect()
    await site.followed()
    browser = await site.connect(ana, topics=["staff.page", "open.1"])
    await site.run(change_person, ana, is_staff=False)
    await recheck(site)
    assert (await browser.hear("topics"))["removed"] == ["staff", "staff.page"]
    await site.tell("staff", "secret")
    await site.tell("staff.page", "secret")
    await browser.silent_until("open.1")


async def test_nobody_is_signed_out_because_the_database_is_away(site: Site, monkeypatch):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def fail(*args):
        raise OperationalError("away")

    with monkeypatch.context() as away:
        away.setattr(rechecking, "ended_sign_ins", fail)
        with pytest.raises(OperationalError):
            await recheck(site)
    await browser.silent_until(f"user.{ana.pk}")


async def test_a_check_that_failed_is_made_again_soon(site: Site, monkeypatch, caplog):
    monkeypatch.setattr(rechecking, "RECHECK_INTERVAL", 0.1)
    monkeypatch.setattr(rechecking, "RECHECK_RETRY_DELAY", 0.01)
    ana = await site.run(make_person)
    failures = [OperationalError("away"), OperationalError("away"), LookupError("no sessions")]
    ended_sign_ins = rechecking.ended_sign_ins

    def fail_first(*args):
        if failures:
            change_person(ana, is_active=False)  # before the check that succeeds
            # Whoever waits as long as after a success, never comes back.
            monkeypatch.setattr(rechecking, "RECHECK_INTERVAL", 3_600.0)
            raise failures.pop(0)
        return ended_sign_ins(*args)

    browser = await site.connect(ana)
    monkeypatch.setattr(rechecking, "ended_sign_ins", fail_first)
    assert await browser.ended() == (4510, "deactivated")
    assert not failures
    told = [one for one in caplog.records if one.name == rechecking.logger.name]
    assert len(told) == 1, "one line an outage"


class UnfairPolicy(SitePolicy):
    """Once it is `broken`, it raises for one person."""

    broken = False

    def refusals(self, user, topics):
        if self.broken and user is not None and user.username == "bad":
            raise DataError("a policy of the project's own")
        return super().refusals(user, topics)


@pytest.fixture
async def unfair_site():
    made = Site(UnfairPolicy())
    yield made
    await made.close()


async def test_a_policy_that_raises_for_one_user_ends_that_users_sockets_only(
    unfair_site, monkeypatch, caplog
):
    monkeypatch.setattr(rechecking, "USERS_PER_CHECK", 2)
    site = unfair_site
    names = ["ana", "bad", "ben", "cem"]
    people = [await site.run(make_person, name, is_staff=True) for name in names]
    browsers = [await site.connect(one, ["staff", "open.1"]) for one in people]
    for one in people:
        await site.run(change_person, one, is_staff=False)
    site.runtime.policy.broken = True
    await recheck(site)
    bad = browsers.pop(1)
    goodbye = await bad.hear("goodbye")
    assert (goodbye["code"], goodbye["reason"]) == (4013, "limits")
    assert 1_000 <= goodbye["retry_ms"] <= 5_000
    for browser in browsers:
        assert (await browser.hear("topics"))["removed"] == ["staff"]
    await site.tell("open.1", "still here")
    for browser in browsers:
        assert await browser.texts(1) == ["still here"]
    assert "a policy of the project's own" in caplog.text


# Many users at once


class CountingPolicy(SitePolicy):
    """Counts how often it is asked, and about whom."""

    def __init__(self):
        self.asked = []

    def refusals(self, user, topics):
        self.asked.append(1)
        return super().refusals(user, topics)

    def refusals_many(self, wanted):
        self.asked.append(len(wanted))
        return [SitePolicy.refusals(self, user, topics) for user, topics in wanted]


@pytest.fixture
async def counting_site():
    made = Site(CountingPolicy())
    yield made
    await made.close()


async def test_everybody_is_checked_in_few_statements_and_one_call(
    counting_site, django_assert_num_queries
):
    site = counting_site
    for n in range(5):
        ana = await site.run(make_person, f"ana{n}")
        for _ in range(2):
            await site.connect(cookie=await site.run(sign_in, ana), topics=["open.1"])
    runtime = site.runtime
    runtime.policy.asked.clear()
    await recheck(site)
    assert runtime.policy.asked == [5]
    topics = rechecking.topics_by_identity(
        one for of_one_user in runtime.connections.by_user() for one in of_one_user
    )

    def check():
        with django_assert_num_queries(2):  # users, sessions
            return rechecking.check_sign_ins(topics)

    assert (await site.run(check)).ended == {}


async def test_an_anonymous_connection_loses_a_topic_that_is_no_longer_public(
    counting_site, monkeypatch
):
    site = counting_site
    visitors = [await site.connect(topics=["open.1", "open.2"]) for _ in range(2)]
    others = await site.connect(topics=["open.2"])
    policy = site.runtime.policy
    refusal = policy._refusal
    monkeypatch.setattr(
        policy, "_refusal", lambda user, t: "forbidden" if t == "open.1" else refusal(user, t)
    )
    policy.asked.clear()
    await recheck(site)
    assert policy.asked == [1], "all of them are one"
    for browser in visitors:
        assert (await browser.hear("topics"))["removed"] == ["open.1"]
    await site.tell("open.1", "secret")
    await site.tell("open.2", "public")
    for browser in (*visitors, others):
        assert await browser.texts(1) == ["public"]


async def test_a_policy_that_raises_for_many_is_asked_about_each(counting_site, caplog):
    site = counting_site
    site.runtime.policy.refusals_many = None  # calling it raises
    ana = await site.run(make_person, "ana", is_staff=True)
    browser = await site.connect(ana, ["staff"])
    await site.run(change_person, ana, is_staff=False)
    await recheck(site)
    assert (await browser.hear("topics"))["removed"] == ["staff"]
    assert "asking for each" in caplog.text


class HangingPolicy(SitePolicy):
    """Once it `hangs`, it does not answer for one user until the gate is open."""

    def __init__(self):
        self.hangs, self.gate = False, threading.Event()

    def refusals(self, user, topics):
        if self.hangs and user is not None and user.username == "slow":
            self.gate.wait()
        return super().refusals(user, topics)


@pytest.fixture
async def hanging_site(monkeypatch):
    monkeypatch.setattr(policy_threads, "POLICY_TIMEOUT", 2.0)  # a busy machine is slow
    monkeypatch.setattr(policy_threads, "HANG_CHECK_INTERVAL", 0.1)
    made = Site(HangingPolicy())
    yield made
    made.runtime.policy.gate.set()
    await made.close()


async def test_a_policy_that_hangs_for_one_user_holds_up_no_other(hanging_site):
    site = hanging_site
    people = [await site.run(make_person, name, is_staff=True) for name in ("ana", "slow", "ben")]
    ana, slow, ben = [await site.connect(one, ["staff"]) for one in people]
    site.runtime.policy.hangs = True
    for one in people:
        await site.run(change_person, one, is_staff=False)
    await recheck(site)
    assert await slow.ended() == (4013, "limits")
    for browser in (ana, ben):
        assert (await browser.hear("topics"))["removed"] == ["staff"]


async def test_handshakes_go_on_however_many_of_one_user_hang(hanging_site):
    site = hanging_site
    slow, ana = await site.run(make_person, "slow"), await site.run(make_person)
    ticket = await site.run(ticket_for, slow)
    site.runtime.policy.hangs = True
    hanging = []
    for _ in range(2 * READER_THREADS):
        hanging.append(site.browser())
        await hanging[-1].open()
        await hanging[-1].say({"op": "hello", "ticket": ticket})
    assert (await site.connect(ana)).welcome["user"]["name"] == "ana"
    for browser in hanging:
        assert await browser.ended() == (4013, "limits")
    await site.tell(f"user.{ana.pk}", "still here")


async def test_a_check_that_takes_too_long_is_reported(site: Site, monkeypatch, caplog):
    monkeypatch.setattr(rechecking, "RECHECK_INTERVAL", 0.05)
    monkeypatch.setattr(rechecking, "RECHECK_BUDGET", 0.0)
    await site.connect()
    await async_wait_until(lambda: "checking 1 connections again took" in caplog.text)

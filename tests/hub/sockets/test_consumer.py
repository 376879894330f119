"""The protocol as a client meets it: every frame that is wrong, every limit, every code."""

import pytest

from hub.concurrency.warn_once import WarnOnce
from hub.sockets import refusals
from hub.testing import ticket_for
from tests.hub.site import Site, SitePolicy, make_person

pytestmark = pytest.mark.django_db(transaction=True)


# The handshake


async def test_the_subprotocol_is_accepted_where_it_is_offered_and_no_other(site: Site):
    browser = site.browser()
    assert await browser.handshake() == (True, "hub.v1")
    for offered in ([], ["chat.v7"]):
        other = site.browser()
        other.scope["subprotocols"] = offered
        assert await other.handshake() == (True, None)


@pytest.mark.parametrize(
    "origin", [b"http://elsewhere.example", b"null", b"https://localhost", b"http://localhost:81"]
)
async def test_a_foreign_origin_is_accepted_and_then_closed_with_a_reason(site: Site, origin):
    browser = site.browser(headers=[(b"origin", origin)])
    await browser.open()
    assert await browser.ended() == (4503, "origin")


async def test_each_mistake_that_ends_a_socket_is_logged_once_with_what_to_change(
    site, caplog, monkeypatch
):
    # Of a new process: tests before this one have made such mistakes.
    monkeypatch.setattr(refusals, "_once", WarnOnce(refusals.logger))
    headers = [(b"origin", b"http://once.example")]
    for _ in range(2):
        browser = site.browser(headers=headers)
        await browser.open()
        assert await browser.ended() == (4503, "origin")
        browser = site.browser()
        await browser.open()
        await browser.send_input({"type": "websocket.receive", "text": "once upon a time"})
        assert await browser.ended() == (4500, "protocol")
        browser = site.browser()
        await browser.open()
        await browser.say({"op": "hello", "ticket": "once"})
        assert await browser.ended() == (4501, "ticket")
    told = [one.getMessage() for one in caplog.records if one.name == "hub.consumers"]
    for code, advice in (
        ("4503: a page of 'http://once.example'", "CSRF_TRUSTED_ORIGINS"),
        ("4500", "hello"),
        ("4501", "SECRET_KEY"),
    ):
        assert [advice in text for text in told if text.startswith(code)] == [True], told


@pytest.mark.parametrize("host", [b"localhost:8000", b"app.localhost", b"127.0.0.1:8000", b"[::1]"])
async def test_in_development_a_site_without_hosts_is_on_this_machine(site, settings, host):
    settings.ALLOWED_HOSTS = []
    headers = [(b"origin", b"http://" + host), (b"host", host)]
    for settings.DEBUG in (True, False):
        browser = site.browser()
        browser.scope["headers"] = headers
        await browser.open()
        await browser.say({"op": "hello"})
        if settings.DEBUG:
            assert (await browser.next())["op"] == "welcome"
        else:
            assert await browser.ended() == (4503, "origin")


async def test_the_sites_own_origin_is_welcome(site: Site):
    browser = await site.connect(headers=[(b"origin", b"http://localhost")])
    assert browser.welcome["op"] == "welcome"


async def test_a_client_without_a_hello_in_time_is_closed_and_may_come_back(site: Site, settings):
    settings.HUB = {"HELLO": 0.1}
    browser = site.browser()
    await browser.open()
    assert await browser.ended() == (4000, "protocol")


async def test_the_time_for_hello_ends_when_it_arrives(site: Site, settings):
    settings.HUB = {"HELLO": 3}
    browser = await site.connect(topics=["open.1"])
    assert await browser.receive_nothing(3.2)


# Frames that are not the protocol


@pytest.mark.parametrize("greeted", [False, True])
@pytest.mark.parametrize(
    "frame",
    [
        {"text": ""},
        {"text": "{"},
        {"text": "[]"},
        {"text": '{"op":7}'},
        {"text": '{"op":"subscribe","topics":"open.1"}'},
        {"text": '{"op":"pong","position":"1"}'},
        {"bytes": b'{"op":"hello"}'},
        {"bytes": b""},
        {"text": '{"op":"hello","ticket":"' + "x" * 65 * 1024 + '"}'},
        {"text": '{"op":"hello","ticket":"' + "ä" * 33 * 1024 + '"}'},
    ],
)
async def test_a_frame_that_is_not_the_protocol_ends_the_connection(site: Site, greeted, frame):
    browser = site.browser()
    await browser.open()
    if greeted:
        await browser.say({"op": "hello"})
        await browser.hear("welcome")
    await browser.send_input({"type": "websocket.receive", **frame})
    assert await browser.ended() == (4500, "protocol")


@pytest.mark.parametrize(
    "frame",
    [
        {"op": "subscribe", "topics": ["open.1"]},
        {"op": "unsubscribe", "topics": ["open.1"]},
        {"op": "pong", "position": 1},
    ],
)
async def test_a_frame_before_hello_is_not_the_protocol(site: Site, frame):
    browser = site.browser()
    await browser.open()
    await browser.say(frame)
    assert await browser.ended() == (4500, "protocol")


@pytest.mark.parametrize("waits", [False, True])
async def test_a_second_hello_is_not_the_protocol(site: Site, waits):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello"})
    if waits:
        await browser.hear("welcome")
    await browser.say({"op": "hello"})
    assert await browser.ended() == (4500, "protocol")


# Frames that are wrong, and answered


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"op": "dance", "ref": "7"}, "unknown_op"),
        ({"ref": "7"}, "bad_request"),
        ({"op": "subscribe", "topics": [], "ref": "7"}, "bad_request"),
        ({"op": "subscribe", "topics": ["No!"], "ref": "7"}, "bad_request"),
        ({"op": "subscribe", "topics": ["open.1"], "since": -1, "ref": "7"}, "bad_request"),
    ],
)
async def test_a_wrong_request_gets_a_reply_and_the_socket_stays(site: Site, frame, code):
    browser = await site.connect(topics=["open.1"])
    await browser.say(frame)
    reply = await browser.next()
    assert (reply["op"], reply["ref"], reply["ok"]) == ("reply", "7", False)
    assert reply["error"]["code"] == code
    assert reply["error"]["temporary"] is False
    await site.tell("open.1", "still here")
    assert await browser.texts(1) == ["still here"]


async def test_a_wrong_hello_may_be_said_again(site: Site):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello", "resume": {"epoch": "e"}})
    assert (await browser.next())["error"]["code"] == "bad_request"
    await browser.say({"op": "hello"})
    assert (await browser.next())["op"] == "welcome"


async def test_frames_right_behind_hello_wait_for_the_welcome(site: Site):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello"})
    await browser.say({"op": "subscribe", "ref": "1", "topics": ["open.1"]})
    await browser.say({"op": "pong", "position": 0})
    await browser.say({"op": "subscribe", "ref": "2", "topics": ["open.2"]})
    assert (await browser.next())["op"] == "welcome"
    replies = [await browser.next(), await browser.next()]
    assert {one["ref"]: one["topics"] for one in replies} == {"1": ["open.1"], "2": ["open.2"]}


async def test_each_of_many_frames_behind_hello_gets_a_reply(site: Site):
    browser = site.browser()
    await browser.open()
    await browser.say({"op": "hello"})
    for ref in range(20):
        await browser.say({"op": "subscribe", "ref": str(ref), "topics": [f"open.{ref}"]})
    await browser.say({"op": "unsubscribe", "ref": "20", "topics": ["open.99"]})
    await browser.hear("welcome")
    replies = [await browser.hear("reply") for _ in range(21)]
    assert {one["ref"] for one in replies} == {str(ref) for ref in range(21)}
    refusals = [one["error"] for one in replies if not one["ok"]]
    assert refusals, "twenty checks at once are too many"
    assert {(one["code"], one["temporary"]) for one in refusals} == {("rate_limited", True)}


async def test_changes_happen_in_the_order_in_which_they_were_requested(site: Site):
    browser = await site.connect(topics=["open.2"])
    for op in ("subscribe", "unsubscribe"):
        await browser.say({"op": op, "ref": op, "topics": ["open.1"]})
    assert [(await browser.hear("reply"))["ref"] for _ in range(2)] == ["subscribe", "unsubscribe"]
    await site.tell("open.1", "left")
    await browser.silent_until("open.2")


# Limits


async def test_too_many_frames_end_the_connection_for_a_while(site: Site, settings):
    settings.HUB = {"RATE": 1, "BURST": 3}
    browser = await site.connect()
    for _ in range(10):
        await browser.say({"op": "dance"})
    assert await browser.ended() == (4029, "limits")


async def test_too_many_bytes_end_the_connection_for_a_while(site: Site, settings):
    settings.HUB = {"BYTES_RATE": 2_000}
    browser = await site.connect()
    for _ in range(12):
        await browser.say({"op": "dance", "padding": "x" * 900})
    assert await browser.ended() == (4029, "limits")


async def test_pongs_that_answer_a_ping_are_free(site: Site, settings):
    settings.HUB = {"RATE": 1, "BURST": 2, "WINDOW_EVENTS": 2}
    browser = await site.connect(topics=["open.1"])
    for n in range(30):
        await site.tell("open.1", str(n))
        assert await browser.texts(1) == [str(n)]
    assert (await browser.hear("ping"))["position"]


async def test_pongs_that_answer_nothing_count_as_any_frame(site: Site, settings):
    settings.HUB = {"RATE": 1, "BURST": 5, "WINDOW_EVENTS": 2}
    browser = await site.connect(topics=["open.1"])
    await site.tell("open.1", "a")
    position = (await browser.hear("ping"))["position"]
    for _ in range(10):
        await browser.say({"op": "pong", "position": position})
    assert await browser.ended() == (4029, "limits")


async def test_a_user_has_a_limited_number_of_connections(site: Site, settings):
    settings.HUB = {"CONNECTIONS": 2}
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    first, _ = await site.connect(ana), await site.connect(ana)
    third = site.browser()
    await third.open()
    await third.say({"op": "hello", "ticket": await site.run(ticket_for, ana)})
    goodbye = await third.hear("goodbye")
    assert (goodbye["code"], goodbye["reason"]) == (4013, "limits")
    assert goodbye["retry_ms"] >= 10_000
    assert (await site.connect(ben)).welcome["user"]["name"] == "ben"
    await first.disconnect()
    assert (await site.connect(ana)).welcome["user"]["name"] == "ana"


async def test_a_connection_that_owes_a_pong_gives_way_to_a_new_one(site: Site, settings):
    settings.HUB = {"CONNECTIONS": 1, "WINDOW_EVENTS": 2}
    ana = await site.run(make_person)
    silent = await site.connect(ana, answers=False)
    await site.tell(f"user.{ana.pk}", "a")
    await silent.hear("ping")
    assert (await site.connect(ana)).welcome["user"]["name"] == "ana"
    assert await silent.ended() == (4008, "slow")


# Checks that cannot be made


class BrokenPolicy(SitePolicy):
    def refusals(self, user, topics):
        if "open.broken" in topics:
            raise LookupError("a policy of the project's own")
        return super().refusals(user, topics)


@pytest.fixture
async def broken_site():
    made = Site(BrokenPolicy())
    yield made
    await made.close()


async def test_a_policy_that_fails_at_hello_sends_the_client_away_for_a_while(broken_site, caplog):
    browser = broken_site.browser()
    await browser.open()
    await browser.say({"op": "hello", "topics": ["open.broken"]})
    goodbye = await browser.hear("goodbye")
    assert (goodbye["code"], goodbye["reason"]) == (4013, "limits")
    assert 1_000 <= goodbye["retry_ms"] <= 5_000, "back soon after a short outage"
    assert "a policy of the project's own" in caplog.text


async def test_a_policy_that_fails_at_a_subscription_is_unavailable(broken_site, caplog):
    browser = await broken_site.connect(topics=["open.1"])
    await browser.say({"op": "subscribe", "ref": "1", "topics": ["open.broken"]})
    reply = await browser.hear("reply")
    assert (reply["ref"], reply["error"]["code"]) == ("1", "unavailable")
    assert reply["error"]["temporary"] is True
    assert "policy" not in reply["error"]["message"], "a client sees no exception's text"
    assert "a policy of the project's own" in caplog.text
    await broken_site.tell("open.1", "still here")
    assert await browser.texts(1) == ["still here"]


async def test_a_topic_named_twice_is_left_once(site: Site):
    browser = await site.connect(topics=["open.1", "open.2"])
    topics = ["open.1", "open.1"]
    await browser.say({"op": "unsubscribe", "ref": "1", "topics": topics})
    reply = await browser.hear("reply")
    assert (reply["ok"], reply["topics"]) == (True, ["open.1"])

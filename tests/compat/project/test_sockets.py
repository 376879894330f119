"""Live delivery, with the test helper that the hub brings."""

import pytest
from asgiref.sync import sync_to_async
from channels.testing import ApplicationCommunicator
from config.asgi import application
from desk.events import DeskClosed
from desk.models import Answer
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

import hub
from hub.errors import BadTopic, NotAtomic
from hub.rights import session_digest
from hub.testing import HubCommunicator
from hub.topics import check_topic

pytestmark = pytest.mark.django_db(transaction=True)


def in_transaction(work, *args, **kwargs):
    with transaction.atomic():
        return work(*args, **kwargs)


async def committed(work, *args, **kwargs):
    return await sync_to_async(in_transaction)(work, *args, **kwargs)


async def test_an_answer_is_a_toast_for_the_asker(ana, ticket):
    async with HubCommunicator(application, user=ana) as browser:
        await sync_to_async(Answer.objects.create)(ticket=ticket)
        event = await browser.expect("ticket.answered")
    assert event["title"] == f"Ticket {ticket.pk} was answered"
    assert event["url"] == f"/tickets/{ticket.pk}/"
    assert (event["severity"], event["data"]) == ("success", {"ticket": ticket.pk})


async def test_an_answer_that_is_rolled_back_reaches_nobody(ana, ticket):
    def fail():
        with pytest.raises(LookupError), transaction.atomic():
            Answer.objects.create(ticket=ticket)
            raise LookupError

    async with HubCommunicator(application, user=ana) as browser:
        await sync_to_async(fail)()
        await browser.silent_until(f"user.{ana.pk}")


async def test_the_policy_decides_about_topics(ana):
    browser = HubCommunicator(application, user=ana)
    welcome = await browser.connect(topics=["desk", "news.1"])
    await browser.leave()
    assert welcome["pages"] == ["news.1"]
    assert welcome["refused"] == [{"topic": "desk", "code": "forbidden"}]
    assert welcome["user"] == {"id": ana.pk, "name": "ana"}


async def test_a_client_that_comes_back_gets_what_it_missed(ana):
    def publish():
        hub.publish_many(
            [(DeskClosed(reason="lunch"), "news.1"), (DeskClosed(reason="tea"), "desk")]
        )

    first = HubCommunicator(application)
    welcome = await first.connect(topics=["news.1"])
    await first.leave()
    await committed(publish)
    second = HubCommunicator(application)
    resume = {"epoch": welcome["epoch"], "position": welcome["position"]}
    await second.connect(topics=["news.1"], resume=resume)
    event = await second.expect("desk.closed")
    assert (event["body"], event["key"]) == ("lunch", "desk")
    await second.leave()


async def test_an_ephemeral_event_has_no_position(ana):
    browser = HubCommunicator(application, user=ana)
    await browser.connect(topics=["news.1"])
    await sync_to_async(hub.publish_ephemeral)(DeskClosed(reason="now"), "news.1")
    assert "id" not in await browser.expect("desk.closed")
    await browser.leave()


async def test_a_subscription_is_heard_until_it_ends(ana):
    async with HubCommunicator(application, user=ana) as browser:
        await committed(hub.subscribe, person=ana.pk, topic="news.7")
        assert (await browser.hear("topics"))["added"] == ["news.7"]
        await committed(hub.publish, DeskClosed(reason="x"), "news.7")
        await browser.expect("desk.closed")
        await committed(hub.unsubscribe, person=ana.pk, topic="news.7")
        assert (await browser.hear("topics"))["removed"] == ["news.7"]


async def test_a_revoked_session_closes_its_socket(ana):
    def log_in():
        session = SessionStore()
        session.save()
        return session.session_key

    key = await sync_to_async(log_in)()
    async with HubCommunicator(application, user=ana) as browser:
        await committed(hub.revoke, person=ana.pk, reason="logout", session=session_digest(key))
        await browser.silent_until(f"user.{ana.pk}")  # another session's end
        await committed(hub.revoke, person=ana.pk, reason="deactivated")
        assert await browser.closed() == 4510


async def test_staff_see_the_requests_of_the_site(staff):
    browser = HubCommunicator(application, user=staff)
    await browser.connect(topics=["metrics"])
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/page/7/",
        "raw_path": b"/page/7/",
        "query_string": b"",
        "headers": [(b"host", b"desk.example")],
    }
    request = ApplicationCommunicator(application, scope)
    await request.send_input({"type": "http.request", "body": b""})
    assert (await request.receive_output())["status"] == 200
    while not (sample := (await browser.expect("metrics.sample"))["data"])["routes"]:
        pass
    assert sample["routes"] == {"page/<int:number>/": 1}
    assert sample["statuses"] == {"2xx": 1}
    await request.wait()
    await browser.leave()


def test_publishing_needs_a_transaction_and_a_topic():
    with pytest.raises(NotAtomic):
        hub.publish(DeskClosed(reason="x"), "news.1")
    with pytest.raises(BadTopic):
        check_topic("No Topic")

"""A closed topic, as the sockets see it that are subscribed to it."""

import pytest
from django.db import transaction

from hub import close_topic, subscribe
from tests.hub.site import Site, change_subscriptions, make_person
from tests.numbering import drain

pytestmark = pytest.mark.django_db(transaction=True)


def commit_closing(topic):
    with transaction.atomic():
        close_topic(topic)


async def test_users_and_visitors_give_a_closed_topic_up_and_are_told(site: Site):
    ana = await site.run(make_person)
    await site.run(change_subscriptions, (subscribe, ana.pk, "open.1"))
    await site.run(drain)
    user, visitor = await site.connect(ana), await site.connect(topics=["open.1", "open.2"])
    await site.tell("open.1", "before")
    await site.run(commit_closing, "open.1")
    await site.tell("open.1", "after")
    for browser in (user, visitor):
        assert await browser.texts(1) == ["before"]
        assert (await browser.hear("topics"))["removed"] == ["open.1"]
    await visitor.silent_until("open.2")


async def test_a_client_that_was_away_is_sent_what_came_before_the_topic_was_closed(site: Site):
    ana = await site.run(make_person)
    await site.run(change_subscriptions, (subscribe, ana.pk, "open.1"))
    await site.run(drain)
    browser = await site.connect(ana)
    resume = (browser.welcome["epoch"], browser.welcome["position"])
    await browser.disconnect()
    site.forget(browser)
    await site.tell("open.1", "before")
    await site.run(commit_closing, "open.1")
    await site.tell("open.1", "after")
    await site.followed()
    back = await site.connect(ana, resume=resume)
    assert back.welcome["topics"] == [f"user.{ana.pk}"]
    assert await back.texts(1) == ["before"]
    await back.silent_until(f"user.{ana.pk}")

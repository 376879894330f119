"""Following the log: the layer makes it fast, the database makes it complete."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from django.db.models import F
from django.utils import timezone

from hub import log
from hub.broadcast import follower as follower_module
from hub.broadcast import listener
from hub.broadcast.layer import GROUP, Batch, Ephemeral, Ephemerals
from hub.broadcast.queues import BatchQueue
from hub.events import encode_tail
from hub.models import Event, Log
from tests.hub.following import age, in_another_thread, insert, number_silently, row, send
from tests.hub.site import Site, Told, tell
from tests.numbering import drain
from tests.rig.rounds import rounds
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A loop that stands still for a moment does not leave the layer."""
    monkeypatch.setattr(listener, "SILENCE", 2 * PATIENCE)


# Without a hint


async def test_a_change_of_a_process_without_a_server_arrives_within_two_seconds(site: Site):
    browser = await site.connect(topics=["open.1"])
    for n, took in enumerate(rounds(2)):
        await asyncio.to_thread(in_another_thread, insert, "open.1", str(n))
        event = await browser.expect("test.told")
        assert event["data"]["text"] == str(n)
        took(age(event))


async def test_a_committed_change_arrives_without_waiting_for_the_poll(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    for n in range(5):
        await site.tell("open.1", str(n))
        assert await browser.texts(1) == [str(n)]


async def test_rows_that_were_numbered_elsewhere_and_never_sent_arrive_by_polling(site: Site):
    browser = await site.connect(topics=["open.1"])

    def number_and_die():
        insert("open.1", "a")
        insert("open.1", "b")
        drain()

    await asyncio.to_thread(in_another_thread, number_and_die)
    assert await browser.texts(2) == ["a", "b"]


# What comes through the layer


async def test_two_processes_on_one_database_and_layer_both_deliver(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    there = site.another()
    here = await site.connect(topics=["open.1"])
    elsewhere = await site.connect(topics=["open.1"], application=there)
    wanted = [str(n) for n in range(40)]
    for text in wanted:
        await site.tell("open.1", text)
    assert await here.texts(40) == wanted
    assert await elsewhere.texts(40) == wanted
    assert here.welcome["epoch"] == elsewhere.welcome["epoch"]


async def test_a_batch_of_another_deployment_is_dropped(site: Site):
    browser = await site.connect(topics=["open.1"])
    await send(Batch("there", "foreign", 1, 1, [row(1, text="foreign")]))
    event = Ephemeral("open.1", Told.type, "", row(1, text="foreign").tail)
    await send(Ephemerals("there", "foreign", [event]))
    await get_channel_layer().group_send(GROUP, {"type": "chat.text", "text": "hello"})
    await site.tell("open.1", "own")
    assert await browser.texts(1) == ["own"]


async def test_a_message_that_cannot_be_read_is_dropped_and_logged_once_per_kind(
    site: Site, caplog
):
    browser = await site.connect(topics=["open.1"])
    other_version = {"type": "hub.batch", "epoch": "e", "rows": "of another kind"}
    for message in (other_version, {"type": "hub.later"}, {"type": "chat.text"}) * 5:
        await get_channel_layer().group_send(GROUP, message)
    await site.tell("open.1", "own")
    assert await browser.texts(1) == ["own"]
    told = [one.message for one in caplog.records if "dropping messages" in one.message]
    assert len(told) == 3, "one line per kind"
    for name in ("hub.batch", "hub.later", "chat.text"):
        assert any(name in one for one in told)


async def test_a_batch_that_arrives_twice_is_delivered_once(site: Site):
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    await site.tell("open.1", "told")
    assert await browser.texts(1) == ["told"]
    for _ in range(3):
        await send(Batch("there", epoch, 1, 1, [row(1, text="told")]))
    await browser.silent_until("open.1")


async def test_an_overtaken_batch_waits_for_the_one_before_it(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    monkeypatch.setattr(follower_module, "HOLE_WAIT", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    await send(Batch("there", epoch, 3, 3, [row(3, text="c")]))
    await send(Batch("there", epoch, 1, 2, [row(1, text="a"), row(2, text="b")]))
    assert await browser.texts(3) == ["a", "b", "c"]


def one_by_one(epoch, rows):
    return [Batch("there", epoch, one.position, one.position, [one]) for one in rows]


async def test_batches_that_follow_on_are_used_as_they_come_however_many(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    texts = [str(n) for n in range(3 * follower_module.MAX_AHEAD)]
    rows = await asyncio.to_thread(number_silently, *texts)
    for batch in one_by_one(browser.welcome["epoch"], rows):  # in one turn of the loop
        site.runtime.follower.offer(batch)
    assert await browser.texts(len(texts)) == texts


async def test_a_batch_that_finds_no_room_behind_a_hole_has_the_log_read_at_once(
    site: Site, monkeypatch
):
    for name in ("POLL", "HOLE_WAIT"):
        monkeypatch.setattr(follower_module, name, 3_600.0)
    monkeypatch.setattr(follower_module, "MAX_AHEAD", 1)
    browser = await site.connect(topics=["open.1"])
    rows = await asyncio.to_thread(number_silently, *"abcd")
    for batch in one_by_one(browser.welcome["epoch"], rows)[2:]:
        site.runtime.follower.offer(batch)
    assert await browser.texts(4) == [*"abcd"]


async def test_a_batch_that_pushes_another_one_out_has_the_log_read_at_once(
    site: Site, monkeypatch
):
    for name in ("POLL", "HOLE_WAIT"):
        monkeypatch.setattr(follower_module, name, 3_600.0)
    browser = await site.connect(topics=["open.1"])
    rows = await asyncio.to_thread(number_silently, *"ab")
    monkeypatch.setattr(site.runtime.follower, "_hints", BatchQueue(max_bytes=rows[0].size))
    for batch in one_by_one(browser.welcome["epoch"], rows):
        site.runtime.follower.offer(batch)
    assert await browser.texts(2) == ["a", "b"]


async def test_a_hole_is_read_from_the_log_after_a_moment(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)
    browser = await site.connect(topics=["open.1"])
    epoch = browser.welcome["epoch"]
    await asyncio.to_thread(number_silently, "lost on the way", "arrives")
    await send(Batch("there", epoch, 2, 2, [row(2, text="arrives")]))
    assert await browser.texts(2) == ["lost on the way", "arrives"]


async def test_a_position_whose_row_was_removed_is_skipped(site: Site, monkeypatch):
    monkeypatch.setattr(follower_module, "POLL", 3_600.0)  # nothing is read before the removal
    browser = await site.connect(topics=["open.1"])

    def number_and_remove():
        insert("open.1", "a")
        drain()
        Log.objects.update(head=F("head") + 1)  # the second was numbered and removed
        insert("open.1", "c")
        drain()

    await asyncio.to_thread(in_another_thread, number_and_remove)
    site.runtime.follower.read_soon()
    assert await browser.texts(2) == ["a", "c"]


# Another log


@pytest.mark.both
async def test_a_restored_database_becomes_a_new_log(site: Site, caplog):
    browser = await site.connect(topics=["open.1"])
    before = browser.welcome["epoch"]
    await site.tell("open.1", "a", "b", "c")
    assert await browser.texts(3) == ["a", "b", "c"]

    def restore():
        Event.objects.filter(position__gt=1).delete()
        Log.objects.update(head=1)

    await site.run(restore)
    assert await browser.ended() == (4012, "epoch")
    assert (await site.run(log.state)).epoch != before
    back = await site.connect(topics=["open.1"])
    await site.tell("open.1", "goes on")
    assert (await back.hear("event"))["id"] == 2
    assert "declaring a new epoch" in caplog.text


# Ephemeral events


async def test_an_ephemeral_event_reaches_the_pages_of_every_process_once(site: Site):
    there = site.another()
    browsers = [
        await site.connect(topics=["open.1"]),
        await site.connect(topics=["open.1"], application=there),
        await site.connect(topics=["open.2"]),
    ]
    for n in range(3):
        site.runtime.relay.send_ephemeral(Told(text=str(n)), "open.1")
        for browser in browsers[:2]:
            event = await browser.hear("event")
            assert event["data"]["text"] == str(n)
            assert "id" not in event
    await site.tell("open.1", "fence")
    await site.tell("open.2", "fence")
    for browser in browsers:
        assert await browser.texts(1) == ["fence"]
    assert await site.run(Event.objects.count) == 2


async def test_of_ephemeral_events_with_one_key_the_latest_wins(site: Site):
    browser = await site.connect(topics=["open.1"])
    follower = site.runtime.follower

    for n in range(5):  # in one turn of the loop, so that nothing is shown in between
        tail = encode_tail(Told(text=str(n), same="k"), "open.1", timezone.now(), 16_384)
        follower.offer_ephemeral(Ephemeral("open.1", Told.type, "k", tail))
    assert await browser.texts(1) == ["4"]
    await browser.silent_until("open.1")


async def test_a_process_that_starts_late_begins_at_the_head_of_the_log(site: Site):
    await asyncio.to_thread(in_another_thread, tell, "open.1", *"abcdef")
    await asyncio.to_thread(in_another_thread, drain)
    browser = await site.connect(topics=["open.1"])
    assert browser.welcome["position"] == 6
    assert len(site.runtime.follower.ring) == 6
    await site.tell("open.1", "g")
    assert (await browser.hear("event"))["id"] == 7

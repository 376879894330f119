"""The badge: what it counts, and what it costs."""

import random
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.inbox import COUNTED, mark, mark_all, preferences
from hub.inbox.unseen import ROWS_PER_TOPIC
from hub.models import Event, InboxMark, Log, Mute
from tests.hub.inbox.filling import analyze, fill
from tests.hub.reader import changes, counts, follow, inbox, told
from tests.hub.site import change_person, make_person
from tests.numbering import drain
from tests.rig.rounds import rounds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]


def unseen_in_statements(user):
    with CaptureQueriesContext(connection) as captured:
        count = inbox(user).unseen()
    return count, len(captured)


def test_the_badge_costs_one_statement(ana):
    follow(ana, "open.a")
    assert unseen_in_statements(ana) == (0, 1)
    told("open.a", "one")
    told(f"user.{ana.pk}", "two")
    assert unseen_in_statements(ana) == (2, 1)


def test_the_badge_costs_one_statement_after_many_events_were_seen_one_by_one(ana):
    positions = told(f"user.{ana.pk}", *(str(n) for n in range(50)))
    for position in positions[1:]:
        mark(ana.pk, "seen", position)
    drain()
    assert unseen_in_statements(ana) == (1, 1)


def test_the_badge_is_read_along_the_index_of_shown_events(ana):
    follow(ana, "open.a")
    fill(["open.a", "open.b"] * 3_000)
    analyze()
    with CaptureQueriesContext(connection) as captured:
        inbox(ana).unseen()
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {captured[0]['sql']}".replace("%", "%%"))
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert "hub_event_shown" in plan
    assert "Seq Scan on hub_event" not in plan


def test_the_badge_equals_a_plain_filter(ana):
    """Random subscriptions, flags, mutes and choices, compared with the inbox's own items."""
    chance = random.Random(5)
    topics = ["open.a", "open.b", f"user.{ana.pk}"]
    follow(ana, "open.b")
    for _ in range(60):
        action = chance.randrange(6)
        position = chance.randrange(1, Log.objects.get().head + 1)
        if action < 2:
            told(chance.choice(topics), "text", "")
        elif action == 2:
            follow(ana, "open.a", on=chance.random() < 0.5)
        elif action == 3 and inbox(ana).has(position):
            mark(ana.pk, chance.choice(["seen", "read", "archived"]), position)
        elif action == 4 and chance.random() < 0.3:
            mark_all(ana.pk, chance.choice(["seen", "read"]), position)
        elif action == 5:
            change = chance.choice([preferences.mute, preferences.unmute])
            change(ana.pk, topic=chance.choice(topics[:2]))
        drain()
        plain = [one for one in range(1, Log.objects.get().head + 1) if is_unseen(ana, one)]
        assert inbox(ana).unseen() == len(plain)


def is_unseen(user, position):
    item = inbox(user).find(position)
    if item is None or item.flags.seen or not item.frame["title"]:
        return False
    topic = item.frame["topic"]
    return not any(
        muted == topic and since < position for muted, _, since in preferences.mutes_since(user.pk)
    )


def test_a_refused_topic_is_not_counted_and_hides_none_behind_it(ana):
    change_person(ana, is_staff=True)
    ana.refresh_from_db()
    follow(ana, "staff")
    told(f"user.{ana.pk}", "my own")
    told("staff", *(str(n) for n in range(COUNTED + 5)))
    assert inbox(ana).unseen() == COUNTED
    change_person(ana, is_staff=False)
    ana.refresh_from_db()
    assert inbox(ana).unseen() == 1


def test_events_behind_the_horizon_are_not_counted(ana):
    old, _ = told(f"user.{ana.pk}", "old", "new")
    Log.objects.update(horizon=old)
    assert inbox(ana).unseen() == 1


def test_only_the_newest_rows_of_a_topic_are_looked_at(ana):
    own = f"user.{ana.pk}"
    fill([own] * (ROWS_PER_TOPIC + 1))
    Event.objects.filter(position__gt=1).update(type="test.muted")
    Mute.objects.create(person=str(ana.pk), type="test.muted")
    assert inbox(ana).unseen() == 0
    Event.objects.filter(position=2).delete()
    assert inbox(ana).unseen() == 1


# What a user does to an inbox


def test_an_event_without_a_title_is_stored_as_not_shown(ana):
    told(f"user.{ana.pk}", "titled", "")
    rows = Event.objects.filter(type="test.told").order_by("pk")
    assert list(rows.values_list("shown", flat=True)) == [True, False]


def test_marking_all_again_is_a_no_op_and_publishes_nothing(ana):
    told(f"user.{ana.pk}", "a")
    head = Log.objects.get().head
    token = mark_all(ana.pk, "read", head)
    assert mark_all(ana.pk, "read", head) == token
    told("open.a", "not theirs")
    assert mark_all(ana.pk, "read", Log.objects.get().head) == token
    assert len(changes()) == InboxMark.objects.count() == 1


def test_marking_all_again_covers_new_and_reopened_events(ana):
    (a,) = told(f"user.{ana.pk}", "a")
    mark_all(ana.pk, "read", a)
    mark(ana.pk, "read", a, on=False)
    mark_all(ana.pk, "read", a)
    assert counts(ana)[1] == 0
    (b,) = told(f"user.{ana.pk}", "b")
    mark_all(ana.pk, "read", b)
    assert counts(ana)[1] == 0


def test_300_000_hidden_events_cost_readers_nothing(ana):
    ben = make_person("ben")
    for user in (ana, ben):
        fill([f"user.{user.pk}"] * 60)
    hide(f"user.{ana.pk}", 300_000)
    for user in (ana, ben):
        fill([f"user.{user.pk}"] * 5)
    analyze()
    for took in rounds(1.2):
        took(share_of_time(ana, ben))


def hide(topic, count):
    """Add numbered events that inboxes do not show, above all others."""
    head = Log.objects.get().head
    numbers = (
        f"SELECT n FROM generate_series(1, {count}) AS n"
        if connection.vendor == "postgresql"
        else f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {count}) SELECT n FROM numbers"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hub_event (position, topic, type, at, frame, shown)"
            f" SELECT {head} + n, %s, 'inbox.changed', %s, '', false FROM ({numbers}) AS numbers",
            [topic, Event.objects.latest("pk").at],
        )
    Log.objects.update(head=head + count)


def share_of_time(user, other):
    """How long `user` takes to read, as a share of what `other` takes: the fastest of ten each.

    They read in turn, so that a busy machine slows both.
    """
    spent = {user: [], other: []}
    for _ in range(10):
        for one in (user, other):
            began = time.perf_counter()
            made = inbox(one)
            assert made.unseen() and made.page().items and made.unread()
            spent[one].append(time.perf_counter() - began)
    return min(spent[user]) / min(spent[other])

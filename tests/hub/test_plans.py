"""What the hub asks PostgreSQL of a million events: no statement reads a table, or sorts a topic.

All of the hub's own work is done once, and the plan of every statement that it took is looked at.
"""

import datetime
import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from hub import close_topic, log, publish, revoke_many, subscribe_many, unsubscribe_many
from hub.deliveries import planner
from hub.deliveries.lease import Lease
from hub.deliveries.means import load_means
from hub.identity import authentication
from hub.identity.authentication import Arrival, Authentication, Credentials, Identity
from hub.inbox import STATES, Inbox, mark, mark_all, seen_by, snooze, undo
from hub.log import by_topic, reading
from hub.log.intervals import close_ended_topics, intervals_of
from hub.models import InboxException, Log
from hub.models import Worker as WorkerRow
from hub.operations import doctor
from hub.sockets import recheck
from hub.trace.life import life_of
from hub.trace.search import search
from hub.worker.pruning import prune, remove_users
from hub.worker.reminding import remind_due
from hub.worker.worker import Worker
from tests.hub.emails import Posted
from tests.hub.site import SitePolicy, Told, sign_in
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

EVENTS = 1_000_000
USERS = 20_000
BUSY = "open.busy"  # the topic of every second event, with a subscription of every user
LARGE = {"hub_event", "hub_subscription", "hub_delivery", "hub_inboxexception", "orders_user"}
# The doctor looks for staff with the demo's password, in a table that is the project's.
EXCEPTION = 'ORDER BY "orders_user"."is_superuser" DESC'
MOST_SORTED = 5_000  # rows: a page of each of a user's topics

FILL = f"""
    INSERT INTO orders_user (username, email, confirmed_email, password, first_name, last_name,
        is_superuser, is_staff, is_active, wants_news, date_joined)
    SELECT 'u' || n, 'u' || n || '@example.com', 'u' || n || '@example.com', '!', '', '',
        false, false, true, false, now()
    FROM generate_series(1, {USERS}) AS n;
    INSERT INTO hub_event (position, request_id, topic, type, at, shown, frame)
    SELECT n, 'ab' || n % 50000 || '-f',
        CASE WHEN n % 2 = 0 THEN '{BUSY}' WHEN n % 10 = 1 THEN 'open.' || n % 5000
            ELSE 'user.' || 1 + n % {USERS} END, 'test.told',
        now() - interval '1 day' * CASE WHEN n <= 1000 THEN 100 ELSE 1 END, true,
        '"topic":"open.a","type":"test.told","at":"2026-01-01T00:00:00Z","severity":"info",'
        '"title":"t","body":"","url":null,"key":null,"data":{{"text":"t","same":null}}}}'
    FROM generate_series(1, {EVENTS}) AS n;
    INSERT INTO hub_subscription (person, topic, since)
    SELECT id, '{BUSY}', 0 FROM orders_user;
    INSERT INTO hub_subscription (person, topic, since)
    SELECT id, 'open.' || 1 + 10 * ((id + n * 7) % 500), 0
    FROM orders_user, generate_series(1, 5) AS n ON CONFLICT DO NOTHING;
    INSERT INTO hub_delivery (position, type, person, means, address, frame, state, lane,
        claimed_by, due_at, attempts, repeats, error, reference, created_at, changed_at)
    SELECT n, 'test.told', 1 + n % {USERS}, 'email', '', '',
        CASE WHEN n % 3 = 0 THEN 'waiting' ELSE 'sent' END, n % 2, '', now() + interval '1 hour',
        0, 0, '', n, now(), now()
    FROM generate_series(1, 100000) AS n;
    INSERT INTO hub_inboxexception (person, what, position, "on", turn)
    SELECT 1 + n % {USERS}, 'read', n, true, 1 FROM generate_series(1, 100000) AS n;
    UPDATE hub_log SET head = {EVENTS}, horizon = 0;
    ANALYZE;
"""


@pytest.fixture
def statements():
    """What was executed, with its parameters, while the test did the hub's work."""
    seen = {}

    def note(execute, sql, params, many, context):
        # Numbers and lists differ from call to call; the statement is the same.
        seen.setdefault(re.sub(r"(%s(, )?)+", "%s", sql), (sql, params))
        return execute(sql, params, many, context)

    log.epoch.ensure_log()
    with connection.cursor() as cursor:
        cursor.execute(FILL)
    with connection.execute_wrapper(note):
        yield seen


def test_no_statement_reads_a_large_table_or_sorts_a_topic(statements, settings):
    settings.HUB = {**settings.HUB, "POLICY": "tests.hub.site.SitePolicy"}
    users = list(get_user_model().objects.filter(username__in=["u1", "u2", "u3"]))
    statements.clear()
    do_everything(*users)
    assert len(statements) > 80
    faults = []
    with connection.cursor() as cursor:
        for sql, params in list(statements.values()):
            if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT)", sql) and EXCEPTION not in sql:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                [(plan,)] = cursor.fetchall()
                plan = json.loads(plan) if isinstance(plan, str) else plan
                faults += [f"{fault}: {sql[:300]}" for fault in faults_of(plan[0]["Plan"])]
    assert faults == [], "\n".join(faults)


def do_everything(ana, ben, eve) -> None:
    """The work of servers and workers, with events on busy and on quiet topics."""
    policy, topics = SitePolicy(), [BUSY, "open.11", f"user.{ana.pk}"]
    with transaction.atomic():
        publish(Posted(), f"user.{ana.pk}")
        publish(Posted(), "open.11")
        publish(Told(text="told"), BUSY)
        subscribe_many([ana.pk, ben.pk], "open.new")
        unsubscribe_many([ben.pk], BUSY)
        revoke_many([ben.pk], "permissions")
        close_topic("open.21")
    drain()
    while close_ended_topics():
        pass
    head = log.state().head
    # A client that comes, catches up and is checked again.
    key = sign_in(ana)
    arrival = Arrival(Credentials(session_key=key), topics, head - 500)
    [found] = authentication.authenticate(policy, [arrival])
    assert isinstance(found, Authentication)
    assert isinstance(found.user, Identity)
    bounds = [(topic, head - 5_000, head) for topic in topics]
    by_topic.due(bounds, 200)
    by_topic.due_since([(topic, 0, head) for topic in topics], 200)
    by_topic.is_more_due(bounds, 200)
    intervals_of(ana.pk, 0)
    reading.page(head - 100, head)
    reading.newest(head, 1_000)
    recheck.check_sign_ins([found.user])
    authentication.refusals(policy, found.user, topics)
    # The inbox.
    for state in STATES:
        page = Inbox(ana, policy).page(state)
        Inbox(ana, policy).page(state, before=head // 2)
    inbox = Inbox(ana, policy)
    position = page.items[0].position if page.items else head
    inbox.unseen(), inbox.has(position), inbox.find(position)
    mark(ana.pk, "read", position)
    undo(ana.pk, mark_all(ana.pk, "read", head))
    seen_by([ana.pk, ben.pk], head)
    snooze(ana.pk, [position], timezone.now() + datetime.timedelta(hours=1))
    Inbox(ana, policy).page("snoozed")
    InboxException.objects.filter(until__isnull=False).update(until=timezone.now())
    remind_due(policy)
    # Staff who follow events.
    for text in ("", BUSY, "open.11", "u1", "ab12-f", str(head), "no such value"):
        for event in search(text).events[:1]:
            life_of(event)
    search("told", as_value=True)
    # Workers: planning, sending, pruning, what a deleted user leaves.
    lease = Lease()
    lease.take()
    WorkerRow.objects.update(position=EVENTS - 1_000, own_position=EVENTS - 1_000)
    planner.plan(lease, load_means())
    planner.plan(lease, load_means())
    lease.release()
    Worker(policy).run_once()
    prune(datetime.timedelta(days=90))
    Log.objects.update(horizon_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    prune(datetime.timedelta(days=90))
    remove_users([str(eve.pk)])
    list(doctor.examine())
    call_command("hub_prune", verbosity=0)


def faults_of(plan):
    """What is wrong with a node of a plan, and with those below it."""
    kind, table = plan["Node Type"], plan.get("Relation Name", "")
    if kind == "Seq Scan" and table in LARGE:
        yield f"reads all of {table}"
    if kind == "Sort" and plan["Plan Rows"] > MOST_SORTED:
        yield f"sorts {plan['Plan Rows']} rows"
    for one in plan.get("Plans", ()):
        yield from faults_of(one)

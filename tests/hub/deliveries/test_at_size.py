"""A long queue and many subscriptions on PostgreSQL: statements follow an index."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hub.deliveries import planner
from hub.deliveries.claims import claim
from hub.deliveries.lease import Lease
from hub.deliveries.means import load_means
from hub.models import Delivery, Worker
from tests.hub.emails import publish_now
from tests.numbering import drain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

QUEUE = 100_000  # deliveries
WATCHERS = 3_000
OTHERS = 297_000  # subscriptions to other topics


@pytest.fixture
def campaign():
    """An event with many recipients, planned half way."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO hub_subscription (person, topic, since)
            SELECT n, CASE WHEN n %% 100 = 0 THEN 'open.1' ELSE 'open.' || n END, 0
            FROM generate_series(1, %s) AS n
            """,
            [WATCHERS + OTHERS],
        )
        cursor.execute("ANALYZE hub_subscription")
    publish_now("open.1")
    drain()
    lease = Lease()
    lease.take()
    planner.plan(lease, load_means())
    half = (WATCHERS + OTHERS) // 2
    Worker.objects.update(page=Worker.objects.get().page + half)
    return lease


def plans_of(captured, table):
    """How PostgreSQL carries out the statements that read the table."""
    reads = [one["sql"] for one in captured if f'FROM "{table}"' in one["sql"]]
    with connection.cursor() as cursor:
        for sql in reads:
            cursor.execute(f"EXPLAIN {sql}")
            yield "\n".join(line for (line,) in cursor.fetchall())


def test_a_page_of_recipients_is_read_along_an_index(campaign):
    with CaptureQueriesContext(connection) as captured:
        assert planner.plan(campaign, load_means())
    assert Delivery.objects.count() == 2 * planner.PAGE_RECIPIENTS
    [plan] = plans_of(captured, "hub_subscription")
    assert "Index Scan using hub_subscription_page" in plan
    assert "Sort" not in plan and "Seq Scan" not in plan


def test_a_batch_of_a_long_queue_is_claimed_along_an_index():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO hub_delivery (
                position, type, person, means, address, frame, state, lane, claimed_by, due_at,
                attempts, repeats, error, reference, created_at, changed_at
            )
            SELECT 9, 'test.posted', n, 'email', '', '', 'waiting', 1, '',
                now() - n * interval '1 ms',
                0, 0, '', n, now(), now()
            FROM generate_series(1, %s) AS n
            """,
            [QUEUE],
        )
        cursor.execute("ANALYZE hub_delivery")
    with CaptureQueriesContext(connection) as captured:
        assert len(claim("here", ["email"], 50)) == 50
    plans = list(plans_of(captured, "hub_delivery"))
    assert len(plans) == len(Delivery.Lane)
    for plan in plans:
        assert "Index Scan using hub_delivery_" in plan and "Seq Scan" not in plan
        assert "Presorted Key: due_at" in plan  # so a batch is found without reading the queue

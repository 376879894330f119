"""The lock around the steps of `make run`."""

import pytest
from django.db import connection

from asgi import run
from tests.rig.wait import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

HOLDERS = """
    SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted
"""


def holders() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS)
        return [state for (state,) in cursor.fetchall()]


def test_the_lock_belongs_to_a_transaction_so_that_a_transaction_pooler_cannot_strand_it() -> None:
    with run._one_at_a_time():
        assert holders() == ["idle in transaction"]
    # The server notices a closed connection by itself.
    wait_until(lambda: holders() == [], what="the end of the lock")


def test_a_process_that_finds_the_lock_taken_says_so_and_waits(monkeypatch, capsys) -> None:
    monkeypatch.setattr(run, "_LOCK_POLL", 0.01)
    first = run._one_at_a_time()
    first.__enter__()
    monkeypatch.setattr(run.time, "sleep", lambda _: first.__exit__(None, None, None))
    with run._one_at_a_time():
        assert "waiting for it" in capsys.readouterr().out

"""`hub_doctor` beside running servers names every state that needs an operator, all at once."""

import re
import subprocess
import sys
from collections.abc import Mapping

import psycopg

from tests.rig.ports import free_port
from tests.rig.server import ROOT, environment
from tests.rig.stack import Stack

AGO, AHEAD = "now() - interval '1 hour'", "now() + interval '9 days'"
TROUBLE = f"""
    UPDATE hub_log SET fingerprint = 'another database', horizon_at = {AHEAD};
    UPDATE hub_event SET frame = 'damaged' WHERE position = (SELECT max(position) FROM hub_event);
    UPDATE hub_event SET at = {AGO};
    INSERT INTO hub_worker
            (id, holder, until, position, own_position, page, cleared, clearing, error)
        VALUES (1, 'killed:1', {AGO}, 0, 0, 0, 0, 0, 'the mail server refuses')
        ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until,
            position = 0, own_position = 0, error = excluded.error;
    INSERT INTO hub_planfailure (position, page, error, tried_at)
        VALUES (1, 0, 'no such user', now());
    INSERT INTO hub_receiverfailure (receiver, count, at, error)
        VALUES ('desk.tell', 3, now(), 'ValueError: x');
    INSERT INTO hub_delivery (position, type, person, means, address, frame, state, lane,
            claimed_by, due_at, attempts, repeats, error, reference, created_at, changed_at)
        VALUES (1, 'a.b', '1', 'email', '', '', 'waiting', 0,
            '', {AGO}, 0, 0, '', 'r', now(), now());
"""
# By state: the doctor's line.
STATES = {
    "a copy of another database": "warning  log: its epoch was declared in another database",
    "numbering stands still": "warning  log: there are committed events without a position",
    "an event that nobody can read": "warning  log: 1 of the newest .* cannot be read",
    "a receiver that raised": "warning  receivers: desk.tell raised 3 times",
    "a worker that was killed": r"warning  worker: the lease of killed:1 ended \d+ s ago",
    "a worker that cannot send": "FAILURE  worker: no emails are sent: the mail server refuses",
    "a planner that lags": r"warning  planner: \d+ events are not planned yet, the oldest for 36",
    "an event that was set aside": "FAILURE  planner: 1 events were set aside; position 1",
    "emails that are late": "warning  deliveries: 1 are due now, .* waited for 36",
    "a clock that was ahead": "warning  time stamps: these are in the future: horizon_at",
    "a database that is read-only": "FAILURE  database: it is read-only",
    "a Redis that is away": "FAILURE  hints: .*[Cc]onnect",
    "a demo account": "accounts: .*the password is 'demo'",
}


def test_the_doctor_names_every_state_that_needs_an_operator(cluster: Stack) -> None:
    assert "FAILURE" not in examine(cluster.env).replace("FAILURE  accounts", "")
    url = cluster.env["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as database, psycopg.connect(url) as holder:
        database.execute(TROUBLE)
        holder.execute("SELECT * FROM hub_log FOR UPDATE")  # as a process that is frozen
        columns = "topic, type, at, frame"
        database.execute(
            f"INSERT INTO hub_event ({columns}) SELECT {columns} FROM hub_event LIMIT 1"
        )
        report = examine(
            {
                **cluster.env,
                "DATABASE_URL": f"{url}?options=-c%20default_transaction_read_only%3Don",
                "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
            }
        )
        holder.rollback()
    assert [state for state, line in STATES.items() if not re.search(line, report)] == [], report


def examine(env: Mapping[str, str]) -> str:
    """What `hub_doctor` prints in this environment, whatever it finds."""
    command = [sys.executable, "manage.py", "hub_doctor"]
    variables = environment(env)
    done = subprocess.run(
        command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False
    )
    return done.stdout

"""What is wrong with a server process on purpose. Changed while it runs, through its control."""

import os
import random
import signal
import threading
from collections.abc import Callable
from typing import Any

import msgspec
from django.db import OperationalError
from django.db.backends.signals import connection_created

_never = threading.Event()


class Faults(msgspec.Struct):
    """`drop`, `duplicate`, `reorder`: shares of what comes from the layer.

    `sql_delay`: seconds before every statement. `freeze`: SIGSTOP to this process as soon as it
    has taken the log's lock; once. `undone`: share of the relay's commits that fail, as when the
    connection is lost. `broken`: the name of a module in `tests.stress.broken`.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    sql_delay: float = 0.0
    freeze: bool = False
    undone: float = 0.0
    broken: str = ""
    seed: int = 1


present = Faults()


def around_statement(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
) -> Any:
    if present.sql_delay:
        _never.wait(present.sql_delay)
    result = execute(sql, params, many, context)
    if present.freeze and "hub_log" in sql and "FOR UPDATE" in sql:
        present.freeze = False
        os.kill(os.getpid(), signal.SIGSTOP)
    return result


def _watch(connection: Any, **kwargs: Any) -> None:
    if around_statement in connection.execute_wrappers:
        return
    connection.execute_wrappers.append(around_statement)
    if threading.current_thread().name.startswith("hub-relay"):
        commit = connection.commit
        chance = random.Random(present.seed)

        def uncertain_commit() -> None:
            if chance.random() < present.undone:
                connection.rollback()
                raise OperationalError("this commit fails on purpose")
            commit()

        connection.commit = uncertain_commit


def install() -> None:
    """Every database connection of this process goes through `around_statement`."""
    connection_created.connect(_watch, dispatch_uid="stress.faults")

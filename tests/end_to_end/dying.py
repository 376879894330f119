"""Orders whose process dies, -9, after each of its statements in turn.

`main` runs beside the servers, in a process that never connects to the database itself: each
order is placed by a child forked from it, whose death is as real as any.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Sum

from hub.models import Event
from orders.models import Inventory, Order, Product, User

SLUG = "mug"


def main() -> None:
    """Print one line of JSON for each death, and one for the order that nothing killed."""
    steps = 0
    killed = True
    while killed:
        steps += 1
        killed = os.WIFSIGNALED(_in_child(order_and_die, steps))
        assert _in_child(_report, steps, killed) == 0


def order_and_die(steps: int) -> None:
    """Place an order in plain autocommit; the process dies after so many statements.

    Commits count as statements: after the last one, the rows are there and nobody was told.
    """
    left = steps

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(execute: Callable[..., Any], *statement: Any) -> Any:
        result = execute(*statement)
        count()
        return result

    product = Product.objects.get(slug=SLUG)
    buyer = User.objects.get(username="ana")
    commit = connection.commit

    def counted_commit() -> None:
        commit()
        count()

    connection.commit = counted_commit
    with connection.execute_wrapper(counted):
        Order.objects.create(product=product, ordered_by=buyer, quantity=1)


def _report(steps: int, killed: bool) -> None:
    facts = {
        "steps": steps,
        "killed": killed,
        "orders": Order.objects.count(),
        "pieces": Order.objects.aggregate(sum=Sum("quantity"))["sum"] or 0,
        "received": Event.objects.filter(type="order.received").count(),
        "placed": Event.objects.filter(type="order.placed").count(),
        "stock": Inventory.objects.get(product__slug=SLUG).quantity,
    }
    print(json.dumps(facts), flush=True)


def _in_child(work: Callable[..., None], *arguments: Any) -> int:
    """The wait status of a child that does this work and nothing else."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(*arguments)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1]

"""Views of products: each is recorded at once, and their number is added up once per second.

Recording a view inserts a row that no other request waits for. The count is one row per product,
and the requests for a popular page would queue for it. So the views of a second are added together
in memory and written by a thread. A crash may lose the last second of the count, never a recorded
view.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from orders.announcement import Addressed
from orders.events import ProductViewed
from orders.models import Product, ProductView
from orders.topics import product_page_topic

logger = logging.getLogger("orders.viewing")

PAUSE = 1.0  # seconds over which views are added together
PRUNE_EVERY = 3600.0  # seconds between two looks for old views, per process
PRUNE_CHUNK = 1000  # views removed by one statement


def told(product: int, count: int) -> Addressed:
    """What open pages of a product (its key) are told of its count."""
    return ProductViewed(product=product, count=count), product_page_topic(product)


def record(product: Product, user: Any = None, session: str = "") -> bool:
    """Record that a visitor looked at a product. Returns whether the view counts.

    A repeat within VIEW_REPEAT of the visitor's last recorded view does not count. A visitor is a
    user (an anonymous one is none), else a session. Without either, each view counts.
    """
    key = getattr(user, "pk", None)
    visitor: dict[str, Any] = {}
    if key is not None:
        visitor = {"person_id": key}
    elif session:
        visitor = {"session": session}
    now = timezone.now()
    view = ProductView(product_id=product.pk, at=now, **visitor)
    if visitor:
        earlier = ProductView.objects.filter(product=product.pk, **visitor)
        last = earlier.order_by("-at", "-pk").first()
        if last is not None and now - last.at < settings.VIEW_REPEAT:
            return False
        view.previous = last.pk if last else 0
    try:
        with transaction.atomic():
            view.save(force_insert=True)
    except IntegrityError:
        # The same visitor's other request was faster, or the product or user was just deleted.
        return False
    return True


def prune() -> int:
    """Remove the views that are older than VIEW_KEPT, from the oldest on. Returns their number.

    Their count stays. Views are stored as they come, so the look stops at the first young one.
    """
    before = timezone.now() - max(settings.VIEW_KEPT, settings.VIEW_REPEAT)
    removed = 0
    while True:
        oldest = ProductView.objects.order_by("pk").values_list("pk", "at")[:PRUNE_CHUNK]
        old = [key for key, at in oldest if at < before]
        ProductView.objects.filter(pk__in=old).delete()
        removed += len(old)
        if len(old) < PRUNE_CHUNK:
            return removed


class Counts:
    """Adds views to the products' counts, from any thread and in any kind of process.

    `tell(product key, count)` is called with each new count. The thread lives while there is
    something to write, and prunes old views once per hour. It is not a daemon: a process that ends
    in order writes what it has.
    """

    def __init__(self, tell: Callable[[int, int], object], pause: float = PAUSE) -> None:
        self._tell = tell
        self._pause = pause
        self._lock = threading.Lock()
        self._waiting: Counter[int] = Counter()
        self._thread: threading.Thread | None = None
        self._prune_at = 0.0  # by the monotonic clock

    def add(self, product: int) -> None:
        """Count one more view of the product with this primary key, within about a second."""
        with self._lock:
            self._waiting[product] += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="orders-view-counts")
                self._thread.start()

    def write(self) -> bool:
        """Write what waits, in this thread. A failure is logged, and the views go on waiting."""
        with self._lock:
            waiting, self._waiting = self._waiting, Counter()
        try:
            for product in sorted(waiting):
                self._add_up(product, waiting[product])
                waiting[product] = 0
        except Exception:  # of any kind: the views must not be lost with the thread
            logger.exception("views could not be added up; the next view tries again")
            with self._lock:
                self._waiting += waiting
            return False
        return True

    def forget(self) -> None:
        """Drop what waits: for tests, which delete their products at their end."""
        with self._lock:
            self._waiting.clear()

    def _run(self) -> None:
        pause = threading.Event()  # never set
        try:
            while True:
                pause.wait(self._pause)
                if self._ends(failed=False):
                    return
                written = self.write()
                if written:
                    self._prune()
                if self._ends(failed=not written):
                    return
        finally:
            connections.close_all()  # this thread's own

    def _ends(self, *, failed: bool) -> bool:
        """Whether the thread is done. The next view starts another one, after a failure as well:
        this one ends, so that the process can end too."""
        with self._lock:
            if self._waiting and not failed:
                return False
            self._thread = None
            return True

    def _prune(self) -> None:
        if time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + PRUNE_EVERY
        try:
            prune()
        except DatabaseError:
            logger.exception("old views could not be removed; tried again in an hour")

    def _add_up(self, product: int, views: int) -> None:
        # Without signals: a new count is not a change of the product.
        rows = QuerySet(Product).filter(pk=product)
        rows.update(view_count=F("view_count") + views)
        count = rows.values_list("view_count", flat=True).first()
        if count is not None:  # else the product was removed meanwhile
            self._tell(product, count)

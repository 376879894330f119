"""Races on the shop's rows, on PostgreSQL, where writers really run side by side."""

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import F
from django.db.models.signals import m2m_changed

from hub.models import Event, Subscription
from orders import viewing, watching
from orders.errors import AccountGone, OutOfStock, TooManyWatched
from orders.models import Order, Product, ProductImage, ProductView, User
from orders.receivers import view_counts
from tests.numbering import drain
from tests.orders.pictures import upload
from tests.orders.racing import DEADLINE, race
from tests.orders.shop import data, forget, pieces, product, published, user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def patient_pool(monkeypatch):
    """Two hundred threads share twenty connections: the last one may wait for long."""
    monkeypatch.setattr(connection.pool, "timeout", DEADLINE)


def numbered(kind: str) -> list[int]:
    """The keys of the events of one type, in the order of their positions."""
    while drain().rows:
        pass
    rows = Event.objects.filter(type=kind).order_by("position")
    return list(rows.values_list("pk", flat=True))


def test_two_hundred_buyers_for_ten_pieces_make_ten_orders():
    teapot = product(pieces=10)
    people = [user(f"buyer{n}") for n in range(200)]
    forget()

    def buy(buyer: User) -> Callable[[], Order]:
        return lambda: Order.objects.create(product=teapot, ordered_by=buyer, quantity=1)

    results = race(*(buy(one) for one in people))
    assert sum(isinstance(one, Order) for one in results) == 10
    assert sum(isinstance(one, OutOfStock) for one in results) == 190
    assert pieces(teapot) == 0
    assert Order.objects.values("number").distinct().count() == 10
    assert [kind for _, kind in published()].count("order.received") == 10
    assert [one["left"] for one in data("stock.low")] == [5]


def test_racing_price_changes_are_published_as_they_were_committed():
    teapot = product(price="100.00")
    forget()

    def cut() -> None:
        Product.objects.filter(pk=teapot.pk).update(price=F("price") - 1)

    assert race(*[cut] * 20) == [None] * 20
    drops = data("product.price_dropped")
    assert numbered("product.price_dropped") == sorted(numbered("product.price_dropped"))
    steps = [(Decimal(one["old_price"]), Decimal(one["new_price"])) for one in drops]
    assert steps == [(Decimal(100 - n), Decimal(99 - n)) for n in range(20)]


def test_an_account_deleted_while_it_orders_leaves_no_broken_order():
    teapot = product(pieces=1000)
    for turn in range(20):
        ana = user(f"ana{turn}")
        ordered, deleted = race(
            lambda ana=ana: Order.objects.create(product=teapot, ordered_by=ana, quantity=1),
            lambda ana=ana: User.objects.get(pk=ana.pk).delete(),
        )
        assert isinstance(ordered, Order | AccountGone), ordered
        assert not isinstance(deleted, Exception), deleted
    assert not User.objects.exists()
    assert not Order.objects.exclude(ordered_by=None).exists()
    assert pieces(teapot) == 1000 - Order.objects.count()


def test_two_sign_ups_at_once_cannot_share_an_address():
    def sign_up(name: str, email: str) -> Callable[[], User]:
        return lambda: User.objects.create_user(name, email, "demo")

    results = race(
        *(sign_up(f"ana{n}", f"{'ANA' if n % 2 else 'ana'}@example.com") for n in range(8))
    )
    assert sum(isinstance(one, User) for one in results) == 1
    assert User.objects.count() == 1


@pytest.mark.parametrize("turn", range(5))
def test_two_racing_prices_are_published_as_the_steps_that_were_stored(turn):
    """The second one is compared with what the first stored, not with what it read."""
    teapot = product(price="100.00")
    rows = [Product.objects.get(pk=teapot.pk) for _ in range(2)]
    forget()

    def write(row: Product, price: str) -> Callable[[], None]:
        row.price = Decimal(price)
        return row.save

    assert race(write(rows[0], "80.00"), write(rows[1], "90.00")) == [None, None]
    steps = [(one["old_price"], one["new_price"]) for one in data("product.price_dropped")]
    if Product.objects.get().price == 90:
        assert steps == [("100.00", "80.00")]
    else:
        assert steps == [("100.00", "90.00"), ("90.00", "80.00")]


def test_an_order_deleted_by_many_at_once_is_given_back_once():
    teapot = product(pieces=10)
    for _ in range(5):
        order = Order.objects.create(product=teapot, quantity=4)
        race(*(Order.objects.get(pk=order.pk).delete for _ in range(6)))
        assert pieces(teapot) == 10


def test_an_account_deleted_by_many_at_once_is_published_once():
    ana = user()
    forget()
    race(*(User.objects.get(pk=ana.pk).delete for _ in range(6)))
    assert sorted(kind for _, kind in published()) == [
        "account.deleted",
        "account.deleted",
        "rights.revoked",
    ]


def test_many_simultaneous_views_of_one_visitor_count_once():
    teapot, ana = product(), user()
    looks = race(*[lambda: viewing.record(teapot, ana)] * 20)
    looks += race(*[lambda: viewing.record(teapot, session="a")] * 20)
    assert looks.count(True) == 2
    assert looks.count(False) == 38
    assert ProductView.objects.count() == 2


def test_a_view_does_not_wait_for_a_change_of_the_product():
    teapot, ana = product(), user()
    with transaction.atomic():
        teapot.price = Decimal("20.00")
        teapot.save()  # holds the row until the end of the block
        assert race(lambda: viewing.record(teapot, ana)) == [True]


def test_no_view_is_lost_when_processes_add_up_at_once():
    teapot = product()
    counts = [viewing.Counts(lambda *told: None) for _ in range(10)]
    for one in counts:
        one._waiting[teapot.pk] = 7
    assert race(*(one.write for one in counts)) == [True] * 10
    assert Product.objects.get().view_count == 70
    view_counts.forget()


def test_a_user_cannot_watch_too_much_with_simultaneous_requests(monkeypatch):
    monkeypatch.setattr(watching, "MAX_WATCHED", 3)
    ana = user()
    made = [product(f"p{n}") for n in range(8)]
    results = race(*(lambda one=one: one.watchers.add(ana) for one in made))
    assert results.count(None) == 3
    assert sum(isinstance(one, TooManyWatched) for one in results) == 5
    assert ana.watched_products.count() == 3


class Pause:
    """Lets another thread act between the look of `follow_watchers` and the change itself."""

    def __init__(self, action: str, act: Callable[[], object]) -> None:
        self.action = action
        self.thread = threading.Thread(target=lambda: race(act))

    def __call__(self, sender, action, **kwargs) -> None:
        if action == self.action:
            m2m_changed.disconnect(self, sender=Product.watchers.through)
            self.thread.start()
            self.thread.join(0.3)  # it commits by then, or it waits for us


@pytest.mark.parametrize(
    ("action", "remove"),
    [
        ("pre_remove", lambda ana, teapot: teapot.watchers.remove(ana)),
        ("pre_remove", lambda ana, teapot: ana.watched_products.remove(teapot)),
        ("pre_clear", lambda ana, teapot: teapot.watchers.clear()),
        ("pre_clear", lambda ana, teapot: ana.watched_products.clear()),
    ],
)
def test_watching_and_unwatching_at_once_leave_watch_list_and_subscription_in_step(action, remove):
    ana, teapot = user(), product()
    pause = Pause(action, lambda: Product.objects.get().watchers.add(ana))
    m2m_changed.connect(pause, sender=Product.watchers.through)
    remove(ana, teapot)
    pause.thread.join(DEADLINE)
    numbered("subscription.changed")
    subscribed = Subscription.objects.filter(topic=f"product.{teapot.pk}", until=None)
    assert subscribed.exists() == teapot.watchers.exists() is True


def test_a_file_that_two_rows_share_goes_when_both_are_deleted_at_once(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    teapot = product()
    for _ in range(10):
        first = ProductImage.objects.create(product=teapot, image=upload())
        second = ProductImage.objects.create(product=teapot, image=first.image.name)
        race(first.delete, second.delete)
        assert not Path(first.image.path).exists()


def test_a_file_that_is_shared_while_its_row_goes_survives_if_the_new_row_was_first(
    settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    teapot = product()
    row = ProductImage.objects.create(product=teapot, image=upload())
    began = threading.Event()

    def delete() -> None:
        began.set()
        ProductImage.objects.get(pk=row.pk).delete()

    def share() -> None:
        with transaction.atomic():
            ProductImage.objects.create(product=teapot, image=row.image.name)
            deleting.start()
            began.wait(DEADLINE)
            deleting.join(0.3)
            assert deleting.is_alive(), "the deletion must wait for the row that shares its file"

    deleting = threading.Thread(target=lambda: race(delete))
    share()
    deleting.join(DEADLINE)
    assert Path(row.image.path).exists()


def test_members_added_at_once_are_each_checked_again():
    clerks = Group.objects.create(name="clerks")
    people = [user(f"p{n}") for n in range(10)]
    forget()
    results = race(*(lambda one=one: one.groups.add(clerks) for one in people))
    assert results == [None] * 10
    revoked = {topic for topic, kind in published() if kind == "rights.revoked"}
    assert revoked == {f"user.{one.pk}" for one in people}

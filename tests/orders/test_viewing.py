"""Views of products: which are counted, and what open pages show."""

import datetime
import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.utils import timezone

from hub.publishing.publisher import ephemeral
from hub.publishing.revocation import session_digest
from orders import viewing
from orders.models import Product, ProductView
from orders.receivers import view_counts
from orders.signals import product_viewed
from tests.orders.shop import product, user
from tests.rig.wait import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def look(at: Product, user=None, session: str = "") -> None:
    product_viewed.send(Product, product=at, person=user, session=session)


def count(of: Product) -> int:
    view_counts.write()
    return Product.objects.get(pk=of.pk).view_count


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    """No thread adds up views during the test, not even one that an earlier test left."""
    wait_until(lambda: view_counts._thread is None)
    monkeypatch.setattr(view_counts, "_thread", threading.current_thread())


@pytest.fixture
def teapot():
    return product()


@pytest.fixture
def ana():
    return user()


def test_a_view_is_recorded_at_once_with_its_user(teapot, ana):
    look(teapot, ana)
    view = ProductView.objects.get()
    assert (view.product, view.person, view.session) == (teapot, ana, "")
    assert timezone.now() - view.at < datetime.timedelta(minutes=1)
    assert count(teapot) == 1


def test_a_users_views_within_the_repeat_time_count_once(teapot, ana):
    for _ in range(3):
        look(teapot, ana, "her session does not matter")
    assert ProductView.objects.count() == count(teapot) == 1


def test_a_sessions_views_within_the_repeat_time_count_once(teapot):
    for session in ("a", "a", "b"):
        look(teapot, session=session)
    assert ProductView.objects.count() == count(teapot) == 2


def test_visitors_without_a_session_count_each_time(teapot):
    look(teapot)
    look(teapot, AnonymousUser())
    assert not ProductView.objects.exclude(person=None).exists()
    assert ProductView.objects.count() == count(teapot) == 2


def test_another_user_and_another_product_are_counted_separately(teapot, ana):
    look(teapot, ana)
    look(teapot, user("ben"))
    look(product("lamp"), ana)
    assert ProductView.objects.count() == 3
    assert count(teapot) == 2


def test_a_visitor_who_comes_back_later_counts_again(teapot, ana, settings):
    look(teapot, ana)
    ProductView.objects.update(at=timezone.now() - settings.VIEW_REPEAT)
    look(teapot, ana)
    look(teapot, ana)
    assert ProductView.objects.count() == count(teapot) == 2


def test_the_repeat_time_is_a_setting(teapot, ana, settings):
    settings.VIEW_REPEAT = datetime.timedelta(0)
    look(teapot, ana)
    look(teapot, ana)
    assert count(teapot) == 2


@pytest.mark.both
def test_a_view_is_dropped_when_a_simultaneous_request_was_recorded_first(teapot, ana, monkeypatch):
    """Both read that there was no view, then the other one is recorded."""
    real = viewing.ProductView.objects.filter

    def filter_then_lose(*args, **kwargs):
        answer = list(real(*args, **kwargs))
        monkeypatch.setattr(viewing.ProductView.objects, "filter", real)
        assert viewing.record(teapot, ana)
        return real(pk__in=[one.pk for one in answer])

    monkeypatch.setattr(viewing.ProductView.objects, "filter", filter_then_lose)
    assert not viewing.record(teapot, ana)
    assert ProductView.objects.count() == 1


def test_a_view_that_is_rolled_back_does_not_count(teapot, ana):
    with pytest.raises(RuntimeError), transaction.atomic():
        look(teapot, ana)
        raise RuntimeError
    assert not ProductView.objects.exists()
    assert count(teapot) == 0


def test_views_in_a_transaction_count_once_it_is_committed(teapot, ana):
    with transaction.atomic():
        look(teapot, ana)
        assert count(teapot) == 0
    assert count(teapot) == 1


@pytest.mark.both
def test_a_view_of_a_product_that_is_gone_is_dropped(teapot, ana):
    stale = Product.objects.get(pk=teapot.pk)
    teapot.delete()
    assert not viewing.record(stale, ana)
    view_counts.add(stale.pk)
    assert view_counts.write()


def test_the_count_is_written_without_another_request(teapot, monkeypatch):
    monkeypatch.setattr(view_counts, "_thread", None)
    look(teapot)
    look(teapot)
    wait_until(lambda: Product.objects.get(pk=teapot.pk).view_count == 2)
    wait_until(lambda: "orders-view-counts" not in {t.name for t in threading.enumerate()})


@pytest.mark.both
def test_many_views_are_one_write_and_one_event(teapot, django_assert_num_queries):
    heard = []

    def hear(sender, topic, type, tail, **kwargs):
        heard.append((topic, type, tail))

    for _ in range(50):
        view_counts.add(teapot.pk)
    ephemeral.connect(hear)
    try:
        with django_assert_num_queries(2):  # add, and read what it came to
            view_counts.write()
    finally:
        ephemeral.disconnect(hear)
    [(topic, kind, tail)] = heard
    assert (topic, kind) == (f"product.{teapot.pk}.page", "product.viewed")
    assert f'"data":{{"product":{teapot.pk},"count":50}}' in tail


def test_views_wait_while_the_database_is_away(teapot, monkeypatch, caplog):
    def fail(*args):
        raise DatabaseError("away")

    view_counts.add(teapot.pk)
    with monkeypatch.context() as broken:
        broken.setattr(view_counts, "_add_up", fail)
        assert not view_counts.write()
    assert "views could not be added up" in caplog.text
    view_counts.add(teapot.pk)
    assert count(teapot) == 2


@pytest.mark.both
def test_saving_a_product_that_was_read_earlier_keeps_the_count(teapot):
    stale = Product.objects.get(pk=teapot.pk)
    look(teapot)
    assert count(teapot) == 1
    stale.name = "Pot"
    stale.save()
    assert count(teapot) == stale.view_count == 1
    Product.objects.update(view_count=0)
    assert count(teapot) == 0


@pytest.mark.both
def test_views_are_kept_for_a_while_and_their_count_stays(teapot, ana, settings, monkeypatch):
    monkeypatch.setattr(viewing, "PRUNE_CHUNK", 2)
    for session in "abcde":
        look(teapot, session=session)
    assert count(teapot) == 5
    ProductView.objects.update(at=timezone.now() - settings.VIEW_KEPT)
    look(teapot, ana)
    assert viewing.prune() == 5
    assert [view.person for view in ProductView.objects.all()] == [ana]
    assert count(teapot) == 6
    assert viewing.prune() == 0


def test_the_thread_that_counts_removes_old_views(teapot, settings, monkeypatch):
    monkeypatch.setattr(view_counts, "_prune_at", 0.0)
    monkeypatch.setattr(view_counts, "_thread", None)
    ProductView.objects.create(product=teapot, at=timezone.now() - settings.VIEW_KEPT)
    look(teapot, session="a")
    wait_until(lambda: ProductView.objects.count() == 1)


# The page


def test_the_page_sends_the_signal(client, teapot, ana):
    client.get("/products/teapot/")
    client.force_login(ana)
    client.get("/products/teapot/")
    assert list(ProductView.objects.order_by("pk").values_list("person", flat=True)) == [
        None,
        ana.pk,
    ]


def test_a_view_stores_a_digest_of_the_session_not_its_key(client, teapot):
    session = client.session
    session["basket"] = 1
    session.save()
    client.get("/products/teapot/")
    client.get("/products/teapot/")
    view = ProductView.objects.get()
    assert view.session == session_digest(session.session_key)
    assert session.session_key not in view.session


@pytest.mark.parametrize("headers", [{"x-hub-refresh": "1"}, {"sec-purpose": "prefetch;prerender"}])
def test_refreshes_prefetches_and_missing_pages_are_not_views(client, teapot, headers):
    client.get("/products/teapot/", headers=headers)
    client.head("/products/teapot/")
    client.get("/products/none/")
    assert not ProductView.objects.exists()


def test_a_view_that_cannot_be_recorded_is_logged_and_the_page_is_shown(
    client, teapot, monkeypatch, caplog
):
    def fail(*args, **kwargs):
        raise DatabaseError("read only")

    monkeypatch.setattr(ProductView, "save", fail)
    assert client.get("/products/teapot/").status_code == 200
    assert "record_view" in caplog.text


def test_the_page_hides_the_count_while_there_is_none(client, teapot):
    assert "<div data-live-row hidden><dt>Views" in client.get("/products/teapot/").content.decode()
    count(teapot)
    assert "<div data-live-row><dt>Views" in client.get("/products/teapot/").content.decode()

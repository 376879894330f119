"""A deleted account stays deleted, whatever is posted meanwhile."""

from functools import partial

import pytest
from django.test import Client

from hub.errors import RowGone
from orders.models import User
from tests.orders.racing import race
from tests.orders.shop import text, user

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]

ROUNDS = 50
FORM = {"first_name": "Ana", "last_name": "", "email": "ana@example.com", "bio": "I like tea."}
PASSWORD = {"password": "demo"}


def logged_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def post(client: Client, path: str, form: dict[str, str]) -> int:
    return client.post(path, form).status_code


def test_a_stale_save_does_not_bring_an_account_back():
    ana = user()
    stale = User.objects.get(pk=ana.pk)
    ana.delete()
    with pytest.raises(RowGone):
        stale.save()
    assert not User.objects.exists()


def test_saving_the_account_page_during_a_deletion_leaves_no_account():
    statuses = set()
    for turn in range(ROUNDS):
        ana = user(f"ana{turn}")
        *tabs, last = [logged_in(ana) for _ in range(4)]
        saving = [partial(post, tab, "/account/", FORM | {"email": ana.email}) for tab in tabs]
        statuses |= set(race(*saving, partial(post, last, "/account/delete", PASSWORD)))
        assert not User.objects.filter(pk=ana.pk).exists()
    assert statuses <= {302, 400, 409}, statuses


def test_a_page_of_an_account_that_was_deleted_meanwhile_says_so(monkeypatch):
    ana = user()
    client = logged_in(ana)
    real = User.objects.with_email

    def delete_then_look(email):
        User.objects.filter(pk=ana.pk).delete()
        return real(email)

    monkeypatch.setattr(User.objects, "with_email", delete_then_look)
    answer = client.post("/account/", FORM)
    assert answer.status_code == 409
    assert "This was deleted in the meantime" in text(answer)
    assert not User.objects.exists()


def test_two_deletions_of_one_account_at_once_both_succeed():
    ana = user()
    tabs = [logged_in(ana) for _ in range(4)]
    statuses = race(*(partial(post, tab, "/account/delete", PASSWORD) for tab in tabs))
    assert set(statuses) <= {302, 400, 409}, statuses
    assert not User.objects.exists()

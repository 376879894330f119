"""Sessions: each has its owner, and ends with the account."""

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone

from hub.models import SessionOwner
from hub.publishing.revocation import session_digest
from orders.models import User
from tests.orders.shop import data, forget, published, user

pytestmark = pytest.mark.django_db(transaction=True)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ana():
    return user()


def test_deleting_a_user_ends_all_their_sessions_and_no_others(ana):
    ben = user("ben")
    phone, laptop, other = logged_in(ana), logged_in(ana), logged_in(ben)
    User.objects.get(pk=ana.pk).delete()
    assert [one.owner.person for one in Session.objects.all()] == [ben]
    assert phone.get("/account/").status_code == laptop.get("/account/").status_code == 302
    assert other.get("/account/").status_code == 200


def test_a_deletion_that_is_rolled_back_ends_no_session(ana):
    client = logged_in(ana)
    with pytest.raises(RuntimeError), transaction.atomic():
        User.objects.get(pk=ana.pk).delete()
        raise RuntimeError
    assert client.get("/account/").status_code == 200


def test_a_session_with_a_new_key_still_has_its_owner(ana):
    client = logged_in(ana)
    session = client.session
    session.cycle_key()
    session.save()
    ana.delete()
    assert not Session.objects.exists()


def test_a_visitors_session_has_no_owner(client):
    session = client.session
    session["basket"] = 1
    session.save()
    assert not SessionOwner.objects.exists()


def test_logging_out_forgets_the_owner(ana):
    client = logged_in(ana)
    client.post("/accounts/logout/")
    assert not SessionOwner.objects.exists()


@pytest.mark.both
def test_a_session_of_a_deleted_user_can_still_be_saved(ana):
    client = logged_in(ana)
    session = client.session
    User.objects.get(pk=ana.pk).delete()
    session.create()
    assert not SessionOwner.objects.exists()


def test_a_session_that_another_log_in_replaces_takes_its_sockets_with_it(ana):
    browser, elsewhere = logged_in(ana), logged_in(ana)
    replaced = session_digest(browser.session.session_key)
    forget()
    browser.force_login(user("ben"))
    told_ana = [one for one in published() if one[0] == f"user.{ana.pk}"]
    assert told_ana == [(f"user.{ana.pk}", "rights.revoked")]
    assert data("rights.revoked") == [{"reason": "logout", "session": replaced}]
    assert elsewhere.get("/account/").status_code == 200


def test_a_replaced_session_that_is_rolled_back_goes_on(ana):
    client = logged_in(ana)
    forget()
    with pytest.raises(RuntimeError), transaction.atomic():
        client.session.flush()
        raise RuntimeError
    assert published() == []
    assert client.get("/account/").status_code == 200


def test_clearing_expired_sessions_and_those_of_visitors_revokes_nothing(ana, client):
    logged_in(ana)
    Session.objects.update(expire_date=timezone.now())
    client.session.save()
    forget()
    Session.objects.all().delete()
    assert not Session.objects.exists()
    assert published() == []


def test_a_deletion_revokes_the_account_and_not_each_session(ana):
    logged_in(ana)
    forget()
    ana.delete()
    assert [one["reason"] for one in data("rights.revoked")] == ["deleted"]

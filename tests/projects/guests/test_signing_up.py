"""People sign up through allauth's page, whatever a receiver of this project does."""

import pytest
from allauth.account.models import EmailAddress
from desk import notices
from django.contrib.auth.models import User

import hub
from hub.models import Event, ReceiverFailure
from hub.publishing import failures

pytestmark = pytest.mark.django_db(transaction=True)

FORM = {
    "username": "ana",
    "email": "ana@example.com",
    "password1": "a long one, for once",
    "password2": "a long one, for once",
}


@pytest.fixture(autouse=True)
def as_in_production(monkeypatch):
    monkeypatch.setattr(failures, "passed_on", False)


def broken(*args, **kwargs):
    raise LookupError("a bug of this project")


def test_signing_up_publishes_and_shows_in_the_inbox(client, assert_published):
    assert client.post("/accounts/signup/", FORM).status_code == 302
    ana = User.objects.get()
    assert_published("guest.welcomed", topic=hub.user_topic(ana.pk), name="ana")
    assert_published("guest.address_added", address="ana@example.com")
    assert client.get("/hub/inbox/").status_code == 200


def test_a_receiver_that_raises_keeps_nobody_from_signing_up(client, monkeypatch):
    monkeypatch.setattr(notices, "Welcomed", broken)
    assert client.post("/accounts/signup/", FORM).status_code == 302
    assert client.get("/hub/inbox/").status_code == 200  # signed in
    assert not Event.objects.filter(type="guest.welcomed").exists()
    [failure] = ReceiverFailure.objects.all()
    assert failure.receiver == "desk.notices.welcome" and "a bug of this project" in failure.error


def test_an_atomic_model_and_its_event_are_stored_together_or_not_at_all(monkeypatch):
    ana = User.objects.create_user("ana")
    monkeypatch.setattr(notices, "AddressAdded", broken)
    with pytest.raises(LookupError):
        EmailAddress.objects.create(user=ana, email="ana@example.com")
    assert not EmailAddress.objects.exists() and not Event.objects.exists()

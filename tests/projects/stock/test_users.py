"""Whatever a project's users are, they hear what is theirs."""

import pytest
from asgiref.sync import sync_to_async
from config.asgi import application
from desk.models import Answer, Ticket
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session

import hub
from hub.events import data_of
from hub.inbox import Inbox
from hub.models import Event
from hub.testing import HubCommunicator

PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_user_hears_of_an_answer_at_once_and_finds_it_in_the_inbox(ana):
    def answer():
        return Answer.objects.create(ticket=Ticket.objects.create(asker=ana))

    async with HubCommunicator(application, user=ana) as browser:
        made = await sync_to_async(answer)()
        event = await browser.expect("ticket.answered")
        assert event["title"] == f"Ticket {made.ticket_id} was answered"
        assert await sync_to_async(lambda: Inbox(ana).unseen())() == 1


def set_password(user):
    user.set_password("another")
    user.save()


def upgrade_hash(user):
    before = user.password
    assert user.check_password("demo")
    assert user.password != before


def lose_staff(user):
    user.is_staff = False
    user.save()


def deactivate(user):
    user.is_active = False
    user.save()


def leave_group(user):
    user.groups.clear()


def end_session(user):
    Session.objects.get(owner__person=user).delete()


def delete(user):
    user.delete()


FIELDS = {field.name for field in get_user_model()._meta.get_fields()}
LOSSES = [
    (change, reasons)
    for change, field, reasons in [
        (set_password, "password", ["password"]),
        (upgrade_hash, "password", []),
        (deactivate, "is_active", ["deactivated"]),
        (lose_staff, "is_staff", ["staff"]),
        (leave_group, "groups", ["permissions"]),
        (end_session, "password", ["logout"]),
        (delete, "password", ["deleted"]),
    ]
    if field in FIELDS
]


@pytest.mark.parametrize(("change", "reasons"), LOSSES)
def test_what_a_user_loses_is_an_event_for_their_sockets(ana, client, settings, change, reasons):
    settings.PASSWORD_HASHERS = [PBKDF2, *settings.PASSWORD_HASHERS]
    topic = hub.user_topic(ana.pk)
    client.force_login(ana)
    if "groups" in FIELDS:
        ana.groups.add(Group.objects.create(name="clerks"))
    if "is_staff" in FIELDS:
        ana.is_staff = True
        ana.save()
    Event.objects.all().delete()
    change(ana)
    told = Event.objects.filter(topic=topic, type="rights.revoked").order_by("pk")
    assert [data_of(one.frame)["reason"] for one in told] == reasons


async def test_a_changed_password_closes_the_users_sockets_at_once(ana):
    async with HubCommunicator(application, user=ana) as browser:
        await sync_to_async(set_password)(ana)
        assert await browser.closed() == 4501

"""Clients without a session get a ticket for their token, and a socket for the ticket."""

import datetime

import jwt
import pytest
from asgiref.sync import sync_to_async
from config.asgi import application
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.authtoken.models import Token

import hub
from hub.testing import HubCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


def rest_framework_token(user):
    return "/token-ticket", f"Token {Token.objects.get_or_create(user=user)[0].key}"


def simplejwt(user):
    form = {"username": user.username, "password": "demo"}
    return "/simplejwt-ticket", f"Bearer {Client().post('/jwt', form).json()['access']}"


def bare_jwt(user, seconds=60, key=settings.SECRET_KEY):
    ends = timezone.now() + datetime.timedelta(seconds=seconds)
    token = jwt.encode({"sub": str(user.pk), "exp": ends}, key, algorithm="HS256")
    return "/jwt-ticket", f"Bearer {token}"


KINDS = pytest.mark.parametrize("kind", [rest_framework_token, simplejwt, bare_jwt])


@pytest.fixture
def ana(transactional_db):
    return User.objects.create_user("ana", password="demo")


def ask(path, header=None):
    """As a client without cookies and without a CSRF token."""
    headers = {"Authorization": header} if header else {}
    return Client(enforce_csrf_checks=True).post(path, headers=headers)


def deactivate(user):
    user.is_active = False
    user.save()


def end_sockets(user):
    with transaction.atomic():
        hub.revoke(user.pk, "logout")


@KINDS
@pytest.mark.parametrize("end", [deactivate, end_sockets])
async def test_a_token_opens_the_users_socket(ana, kind, end):
    answer = await sync_to_async(lambda: ask(*kind(ana)))()
    assert answer.status_code == 200, answer.content
    browser = HubCommunicator(application)
    await browser.handshake()
    await browser.say({"op": "hello", "ticket": answer.json()["ticket"]})
    welcome = await browser.hear("welcome")
    assert welcome["user"] == {"id": ana.pk, "name": "ana"}
    await sync_to_async(end)(ana)
    assert await browser.closed() == 4510
    await browser.leave()


@KINDS
def test_without_a_valid_token_there_is_no_ticket(ana, kind):
    path, header = kind(ana)
    assert ask(path).status_code == 401
    refused = ask(path, header[:-4] + "AAAA")
    assert refused.status_code == 401 and refused.json()["error"]["code"] == "unauthorized"
    User.objects.update(is_active=False)
    assert ask(path, header).status_code == 401


@pytest.mark.parametrize("wrong", [{"seconds": -1}, {"key": "another secret, of 32 characters"}])
def test_a_jwt_that_is_over_or_somebody_elses_is_refused(ana, wrong):
    assert ask(*bare_jwt(ana, **wrong)).status_code == 401

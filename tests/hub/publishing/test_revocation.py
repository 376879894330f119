"""The end of a session, as a client sees it that connects at that moment."""

import asyncio
import threading

import pytest
from django.contrib.auth import logout
from django.contrib.sessions.backends import db, signed_cookies
from django.db import connections
from django.http import HttpRequest

from hub.publishing.revocation import end_session
from tests.hub.site import Site, make_person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


class SlowStore(db.SessionStore):
    """Django sends the logout's signal first and ends the session then: here that takes a while."""

    gate = threading.Event()

    def flush(self):
        self.gate.wait(5)
        super().flush()


async def test_a_published_logout_has_already_ended_the_session(site: Site):
    ana = await site.run(make_person)
    key = await site.run(sign_in, ana)
    browser = await site.connect(cookie=key)

    def log_out():
        request = HttpRequest()
        request.session = SlowStore(key)
        request.user = ana
        logout(request)
        connections.close_all()

    leaving = asyncio.create_task(asyncio.to_thread(log_out))
    assert await browser.ended() == (4510, "logout")
    back = await site.connect(cookie=key)
    SlowStore.gate.set()
    await leaving
    assert back.welcome["user"] is None


def test_a_session_stored_in_its_cookie_stays_readable_for_other_receivers():
    request = HttpRequest()
    request.session = signed_cookies.SessionStore()
    request.session["basket"] = [7]
    end_session(None, request=request, user=make_person())
    assert request.session["basket"] == [7]

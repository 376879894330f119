"""A small site for the hub's tests: people, a policy, events, and an application of its own.

Nothing here knows the shop. People are written below the model layer, so that no receiver of a
project publishes anything: the log holds what a test put there.
"""

import asyncio
import contextlib
import datetime
import json
from collections.abc import Callable, Collection
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    logout,
)
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connections, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from hub import EventType, Policy, log, publish, publish_many, revoke
from hub.models import Event
from hub.runtime import HubApplication, HubRuntime
from hub.sockets.consumer import HubConsumer
from tests.rig.communicator import PatientCommunicator
from tests.rig.wait import PATIENCE


class Told(EventType, frozen=True):
    """An event with a text."""

    type: ClassVar[str] = "test.told"
    text: str = ""
    same: str | None = None

    def title(self) -> str:
        return self.text

    def key(self) -> str | None:
        return self.same


class Warned(Told, frozen=True):
    """A notice that protects an account."""

    type: ClassVar[str] = "test.warned"
    security: ClassVar[bool] = True


class SitePolicy(Policy):
    """`open.*` is everybody's, `staff` and `staff.*` are for staff, `gone.*` does not exist."""

    def refusals(self, user: Any, topics: Collection[str]) -> dict[str, Any]:
        return {topic: reason for topic in topics if (reason := self._refusal(user, topic))}

    def _refusal(self, user: Any, topic: str) -> str | None:
        room = topic.split(".")[0]
        if room == "open":
            return None
        if room == "gone":
            return "unknown_topic"
        if user is None or not user.is_active:
            return "forbidden"
        may = user.is_staff if room == "staff" else topic == f"user.{user.pk}"
        return None if may else "forbidden"


def make_application(policy: Policy | None = None) -> HubApplication:
    """An application with nothing but the hub in it."""
    return HubApplication(HubConsumer.as_asgi(), policy=policy or SitePolicy())


def make_person(name: str = "ana", **fields: Any) -> Any:
    """A stored person; no signal is sent."""
    model = get_user_model()
    person = model(username=name, email=f"{name}@example.com", **fields)
    person.set_password("demo")
    QuerySet(model).bulk_create([person])
    return person


def change_person(person: Any, **fields: Any) -> None:
    """Write below the model layer; no signal is sent."""
    QuerySet(get_user_model()).filter(pk=person.pk).update(**fields)


def change_password(person: Any, password: str = "other") -> None:
    person.set_password(password)
    change_person(person, password=person.password)


def sign_in(person: Any, store: Any = SessionStore) -> str:
    """A session of this person; its key."""
    session = store()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def client_of(person: Any) -> Client:
    """A client of views that is signed in as this person."""
    client = Client()
    client.cookies["sessionid"] = sign_in(person)
    return client


def log_out(person: Any, key: str) -> None:
    """As the site's view does it."""
    request = HttpRequest()
    request.session = SessionStore(key)
    request.user = person
    logout(request)


def expire_session(key: str) -> None:
    past = timezone.now() - datetime.timedelta(seconds=1)
    Session.objects.filter(pk=key).update(expire_date=past)


def delete_session(key: str) -> None:
    """Below the model layer, with whatever a project has noted of it; no signal is sent."""
    noted = [
        QuerySet(one.related_model).filter(**{one.field.name: key})
        for one in Session._meta.related_objects
    ]
    for rows in [*noted, Session.objects.filter(pk=key)]:
        rows._raw_delete(rows.db)


def tell(topic: str, *texts: str) -> None:
    """Commit events, all in one transaction."""
    with transaction.atomic():
        for text in texts or ("told",):
            publish(Told(text=text), topic)


def tell_many(topic: str, count: int, size: int = 1) -> None:
    """Commit events, all in one transaction, whose texts are "0", "1"…, each `size` times."""
    with transaction.atomic():
        publish_many((Told(text=str(n) * size), topic) for n in range(count))


def take_away(person: Any, reason: str, session: str | None = None) -> None:
    """Commit a revocation."""
    with transaction.atomic():
        revoke(person.pk, reason, session)


def change_subscriptions(*changes: tuple[Callable[..., None], Any, str]) -> None:
    """Commit `(subscribe, key of the user, topic)` and `(unsubscribe, …)`, in one transaction."""
    with transaction.atomic():
        for verb, person, topic in changes:
            verb(person, topic)


class Browser(PatientCommunicator):
    """A browser of this site. With `answers=False` it never answers a ping."""

    def __init__(
        self,
        application: HubApplication,
        user: Any | None = None,
        *,
        cookie: str | None = None,
        headers: Collection[tuple[bytes, bytes]] = (),
        answers: bool = True,
        runs: bool = False,
    ) -> None:
        super().__init__(application, user, runs=runs)
        self.answers = answers
        if cookie is not None:
            self.scope["headers"].append((b"cookie", f"sessionid={cookie}".encode()))
        self.scope["headers"].extend(headers)

    async def next(self, timeout: float = PATIENCE) -> dict[str, Any]:
        return await super().next(timeout)

    async def answer(self, ping: dict[str, Any]) -> None:
        if self.answers:
            await super().answer(ping)

    async def open(self) -> None:
        """Connect, and say nothing yet."""
        accepted, code = await self.handshake()
        assert accepted, f"the handshake was refused with {code}"

    async def texts(self, count: int) -> list[str]:
        """The texts of the next events."""
        return [(await self.hear("event"))["data"]["text"] for _ in range(count)]

    async def ended(self) -> tuple[int, str]:
        """Wait for the goodbye and the close: the code and the reason. No event may come."""
        goodbye = None
        # One deadline for all of it: each ping that comes instead would begin another.
        async with asyncio.timeout(PATIENCE):
            while True:
                sent = await self.receive_output(PATIENCE)
                if sent["type"] == "websocket.close":
                    assert goodbye is not None and goodbye["code"] == sent["code"]
                    return sent["code"], goodbye["reason"]
                frame = json.loads(sent["text"])
                assert frame["op"] not in ("event", "events"), f"told on the way out: {frame}"
                goodbye = frame if frame["op"] == "goodbye" else goodbye


class Site:
    """One test's application, its browsers, and writes from a thread as views make them.

    `runs`: whether its browsers take several events in one frame.
    """

    def __init__(self, policy: Policy | None = None, *, runs: bool = False) -> None:
        self._runs = runs
        self.application = make_application(policy)
        self._applications = [self.application]
        self._browsers: list[Browser] = []

    @property
    def runtime(self) -> HubRuntime:
        return self.application.runtime()

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """`work` in the thread that views run in."""
        return await sync_to_async(work)(*args, **kwargs)

    async def tell(self, topic: str, *texts: str) -> None:
        await self.run(tell, topic, *texts)

    async def followed(self) -> int:
        """Wait until all that is committed was followed; the position."""

        def read() -> tuple[bool, int]:
            # Numbered rows first, the head second: the other way round it may miss a drain.
            waiting = Event.objects.filter(position=None).exists()
            return waiting, log.state().head

        async with asyncio.timeout(PATIENCE):
            while True:
                waiting, head = await self.run(read)
                if not waiting and self.runtime.follower.position >= head:
                    return head
                await asyncio.sleep(0.01)

    def another(self, policy: Policy | None = None) -> HubApplication:
        """A second process on the same database and layer, as far as the hub can tell."""
        self._applications.append(make_application(policy))
        return self._applications[-1]

    def browser(self, user: Any = None, **options: Any) -> Browser:
        application = options.pop("application", self.application)
        options.setdefault("runs", self._runs)
        self._browsers.append(Browser(application, user, **options))
        return self._browsers[-1]

    async def connect(
        self,
        user: Any = None,
        topics: Collection[str] = (),
        resume: tuple[str, int] | None = None,
        **options: Any,
    ) -> Browser:
        """A browser that was welcomed."""
        browser = self.browser(user, **options)
        resuming = resume and {"epoch": resume[0], "position": resume[1]}
        await browser.connect(topics=topics, resume=resuming)
        return browser

    def forget(self, browser: Browser) -> None:
        """It has disconnected by itself."""
        self._browsers.remove(browser)

    async def close(self) -> None:
        for browser in self._browsers:
            # A test that failed while it waited has cancelled its browser already.
            with contextlib.suppress(asyncio.CancelledError):
                await browser.disconnect()
        for application in self._applications:
            await application.stop()
        await self.run(connections.close_all)

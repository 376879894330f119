"""The doctor's question from outside: only the site itself gets an answer."""

import json
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.core import signing

from hub.runtime import HubApplication, echo
from hub.runtime.asgi import respond

pytestmark = pytest.mark.django_db(transaction=True)


async def page(scope: Any, receive: Any, send: Any) -> None:
    await respond(send, 200, "a page")


async def ask(question: str) -> str:
    application = HubApplication(page)
    headers = [(b"host", b"shop.example"), (echo.HEADER, question.encode())]
    try:
        answer = await HttpCommunicator(application, "GET", "/", headers=headers).get_response()
    finally:
        await application.stop()
    return answer["body"].decode()


async def test_who_has_the_secret_learns_how_the_request_arrived() -> None:
    told = json.loads(await ask(echo.question()))
    assert (told["host"], told["scheme"], told["x-forwarded-for"]) == ("shop.example", "http", None)


# A signature in its name would give the test another one each second.
@pytest.mark.parametrize(
    "forged",
    ["", "x", signing.TimestampSigner(key="other").sign("x")],
    ids=["nothing", "no signature", "another key"],
)
async def test_nobody_else_is_answered(forged: str) -> None:
    assert await ask(forged) == "a page"

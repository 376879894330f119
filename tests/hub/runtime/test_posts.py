"""POSTs of one kind leave room for other requests."""

import asyncio
from typing import Any

import pytest
from channels.testing import HttpCommunicator

from hub.runtime import HubApplication
from hub.runtime.asgi import respond
from tests.rig.wait import async_wait_until

pytestmark = pytest.mark.django_db(transaction=True)


async def test_beyond_its_bound_a_post_is_turned_away_and_others_are_served(settings: Any) -> None:
    settings.HUB_POSTS = {"/accounts/": 2, "/accounts/open/": 3}
    go, running = asyncio.Event(), 0

    async def page(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        running += 1
        if scope["method"] == "POST":
            await go.wait()
        await respond(send, 200, "a page")

    application = HubApplication(page)

    async def ask(method: str, path: str) -> int:
        client = HttpCommunicator(application, method, path)
        client.scope["method"] = method  # as it is written: Daphne changes nothing
        answer = await client.get_response(timeout=30)
        if answer["status"] == 503:
            assert (b"retry-after", b"2") in answer["headers"]
        return int(answer["status"])

    try:
        slow = [asyncio.create_task(ask("POST", "/accounts/login/")) for _ in range(2)]
        await async_wait_until(lambda: running == 2)
        assert await ask("POST", "/accounts/signup/") == 503
        assert await ask("post", "/accounts/signup/") == 503
        assert await ask("GET", "/accounts/login/") == 200
        other = asyncio.create_task(ask("POST", "/accounts/open/"))
        await async_wait_until(lambda: running == 4)
        go.set()
        assert await asyncio.gather(*slow, other) == [200, 200, 200]

        async def is_free() -> bool:
            return await ask("POST", "/accounts/login/") == 200

        await async_wait_until(is_free, what="the bound is free again")
    finally:
        await application.stop()


async def test_posts_of_one_address_keep_nobody_else_out(settings: Any) -> None:
    settings.HUB_POSTS = {"/accounts/": 8}
    go, running = asyncio.Event(), 0

    async def page(scope: Any, receive: Any, send: Any) -> None:
        nonlocal running
        running += 1
        await go.wait()
        await respond(send, 200, "a page")

    application = HubApplication(page)

    async def ask(address: str) -> int:
        client = HttpCommunicator(application, "POST", "/accounts/login/")
        client.scope["client"] = (address, 1)
        answer = await client.get_response(timeout=30)
        return int(answer["status"])

    try:
        first = [asyncio.create_task(ask("9.9.9.9")) for _ in range(2)]
        await async_wait_until(lambda: running == 2)
        assert await ask("9.9.9.9") == 503
        other = asyncio.create_task(ask("8.8.8.8"))
        # One that may be a proxy stands for many clients: only the whole bound holds for it.
        proxied = [asyncio.create_task(ask("10.0.0.1")) for _ in range(5)]
        await async_wait_until(lambda: running == 8)
        assert await ask("10.0.0.1") == 503
        go.set()
        assert await asyncio.gather(*first, other, *proxied) == [200] * 8

        async def is_free() -> bool:
            return await ask("9.9.9.9") == 200

        await async_wait_until(is_free, what="the share is free again")
    finally:
        await application.stop()

"""The consumer, told anything at all."""

import asyncio
import contextlib
import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.hub.site import Site
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


frames = st.one_of(
    st.text(max_size=60),
    st.dictionaries(
        st.sampled_from(["op", "ref", "topics", "since", "position", "resume", "ticket"]),
        st.one_of(
            st.none(),
            st.integers(-2, 2**70),
            st.text(max_size=8),
            st.sampled_from(["hello", "subscribe", "unsubscribe", "pong"]),
            st.lists(st.sampled_from(["open.1", "staff", "gone.1", "user.1", "A"]), max_size=3),
            st.fixed_dictionaries({"epoch": st.text(max_size=4), "position": st.integers()}),
        ),
    ).map(json.dumps),
)


async def test_no_frame_disturbs_the_neighbour_or_ends_without_a_code(site: Site, settings, caplog):
    settings.HUB = {"BURST": 1_000}
    neighbour = await site.connect(topics=["open.1"])
    loop = asyncio.get_running_loop()

    async def try_out(sent):
        browser = site.browser()
        await browser.open()
        for text in sent:
            await browser.send_input({"type": "websocket.receive", "text": text})
        # A fence of the socket's own: an answer to this, or the close, ends the conversation.
        await browser.send_to(text_data='{"op":"dance","ref":"fence"}')
        while True:
            output = await browser.receive_output(PATIENCE)
            if output["type"] == "websocket.close":
                assert output["code"] in (4401, 4500, 4501)
                break
            if json.loads(output["text"]).get("ref") == "fence":
                break
        with contextlib.suppress(asyncio.CancelledError):
            await browser.disconnect()
        site.forget(browser)

    @hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(frames, max_size=5))
    def conversations(sent):
        asyncio.run_coroutine_threadsafe(try_out(sent), loop).result(60)

    await asyncio.to_thread(conversations)
    await site.tell("open.1", "undisturbed")
    assert await neighbour.texts(1) == ["undisturbed"]
    assert "Traceback" not in caplog.text

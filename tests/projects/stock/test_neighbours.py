"""A project's own consumers, with Channels' usual wrappers, beside the hub's on the same layer."""

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from channels.security.websocket import AllowedHostsOriginValidator
from channels.testing import WebsocketCommunicator
from desk.models import Answer, Ticket
from django.core.asgi import get_asgi_application
from django.urls import path

import hub
from hub.testing import HubCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


class Chat(AsyncJsonWebsocketConsumer):
    groups = ["chat"]

    async def said(self, message):
        await self.send_json({"text": message["text"], "to": self.scope["user"].get_username()})


def answer(user):
    return Answer.objects.create(ticket=Ticket.objects.create(asker=user))


async def test_a_chat_and_the_hub_share_a_layer_and_disturb_each_other_in_nothing(ana, client):
    chat = AllowedHostsOriginValidator(AuthMiddlewareStack(Chat.as_asgi()))
    application = hub.asgi_application(get_asgi_application(), websocket=[path("chat/", chat)])
    await sync_to_async(client.force_login)(ana)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    headers = [(b"cookie", cookie), (b"origin", b"http://testserver"), (b"host", b"testserver")]
    talk = WebsocketCommunicator(application, "/chat/", headers=headers)
    async with HubCommunicator(application, user=ana) as browser:
        assert (await talk.connect())[0]
        await sync_to_async(answer)(ana)
        assert (await browser.expect("ticket.answered"))["topic"] == hub.user_topic(ana.pk)
        await get_channel_layer().group_send("chat", {"type": "said", "text": "hello"})
        said = await talk.receive_json_from(timeout=10)
        assert said == {"text": "hello", "to": ana.get_username()}
        await browser.silent_until(hub.user_topic(ana.pk))
        await talk.disconnect()

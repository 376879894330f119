"""Whatever a project's users are, they hear what is theirs."""

import pytest
from asgiref.sync import sync_to_async
from config.asgi import application
from desk.models import Answer, Ticket

from hub.inbox import Inbox
from hub.testing import HubCommunicator

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_user_hears_of_an_answer_at_once_and_finds_it_in_the_inbox(ana):
    def answer():
        return Answer.objects.create(ticket=Ticket.objects.create(asker=ana))

    async with HubCommunicator(application, user=ana) as browser:
        made = await sync_to_async(answer)()
        event = await browser.expect("ticket.answered")
        assert event["title"] == f"Ticket {made.ticket_id} was answered"
        assert await sync_to_async(lambda: Inbox(ana).unseen())() == 1

"""Twenty times, because threads that share a database in memory fail only now and then."""

import pytest
from asgiref.sync import sync_to_async
from desk.models import Answer
from django.contrib.auth.models import User
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", range(20))
async def test_thirty_answers_are_thirty_events_in_order(turn, hub_connect):
    ana = await User.objects.acreate(username="ana")
    async with hub_connect(ana) as browser:
        for number in range(30):
            await sync_to_async(Answer.objects.create)(asker=ana, text=str(number))
        heard = [await browser.expect("question.answered") for _ in range(30)]
    assert [one["data"]["text"] for one in heard] == [str(number) for number in range(30)]


def test_what_was_published_can_be_asked(assert_published):
    ana = User.objects.create(username="ana")
    Answer.objects.create(asker=ana, text="Yes.")
    frame = assert_published("question.answered", topic=f"user.{ana.pk}", text="Yes.")
    assert frame["title"] == "Your question was answered"
    with pytest.raises(AssertionError, match=r"question\.answered on user"):
        assert_published("question.answered", text="No.")


def test_the_test_database_is_a_file(db):
    assert not connection.is_in_memory_db()

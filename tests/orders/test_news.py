"""Users who want news are subscribed to new products."""

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from orders.models import User
from tests.orders.shop import data, forget, product, published, user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ana():
    made = user()
    forget()
    return made


def changes() -> list[tuple[str, bool]]:
    return [(one["subject"], one["on"]) for one in data("subscription.changed")]


def test_a_user_can_subscribe_to_news_and_unsubscribe(ana):
    ana.wants_news = True
    ana.save()
    ana.save()
    User.objects.update(wants_news=False)
    assert changes() == [("news", True), ("news", False)]
    assert {topic for topic, _ in published()} == {f"user.{ana.pk}"}


def test_asking_for_news_is_not_published_as_a_change_of_the_account(ana):
    User.objects.update(wants_news=True)
    assert [kind for _, kind in published()] == ["subscription.changed"]


def test_a_new_user_can_subscribe_to_news_at_once():
    user("zoe", wants_news=True)
    assert changes() == [("news", True)]


def test_a_wish_for_news_that_is_rolled_back_publishes_nothing(ana):
    with pytest.raises(RuntimeError), transaction.atomic():
        User.objects.update(wants_news=True)
        raise RuntimeError
    assert published() == []


def test_the_sign_up_and_the_account_page_ask_about_news(client):
    form = {"username": "zoe", "email": "zoe@example.com", "password1": "a quiet teapot"}
    client.post("/accounts/signup/", form | {"password2": "a quiet teapot", "wants_news": "on"})
    zoe = User.objects.get(username="zoe")
    assert zoe.wants_news
    assert "checked" in client.get("/account/").content.decode()
    client.post("/account/", {"email": zoe.email, "bio": ""})
    assert changes() == [("news", True), ("news", False)]


async def test_news_arrive_live_as_soon_as_they_are_wanted(ana, listen):
    browser = await listen(ana)
    await sync_to_async(product)("lamp")
    await sync_to_async(User.objects.update)(wants_news=True)
    assert (await browser.hear("topics"))["added"] == ["news"]
    await sync_to_async(product)("vase")
    event = await browser.expect("product.created")
    assert (event["topic"], event["title"]) == ("news", "New in the shop: Vase")

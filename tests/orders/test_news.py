"""Who asked for news hears of new products, live and wherever the subscription counts."""

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

from orders.models import User
from tests.orders.shop import data, forget, person, product, told

pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ana():
    made = person()
    forget()
    return made


def changes() -> list[tuple[str, bool]]:
    return [(one["subject"], one["on"]) for one in data("subscription.changed")]


def test_asking_for_news_and_no_longer_wanting_them(ana):
    ana.wants_news = True
    ana.save()
    ana.save()
    User.objects.update(wants_news=False)
    assert changes() == [("news", True), ("news", False)]
    assert {topic for topic, _ in told()} == {f"user.{ana.pk}"}


def test_the_wish_is_no_change_of_the_account_to_be_told(ana):
    User.objects.update(wants_news=True)
    assert [kind for _, kind in told()] == ["subscription.changed"]


def test_who_signs_up_may_ask_at_once():
    person("zoe", wants_news=True)
    assert changes() == [("news", True)]


def test_a_wish_that_is_rolled_back_is_none(ana):
    with pytest.raises(RuntimeError), transaction.atomic():
        User.objects.update(wants_news=True)
        raise RuntimeError
    assert told() == []


def test_the_sign_up_and_the_account_page_ask(client):
    form = {"username": "zoe", "email": "zoe@example.com", "password1": "a quiet teapot"}
    client.post("/accounts/signup/", form | {"password2": "a quiet teapot", "wants_news": "on"})
    zoe = User.objects.get(username="zoe")
    assert zoe.wants_news
    assert "checked" in client.get("/account/").content.decode()
    client.post("/account/", {"email": zoe.email, "bio": ""})
    assert changes() == [("news", True), ("news", False)]


async def test_news_come_live_as_soon_as_they_are_wanted(ana, listen):
    browser = await listen(ana)
    await sync_to_async(product)("lamp")
    await sync_to_async(User.objects.update)(wants_news=True)
    assert (await browser.hear("topics"))["added"] == ["news"]
    await sync_to_async(product)("vase")
    event = await browser.expect("product.created")
    assert (event["topic"], event["title"]) == ("news", "New in the shop: Vase")

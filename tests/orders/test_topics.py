"""The shop's policy: every kind of user against every kind of topic."""

import pytest

from orders.topics import ShopPolicy
from tests.orders.shop import product, user

pytestmark = pytest.mark.django_db

FORBIDDEN, UNKNOWN = "forbidden", "unknown_topic"


@pytest.fixture
def ask():
    teapot = product()
    people = {
        "nobody": None,
        "ana": user("ana"),
        "ben": user("ben"),
        "admin": user("admin", is_staff=True),
        "gone": user("gone", is_staff=True, is_active=False),
    }
    names = {"TEAPOT": str(teapot.pk), **{k.upper(): str(v.pk) for k, v in people.items() if v}}

    def ask(who: str, topic: str) -> str | None:
        filled = ".".join(names.get(part, part) for part in topic.split("."))
        return ShopPolicy().refusals(people[who], [filled]).get(filled)

    return ask


@pytest.mark.parametrize("who", ["nobody", "ana", "admin"])
@pytest.mark.parametrize("topic", ["product.TEAPOT", "product.TEAPOT.page", "news"])
def test_public_topics_are_allowed_for_everybody(ask, who, topic):
    assert ask(who, topic) is None


@pytest.mark.parametrize("who", ["nobody", "ana", "admin"])
@pytest.mark.parametrize(
    "topic", ["product.999", "product.999.page", "product.0", "product.x", "product.9" + "9" * 40]
)
def test_a_product_that_does_not_exist_is_unknown(ask, who, topic):
    assert ask(who, topic) == UNKNOWN


def test_a_users_topic_is_for_that_user_only(ask):
    assert ask("ana", "user.ANA") is None
    for who in ("nobody", "ben", "admin"):
        assert ask(who, "user.ANA") == FORBIDDEN


def test_the_topic_of_a_missing_user_is_forbidden_not_unknown(ask):
    for who in ("nobody", "ana", "admin"):
        assert ask(who, "user.999") == FORBIDDEN


@pytest.mark.parametrize("topic", ["staff", "metrics"])
def test_staff_topics_are_for_staff(ask, topic):
    assert ask("admin", topic) is None
    for who in ("nobody", "ana"):
        assert ask(who, topic) == FORBIDDEN


@pytest.mark.parametrize("topic", ["staff", "news", "product.TEAPOT", "user.GONE", "product.999"])
def test_a_deactivated_user_is_allowed_no_topic(ask, topic):
    assert ask("gone", topic) == FORBIDDEN


@pytest.mark.parametrize("topic", ["", "orders", "staff.page", "user", "newsletter"])
def test_an_undeclared_topic_is_forbidden(ask, topic):
    assert ask("admin", topic) == FORBIDDEN


def test_many_topics_cost_one_query(django_assert_num_queries):
    teapot, ana = product(), user()
    topics = ["news", f"user.{ana.pk}", *(f"product.{n}" for n in range(teapot.pk, 100))]
    with django_assert_num_queries(1):
        refused = ShopPolicy().refusals(ana, topics)
    assert len(refused) == len(topics) - 3

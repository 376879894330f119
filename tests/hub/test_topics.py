import pytest

from hub.errors import BadTopic
from hub.topics import MAX_LENGTH, check_topic, is_topic, user_of, user_topic


@pytest.mark.parametrize(
    "topic",
    [
        *("news", "user.7", "product.12.page", "a-b_c.0", "user.3f2c0a-11"),
        *("user." + "7" * 64, "x" * MAX_LENGTH),
    ],
)
def test_lower_case_segments_joined_by_dots_are_a_topic(topic):
    assert check_topic(topic) == topic


@pytest.mark.parametrize(
    "topic",
    [
        *("", ".", "a.", ".a", "a..b", "User.7", "a b", "a:b", "a\n", "ä", "-a", "a*"),
        *("x" * 101, "user." + "7" * 65),
    ],
)
def test_anything_else_is_not_a_topic(topic):
    assert not is_topic(topic)
    with pytest.raises(BadTopic, match="lower-case segments"):
        check_topic(topic)


@pytest.mark.parametrize("topic", [None, 7, b"news", ["news"]])
def test_a_topic_must_be_text(topic):
    with pytest.raises(BadTopic):
        check_topic(topic)


def test_a_users_topic_has_their_primary_key():
    assert user_topic(7) == "user.7"
    assert user_of(user_topic(7)) == "7"


@pytest.mark.parametrize("topic", ["news", "user", "user.7.page", "users.7", "product.7"])
def test_other_topics_have_no_user(topic):
    assert user_of(topic) is None


def test_a_primary_key_that_is_not_a_segment_has_no_topic():
    with pytest.raises(BadTopic):
        user_topic("a.b c")

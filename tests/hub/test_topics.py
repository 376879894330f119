import pytest

from hub.errors import BadTopic
from hub.topics import MAX_LENGTH, check_topic, is_topic, key_of, user_of, user_topic
from hub.topics import topic as topic_of


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


@pytest.mark.parametrize(
    "key",
    [
        *("Ana@Desk.example", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "a.b c", "-a", "é", "x--a", "x--me"),
        *("_", "a\nb", "A" * 57),
    ],
)
def test_a_key_of_any_characters_has_a_topic_of_its_own(key):
    topic = user_topic(key)
    assert is_topic(topic) and topic.count(".") == 1
    assert user_of(topic) == key


def test_a_key_that_follows_the_grammar_is_its_own_segment():
    assert topic_of("product", 12, "page") == "product.12.page"
    assert user_topic("3f2c0a-11") == "user.3f2c0a-11"


@pytest.mark.parametrize("segment", ["x--", "x--zz9", "x--me1", "x--MFRGG", "x--mf======"])
def test_a_segment_that_encodes_nothing_is_the_key_itself(segment):
    assert key_of(segment) == segment


@pytest.mark.parametrize("key", ["", "A" * 58, "7" * 65])
def test_a_key_that_is_empty_or_too_long_has_no_topic(key):
    with pytest.raises(BadTopic):
        user_topic(key)

"""Bodies of HTTP requests have a limit, for each path its own."""

import pytest

from hub.limits import Limits
from hub.runtime.bodies import BodyLimit, limit_of

LIMIT = 100  # bytes


class Process:
    limits = Limits(body=LIMIT)


class Reader:
    """An application that reads the whole body, as Django does, and answers."""

    def __init__(self):
        self.read = 0
        self.is_left = False

    async def __call__(self, scope, receive, send):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_left = True
                return
            self.read += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def post(reader, chunks, *, announced=None, path="/form"):
    """The statuses that a server sends out, and how many chunks it had to take for that."""
    left, statuses = [*chunks], []

    async def receive():
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    scope = {"type": "http", "path": path, "headers": headers, "hub": Process()}
    await BodyLimit(reader)(scope, receive, send)
    return statuses, len(chunks) - len(left)


@pytest.fixture
def reader():
    return Reader()


async def test_a_body_within_the_limit_is_passed_on(reader):
    assert await post(reader, [b"x" * 50] * 2, announced=LIMIT) == ([200], 2)
    assert reader.read == LIMIT


async def test_a_body_that_announces_too_much_is_refused_before_it_is_read(reader):
    assert await post(reader, [b"x"] * 3, announced=LIMIT + 1) == ([413], 0)
    assert reader.read == 0


async def test_a_body_without_a_length_is_cut_at_the_limit(reader):
    assert await post(reader, [b"x" * 60] * 10) == ([413], 2)
    assert reader.read == 60
    assert reader.is_left


async def test_a_path_for_uploads_has_a_limit_of_its_own(reader, settings):
    settings.HUB_BODIES = {"/upload/": 3 * LIMIT}
    assert await post(reader, [b"x" * 2 * LIMIT], path="/upload/picture") == ([200], 1)
    assert await post(reader, [b"x" * 2 * LIMIT]) == ([413], 1)


def test_of_several_prefixes_the_longest_counts(settings):
    settings.HUB_BODIES = {"/": 1, "/a/": 2, "/a/b": 3}
    assert [limit_of(path, 9) for path in ("/x", "/a/x", "/a/b")] == [1, 2, 3]

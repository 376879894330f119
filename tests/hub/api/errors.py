"""Error responses of the API."""

from typing import Any


def error(answer: Any) -> tuple[int, str]:
    """The status and the code of a response that has the shape of an error."""
    assert answer["Content-Type"].startswith("application/json")
    (content,) = answer.json().values()
    assert set(content) == {"code", "message"}
    assert content["message"]
    return answer.status_code, content["code"]

"""What hub_tail prints of an event."""

import pytest

from hub.management.commands.hub_tail import _line


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "a\nb", "\u202etxt.exe", "\x9b31m"])
def test_a_title_gives_the_terminal_no_commands(text):
    line = _line({"id": 7, "at": "now", "topic": "t", "type": "a.b", "title": f"Hello {text}!"})
    assert line.isprintable()
    assert line.endswith("!")


def test_a_title_in_any_language_is_printed_as_it_is():
    line = _line({"id": 7, "at": "now", "topic": "t", "type": "a.b", "title": "Grüße, 你好"})
    assert line.endswith("Grüße, 你好")

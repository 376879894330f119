"""What a visitor's requests write into the log."""

import http.client
import logging

import pytest
from django.conf import settings
from django.test import Client

from asgi.logs import BURST, RefusedRequests


@pytest.fixture
def lines() -> list[logging.LogRecord]:
    """What passes the filter of the settings' handler."""
    return []


@pytest.fixture(autouse=True)
def handler(lines: list[logging.LogRecord]):
    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record)

    name, _ = settings.LOGGING["handlers"]["stderr"]["filters"]
    assert settings.LOGGING["filters"][name]["()"].endswith(RefusedRequests.__name__)
    kept = Kept()
    kept.addFilter(RefusedRequests())
    logging.getLogger("django.security").addHandler(kept)
    yield
    logging.getLogger("django.security").removeHandler(kept)


def too_many_fields(number: int) -> None:
    client = Client(raise_request_exception=False)
    for _ in range(number):
        fields = {f"field{n}": "" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
        assert client.post("/accounts/login/", fields).status_code == 400


@pytest.mark.django_db
def test_a_form_with_too_many_fields_is_one_warning_without_a_traceback(lines) -> None:
    too_many_fields(1)
    [line] = lines
    assert line.levelname == "WARNING" and not line.exc_info
    assert "\n" not in line.getMessage()


@pytest.mark.django_db
def test_a_flood_of_refused_requests_is_a_few_lines_and_a_number(lines, monkeypatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("asgi.logs.time.monotonic", lambda: clock[0])
    too_many_fields(BURST + 7)
    assert len(lines) == BURST
    clock[0] += 60
    too_many_fields(1)
    assert lines[-1].getMessage().endswith("(and 7 more refused requests)")


def test_headers_that_daphne_cannot_decode_are_warnings_of_one_line(embedded) -> None:
    for turn in range(BURST + 5):
        connection = http.client.HTTPConnection("127.0.0.1", embedded.server.port, timeout=20)
        connection.request("GET", f"/{turn}", headers={"Daphne-Root-Path": b"\xff"})
        assert connection.getresponse().status == 500
        connection.close()
    log = embedded.server.log()
    assert "Traceback" not in log
    warned = [line for line in log.splitlines() if "WARNING daphne.http_protocol" in line]
    assert len(warned) == BURST and "UnicodeDecodeError" in warned[0]

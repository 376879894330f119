"""Emails through Django's SMTP backend to a real server that also refuses, stalls and hangs up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiosmtpd  # noqa: F401  (with it missing, this file is left out, loudly)
import pytest
from django.utils import timezone

from hub.models import Delivery, Worker
from tests.hub.emails import (
    Posted,
    deliver,
    make_due,
    make_subscribers,
    only,
    publish_now,
    states,
    use_smtp,
)
from tests.hub.site import change_person
from tests.rig.certificate import Certificate
from tests.rig.mail import PASSWORD, USER, MailServer
from tests.rig.wait import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with MailServer() as made:
        use_smtp(settings, host="127.0.0.1", port=made.port, timeout=PATIENCE)
        yield made


def test_an_email_arrives_complete(server: MailServer, ana: Any) -> None:
    publish_now(f"user.{ana.pk}", Posted(text="Grüße, \N{TEACUP WITHOUT HANDLE}", link="/tea/"))
    deliver()
    (mail,) = server.mails
    assert mail["Subject"] == "Grüße, \N{TEACUP WITHOUT HANDLE}"
    assert mail["To"] == "ana@example.com"
    assert mail["Message-ID"] == f"<{only().reference}@localhost>"
    assert mail["Date"]
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None and "/tea/" in text.get_content()
    assert html is not None and "Grüße" in html.get_content()
    assert str(mail["List-Unsubscribe"]).strip().startswith("<http")


def test_many_emails_go_over_few_connections(server: MailServer) -> None:
    make_subscribers(5, "open.1")
    publish_now("open.1")
    deliver()
    assert len(server.mails) == 5
    assert len(server.ids()) == 5


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_final_refusal_is_given_up_with_the_servers_reply(server: MailServer, stage: str) -> None:
    make_subscribers(3, "open.1")
    change_person(only_person(), email="gone@example.com")

    def refuse(what: Any) -> str | None:
        to = what if isinstance(what, str) else what["To"]
        return "550 no such mailbox" if to == "gone@example.com" else None

    setattr(server, stage, refuse)
    publish_now("open.1")
    deliver()
    failed = Delivery.objects.get(state="failed")
    assert (failed.error, failed.attempts, failed.repeats) == ("550 no such mailbox", 1, 0)
    assert sorted(states().values()) == ["failed", "sent", "sent"]
    make_due()
    deliver()
    assert server.asked == (2 if stage == "on_recipient" else 3), "it was tried once"


def only_person() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model()._default_manager.order_by("pk").first()


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_temporary_refusal_is_tried_again(server: MailServer, ana: Any, stage: str) -> None:
    setattr(server, stage, lambda what: "451 come back later")
    publish_now(f"user.{ana.pk}")
    deliver()
    waiting = only()
    assert (waiting.state, waiting.error, waiting.repeats) == ("waiting", "451 come back later", 0)
    assert waiting.due_at > timezone.now()
    setattr(server, stage, lambda what: None)
    make_due()
    deliver()
    assert only().state == "sent"
    assert len(server.mails) == 1


def test_a_server_that_was_down_gets_all_emails_and_one_delivery_counts_an_attempt(
    server: MailServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than a busy machine can hold up a test.
    monkeypatch.setattr("hub.deliveries.means_state.FIRST_REOPEN", PATIENCE)
    server.stop()
    make_subscribers(4, "open.1")
    publish_now("open.1")
    deliver()
    assert Delivery.objects.filter(attempts__gt=0).count() == 1
    assert "refused" in Worker.objects.get().error
    server.start()
    make_due()
    deliver()
    assert sorted(states().values()) == ["sent"] * 4
    assert sorted(server.ids().values()) == [1] * 4
    assert Delivery.objects.filter(repeats__gt=0).count() == 0


def test_a_server_that_stalls_holds_up_the_worker_no_longer_than_the_timeout(
    server: MailServer, ana: Any, settings: Any
) -> None:
    use_smtp(settings, host="127.0.0.1", port=server.port, timeout=1)
    server.stall()
    publish_now(f"user.{ana.pk}")
    began = timezone.now()
    deliver()
    assert (timezone.now() - began).total_seconds() < 15
    for _ in range(3):
        if only().repeats:
            break
        make_due()  # the machine was busy for longer than the timeout
        deliver()
    assert (only().state, only().repeats) == ("waiting", 1)
    server.flow()
    use_smtp(settings, host="127.0.0.1", port=server.port, timeout=PATIENCE)
    make_due()
    deliver()
    assert only().state == "sent"
    assert set(server.ids()) == {f"<{only().reference}@localhost>"}


def test_a_connection_cut_after_the_data_counts_a_possible_repeat(
    server: MailServer, ana: Any
) -> None:
    server.hang_up = 1
    publish_now(f"user.{ana.pk}")
    deliver()
    assert (only().state, only().repeats) == ("waiting", 1)
    make_due()
    deliver()
    assert (only().state, only().attempts, only().repeats) == ("sent", 2, 1)
    assert server.ids() == {f"<{only().reference}@localhost>": 2}


def test_one_cut_connection_does_not_affect_the_other_emails(server: MailServer) -> None:
    make_subscribers(4, "open.1")
    server.hang_up = 1
    publish_now("open.1")
    deliver()
    make_due()
    deliver()
    assert sorted(states().values()) == ["sent"] * 4
    assert sorted(server.ids().values()) == [1, 1, 1, 2]
    assert Delivery.objects.filter(repeats=1).count() == 1


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_server_that_closes_with_421_costs_the_next_email_nothing(
    server: MailServer, stage: str
) -> None:
    make_subscribers(2, "open.1")
    replies = ["421 too busy, closing"]
    setattr(server, stage, lambda what: replies.pop() if replies else None)
    publish_now("open.1")
    deliver()
    assert sorted(states().values()) == ["sent", "waiting"]
    sent = Delivery.objects.get(state="sent")
    assert (sent.attempts, sent.repeats) == (1, 0)
    deferred = Delivery.objects.get(state="waiting")
    assert (deferred.error, deferred.repeats) == ("421 too busy, closing", 0)


def test_emails_go_over_tls_with_a_log_in(
    settings: Any, ana: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with MailServer(certificate) as made:
        use_smtp(
            settings,
            host="127.0.0.1",
            port=made.port,
            timeout=PATIENCE,
            use_tls=True,
            username=USER,
            password=PASSWORD,
        )
        publish_now(f"user.{ana.pk}")
        deliver()
        assert made.recipients() == ["ana@example.com"]

"""What a connection no longer hears: rights that are lost."""

import pytest
from django.db import transaction

from hub import publish, revoke, subscribe
from hub.publishing.revocation import session_digest
from hub.sockets import driver
from tests.hub.site import (
    Site,
    Told,
    change_password,
    change_person,
    log_out,
    make_person,
    sign_in,
    take_away,
)
from tests.hub.sockets.steps import change, vanish
from tests.rig.wait import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("reason", "code"),
    [("logout", 4510), ("password", 4501), ("deactivated", 4510), ("deleted", 4510)],
)
async def test_a_revocation_closes_every_socket_of_the_user_and_no_other(site: Site, reason, code):
    ana, ben = await site.run(make_person), await site.run(make_person, "ben")
    tabs = [await site.connect(ana) for _ in range(2)]
    other = await site.connect(ben)

    def write():
        if reason == "password":
            change_password(ana)
        take_away(ana, reason)

    await site.run(write)
    for tab in tabs:
        assert await tab.ended() == (code, reason)
    await other.silent_until(f"user.{ben.pk}")


@pytest.mark.parametrize("behind", [False, True])
async def test_the_last_event_comes_before_the_close_and_nothing_after_it(
    site: Site, behind, monkeypatch
):
    monkeypatch.setattr(
        driver, "REVOCATION_GRACE", 10 * PATIENCE
    )  # a moment is long on a busy machine
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def write():
        with transaction.atomic():
            if behind:
                subscribe(ana.pk, "open.1")
            publish(Told(text="deleted"), f"user.{ana.pk}")
            revoke(ana.pk, "deleted")
            publish(Told(text="after"), f"user.{ana.pk}")

    await site.run(write)
    assert await browser.texts(1) == ["deleted"]
    assert await browser.ended() == (4510, "deleted")


async def test_a_logout_closes_the_sockets_of_its_session_only(site: Site):
    ana = await site.run(make_person)
    here, there = await site.run(sign_in, ana), await site.run(sign_in, ana)
    mine, other = await site.connect(cookie=here), await site.connect(cookie=there)

    await site.run(log_out, ana, here)
    assert await mine.ended() == (4510, "logout")
    await other.silent_until(f"user.{ana.pk}")
    again = await site.connect(cookie=here)
    assert again.welcome["user"] is None


async def test_losing_staff_takes_its_topics_and_keeps_the_socket(site: Site):
    ana = await site.run(make_person, is_staff=True)
    await site.run(change, (subscribe, ana, "staff"))
    await site.connect()
    await site.followed()
    browser = await site.connect(ana, topics=["staff.page", "open.1"])
    await site.tell("staff", "for staff")
    assert await browser.texts(1) == ["for staff"]

    def demote():
        change_person(ana, is_staff=False)
        take_away(ana, "staff")

    await site.run(demote)
    changed = await browser.hear("topics")
    assert (changed["added"], changed["removed"]) == ([], ["staff", "staff.page"])
    await site.tell("staff", "secret")
    await site.tell("staff.page", "secret")
    await browser.silent_until("open.1")


async def test_events_behind_a_lost_right_in_one_transaction_are_not_sent(site: Site):
    ana = await site.run(make_person, is_staff=True)
    browser = await site.connect(ana, topics=["staff"])

    def write():
        with transaction.atomic():
            publish(Told(text="may"), "staff")
            change_person(ana, is_staff=False)
            revoke(ana.pk, "staff")
            publish(Told(text="may not"), "staff")

    await site.run(write)
    assert await browser.texts(1) == ["may"]
    assert (await browser.hear("topics"))["removed"] == ["staff"]
    await browser.silent_until(f"user.{ana.pk}")


async def test_a_recheck_finds_a_deleted_account(site: Site):
    ana = await site.run(make_person)
    browser = await site.connect(ana)

    def write():
        vanish(ana)
        take_away(ana, "permissions")

    await site.run(write)
    assert (await browser.ended())[0] == 4510


async def test_a_revocation_from_before_the_hello_does_not_close_the_socket(site: Site):
    ana = await site.run(make_person)
    first = await site.connect(ana)
    epoch = first.welcome["epoch"]

    def write():
        change_password(ana)
        take_away(ana, "password")

    await site.run(write)
    assert (await first.ended())[0] == 4501
    await site.followed()
    back = await site.connect(ana, resume=(epoch, 0))
    await back.silent_until(f"user.{ana.pk}")


async def test_a_connection_with_the_new_password_stays_though_its_event_comes_later(site: Site):
    """The page after a changed password may connect before the change has its number."""
    ana = await site.run(make_person)
    old = await site.connect(ana)
    site.runtime.relay.disconnect()  # numbered by the next poll only

    def write():
        change_password(ana)
        take_away(ana, "password")

    await site.run(write)
    new = await site.connect(ana)
    assert await old.ended() == (4501, "password")
    assert await site.followed()
    await new.silent_until(f"user.{ana.pk}")


async def test_a_revocations_reason_is_one_of_the_known():
    with pytest.raises(ValueError, match="'boredom'"):
        revoke(7, "boredom")


def test_a_sessions_digest_does_not_give_the_key_away():
    assert session_digest("abcdefgh") == session_digest("abcdefgh")
    assert "abcdefgh" not in session_digest("abcdefgh")
    assert session_digest(None) is None

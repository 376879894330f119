"""Tickets: what they carry, who can read it, and what is not a ticket."""

import base64
import json

import pytest
from django.core import signing

from hub.identity import authentication, tickets
from hub.identity.tickets import Ticket, TicketInvalid, sign, verify
from hub.limits import Limits

KEY = "mzt8ak1vq0w5x2c9b7n4j6h3g8f1d5s0"


def ticket(key=KEY):
    return Ticket("7", 1042, "digest", "auth", key)


def carried(signed):
    """What anybody can read in a ticket."""
    return signing.loads(signed, salt=tickets.SALT)


@pytest.mark.parametrize("key", [KEY, "ä" * 40, None])
def test_a_verified_ticket_equals_the_signed_one(key):
    assert verify(sign(ticket(key)), 300) == ticket(key)


def test_the_session_key_cannot_be_read_from_its_ticket():
    signed = sign(ticket())
    assert sign(ticket()) != signed, "equal tickets would tell equal sessions"
    sealed = carried(signed)[4]
    readable = [signed, json.dumps(carried(signed)), base64.urlsafe_b64decode(sealed).decode("l1")]
    for text in readable:
        assert KEY not in text
        assert KEY[8:16] not in text


def test_changing_any_character_invalidates_a_ticket():
    signed = sign(ticket())
    for place, one in enumerate(signed):
        changed = signed[:place] + ("a" if one != "a" else "b") + signed[place + 1 :]
        with pytest.raises(TicketInvalid):
            verify(changed, 300)


def test_a_session_key_encrypted_by_another_site_invalidates_a_ticket():
    *rest, sealed = carried(sign(ticket()))
    # Its last bytes, but not its last characters, so that it still is base64.
    tampered = sealed[:-8] + ("AAAA" if sealed[-8:-4] != "AAAA" else "BBBB") + sealed[-4:]
    for wrong in (KEY, "", "ä", tampered, sealed[:-4], 5):
        with pytest.raises(TicketInvalid):
            verify(signing.dumps([*rest, wrong], salt=tickets.SALT), 300)


def test_a_former_secret_still_decrypts_its_tickets(settings):
    signed = sign(ticket())
    settings.SECRET_KEY, former = "a new secret " * 5, settings.SECRET_KEY
    with pytest.raises(TicketInvalid):
        verify(signed, 300)
    settings.SECRET_KEY_FALLBACKS = [former]
    assert verify(signed, 300) == ticket()
    assert verify(sign(ticket()), 300) == ticket()


def test_a_ticket_without_a_session_key_is_valid():
    *before, _ = carried(sign(ticket()))
    assert verify(signing.dumps(before, salt=tickets.SALT), 300) == ticket(None)


def test_a_ticket_fits_a_hello_whatever_the_session_key():
    for length in (tickets.MAX_SESSION_KEY, tickets.MAX_SESSION_KEY + 1, 1024 * 1024):
        signed = sign(ticket("x" * length))
        assert len(signed) < Limits().frame_in / 4
        assert verify(signed, 300).session == "digest"


def test_the_digest_of_a_password_is_the_same_in_every_version_of_django():
    # A version with another default must not end the tickets of the servers before the upgrade.
    digest = authentication._auth_digest("a session's hash", "a secret of the site")
    assert digest == "d56f12e5b5bbb888"

import pytest

from hub.publishing import revocation
from hub.sockets import close_codes
from hub.sockets.close_codes import CloseCode, retry_ms

ALL = [value for value in vars(close_codes).values() if isinstance(value, CloseCode)]


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.code}-{one.reason}")
def test_below_4500_comes_back_and_above_does_not(one):
    assert 4000 <= one.code < 5000
    assert one.reconnect == (one.code < 4500)
    assert (retry_ms(one) is not None) == one.reconnect


def test_every_documented_code_has_its_closing():
    codes = {4000, 4008, 4012, 4013, 4029, 4401, 4500, 4501, 4503, 4510}
    assert {one.code for one in ALL} == codes


def test_the_reasons_are_the_documented_ones():
    assert {one.reason for one in ALL} == {
        "restart",
        "epoch",
        "slow",
        "limits",
        "logout",
        "password",
        "deactivated",
        "deleted",
        "protocol",
        "origin",
        "ticket",
    }


@pytest.mark.parametrize(
    ("one", "soonest", "latest"),
    [
        (close_codes.RESTART, 500, 5_000),
        (close_codes.NEW_EPOCH, 500, 5_000),
        (close_codes.UNCHECKED, 1_000, 5_000),
        (close_codes.LIMITS, 10_000, 12_000),
        (close_codes.FLOOD, 10_000, 12_000),
        (close_codes.SLOW, 500, 2_000),
    ],
)
def test_a_crowd_sent_away_at_once_is_spread_over_time(one, soonest, latest):
    drawn = {retry_ms(one) for _ in range(300)}
    assert soonest <= min(drawn) and max(drawn) <= latest
    assert max(drawn) - min(drawn) > 0.8 * (latest - soonest)


def test_every_reason_of_a_revocation_closes_or_is_checked_again():
    assert set(revocation.REASONS) - close_codes.REVOKED.keys() == {"staff", "permissions"}
    assert close_codes.REVOKED.keys() <= set(revocation.REASONS)

"""`manage.py simulate`: shoppers at a real server."""

import io
import re
import time
from random import Random

import pytest
from django.core.management import CommandError, call_command

from orders.simulation.browser import inputs
from orders.simulation.pace import Over, Pace
from orders.simulation.run import Simulation
from orders.simulation.tally import Tally
from tests.rig.ports import free_port

SERVER = "http://127.0.0.1:8000"


def simulate(*options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("simulate", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_shoppers_browse_and_buy_at_a_real_server_and_then_go_home(shared_embedded):
    began = time.monotonic()
    out, err = simulate("--url", shared_embedded.url, "--rate=20", "--seconds=4", "--seed=3")
    assert time.monotonic() - began < 4 + 30
    passed = [int(found) for found in re.findall(r"(\d+)%", err)]
    # Shoppers whose next turn would be too late go home somewhat before the end.
    assert passed == sorted(passed) and 50 < passed[-1] <= 100
    assert re.fullmatch(r"\d+ requests: .*\b0 errors\.\n", out), out
    said = re.search(r"(\d+) orders", out)
    stored = shared_embedded.python(
        "from orders.models import Order, ProductView;"
        "print(Order.objects.count(), ProductView.objects.count())"
    ).split()
    # An order whose answer came too late to be counted is stored all the same.
    assert int(stored[0]) >= int(said[1] if said else 0)
    assert int(stored[1]) > 0


def test_a_server_that_is_away_is_reported_when_the_time_is_up():
    began = time.monotonic()
    with pytest.raises(CommandError, match="requests went wrong; no answers"):
        simulate("--url", f"http://127.0.0.1:{free_port()}", "--rate=20", "--seconds=2")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "url", ["https://shop.example", "http://10.0.0.1:8000", "http://127.0.0.1.example/"]
)
def test_another_machine_needs_force(url):
    with pytest.raises(CommandError, match="--force"):
        simulate("--url", url)


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://127.0.0.1:x", f"{SERVER}/shop/"]
)
def test_a_url_that_is_not_a_site_is_refused(url):
    with pytest.raises(CommandError, match="expected a site"):
        simulate("--url", url, "--force")


@pytest.mark.parametrize("option", ["--rate=0", "--rate=-1", "--rate=1e9", "--seconds=0"])
def test_rate_and_time_are_bounded(option):
    with pytest.raises(CommandError, match=option.partition("=")[0]):
        simulate(option)


def test_the_same_seed_throws_the_same_dice():
    def throws(seed: int) -> list[float]:
        dice: Random = Simulation(SERVER, 1, 1, seed)._dice("shopper 1")
        return [dice.random() for _ in range(5)]

    assert throws(7) == throws(7) != throws(8)


def test_a_pace_gives_no_more_turns_than_it_was_asked_for():
    given = []
    for _ in range(50):  # whenever it begins: the sum of its steps is rounded differently
        pace = Pace(rate=10_000, seconds=0.005)
        turns = 0
        with pytest.raises(Over):
            while True:
                pace.wait()
                turns += 1
        given.append(turns)
    assert 40 <= max(given) <= 50, given  # a machine that stands still takes turns away


def test_a_stopped_pace_gives_no_more_turns():
    pace = Pace(rate=1, seconds=100)
    pace.wait()
    pace.stop()
    with pytest.raises(Over):
        pace.wait()
    with pytest.raises(Over):
        pace.rest(50)


def test_a_tally_tells_refusals_from_errors():
    tally = Tally()
    for status in (200, 302, 422, 409, 404, 500):
        tally.answered(status)
    tally.failed()
    assert (tally.requests, tally.refusals, tally.errors) == (7, 2, 3)


def test_inputs_are_read_as_a_form_would_send_them():
    page = (
        '<input name="a" value="1 &amp; 2"><input type="checkbox" name="b" value="x">'
        '<input type="checkbox" name="c" value="y" checked><input type="submit" name="d">'
    )
    assert inputs(page) == {"a": "1 & 2", "c": "y"}

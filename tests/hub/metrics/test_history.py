"""The samples that a process keeps of all processes."""

import json
from types import SimpleNamespace

import pytest

from hub.metrics import history
from hub.metrics.history import SPAN, History
from tests.rig.wait import async_wait_until


def shown(*texts):
    return SimpleNamespace(entries=[SimpleNamespace(text=text, size=len(text)) for text in texts])


def test_samples_are_kept_in_order_with_their_age_until_they_are_old():
    now = 1000.0
    kept = History(clock=lambda: now)
    for number in range(400):
        kept.show(shown(f'{{"n":{number}}}'))
        now += 1
    told = json.loads(kept.text())
    assert [sample["n"] for _, sample in told] == list(range(400 - int(SPAN), 400))
    assert told[-1][0] == 1000
    now += SPAN
    assert kept.text() == "[]"


def test_the_oldest_go_where_there_are_too_many_bytes(monkeypatch):
    monkeypatch.setattr(history, "MAX_BYTES", 100)
    kept = History(clock=lambda: 1000.0)
    for number in range(50):
        kept.show(shown(json.dumps(f"{number:08}")))
    assert len(json.loads(kept.text())) == 10


@pytest.mark.django_db(transaction=True)
async def test_each_process_keeps_the_samples_of_all(site):
    runtimes = [site.runtime, site.another().runtime()]
    processes = {runtime.process for runtime in runtimes}

    def known(runtime):
        return {event["data"]["process"] for _, event in json.loads(runtime.history.text())}

    def is_known_everywhere():
        return all(known(runtime) == processes for runtime in runtimes)

    await async_wait_until(is_known_everywhere, what="samples of both")

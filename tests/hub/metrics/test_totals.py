"""The totals of a process: labels from a bounded set, durations in OpenTelemetry's buckets."""

import pytest

from hub.metrics.record import Record
from hub.metrics.totals import BOUNDS, MAX_SERIES, OTHER_METHOD, OTHER_ROUTE, Labels, Totals


def finished(route="x/", method="GET", status=200, **facts):
    record = Record(route, method, "https")
    record.status, record.answered = status, True
    for name, value in facts.items():
        setattr(record, name, value)
    return record


def labels_after(record):
    totals = Totals()
    totals.add(record, 0.2)
    [labels] = totals.snapshot()
    return labels


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (finished(), Labels("GET", "https", "x/", "200", "")),
        (finished(status=404), Labels("GET", "https", "x/", "404", "")),
        (finished(status=503), Labels("GET", "https", "x/", "503", "503")),
        (finished(method="BREW"), Labels(OTHER_METHOD, "https", "x/", "200", "")),
        (finished(status=999), Labels("GET", "https", "x/", "", "999")),
        (finished(failed=True), Labels("GET", "https", "x/", "200", "broken_off")),
        (finished(status=None, left=True), Labels("GET", "https", "x/", "", "client_left")),
    ],
)
def test_a_request_has_labels_from_a_bounded_set(record, expected):
    assert labels_after(record) == expected


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, 0), (0.005, 0), (0.0051, 1), (10, 13), (11, 14)]
)
def test_a_duration_is_counted_at_or_below_its_bound(seconds, bucket):
    totals = Totals()
    totals.add(finished(), seconds)
    [histogram] = totals.snapshot().values()
    assert histogram.counts.index(1) == bucket
    assert len(histogram.counts) == len(BOUNDS) + 1


def test_labels_beyond_the_bound_are_counted_together():
    totals = Totals()
    for number in range(MAX_SERIES + 5):
        totals.add(finished(f"route-{number}/"), 0.1)
    found = totals.snapshot()
    assert len(found) == MAX_SERIES + 1
    assert sum(sum(one.counts) for one in found.values()) == MAX_SERIES + 5
    [other] = [labels for labels in found if labels.route == OTHER_ROUTE]
    assert sum(found[other].counts) == 5


def test_a_snapshot_does_not_change_any_more():
    totals = Totals()
    totals.add(finished(), 0.1)
    snapshot = totals.snapshot()
    totals.add(finished(), 0.1)
    assert [sum(one.counts) for one in snapshot.values()] == [1]

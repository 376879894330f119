"""Prometheus text, read with Prometheus' own parser."""

import pytest

from hub.metrics.exposition import Figure, HistogramFigure, text_of

parser = pytest.importorskip("prometheus_client.parser")  # absent from requirements.txt


def parsed(*figures):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text_of(figures))
        for sample in family.samples
    }


def test_values_labels_and_fractions_survive():
    figure = Figure("a_total", "counter", "Of a.", {(("x", "1"),): 3, (("x", "2"),): 0.25})
    assert parsed(figure) == {("a_total", (("x", "1"),)): 3, ("a_total", (("x", "2"),)): 0.25}


@pytest.mark.parametrize("text", ['a "quoted" \\ route', "two\nlines", "naïve/<path:…>"])
def test_any_text_can_be_a_label_or_a_help(text):
    [(key, value)] = parsed(Figure("a", "gauge", text, {(("route", text),): 1})).items()
    assert (key, value) == (("a", (("route", text),)), 1)


def test_buckets_are_added_up_and_the_last_has_all():
    figure = HistogramFigure("d_seconds", "D.", (0.1, 1.0), {(("m", "GET"),): ((2, 3, 4), 12.5)})
    found = parsed(figure)
    method = ("m", "GET")
    assert found["d_seconds_bucket", (("le", "0.1"), method)] == 2
    assert found["d_seconds_bucket", (("le", "1"), method)] == 5
    assert found["d_seconds_bucket", (("le", "+Inf"), method)] == 9
    assert found["d_seconds_count", (method,)] == 9
    assert found["d_seconds_sum", (method,)] == 12.5


def test_an_empty_label_and_a_figure_without_values_are_left_out():
    assert parsed(Figure("a", "gauge", "A.", {(("x", ""), ("y", "1")): 1})) == {
        ("a", (("y", "1"),)): 1
    }
    assert text_of([Figure("a", "gauge", "A.", {})]) == ""

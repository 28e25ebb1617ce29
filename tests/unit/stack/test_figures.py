"""From scrapes to the live table's figures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tickerplant.stack.figures import Scrape, compare, parse, quantile


def scrape(registry: CollectorRegistry, at_s: float) -> Scrape:
    return parse(generate_latest(registry).decode(), at_s)


def test_figures_between_two_scrapes() -> None:
    registry = CollectorRegistry()
    ticks = Counter("tickerplant_ticks_in_total", "", ["stage", "source"], registry=registry).labels("validate", "a")
    out = Counter("tickerplant_ticks_out_total", "", ["stage", "source"], registry=registry).labels("validate", "a")
    lag = Gauge("tickerplant_lag_records", "", ["stage", "topic", "partition"], registry=registry)
    latency = Histogram("tickerplant_latency_seconds", "", ["stage"], buckets=(0.001, 0.002, 0.004), registry=registry).labels("validate")
    quality = Gauge("tickerplant_quality_score", "", ["stage", "source"], registry=registry)
    ticks.inc(100)
    latency.observe(3.0)
    before = scrape(registry, 10.0)
    ticks.inc(50)
    out.inc(40)
    lag.labels("validate", "t", "0").set(3)
    lag.labels("validate", "t", "1").set(4)
    quality.labels("validate", "a").set(0.9)
    for _ in range(100):
        latency.observe(0.0015)
    figures = compare(before, scrape(registry, 12.0))
    assert (figures.in_per_s, figures.out_per_s, figures.lag_records, figures.quality) == (25.0, 20.0, 7, 0.9)
    assert figures.p50_ms == pytest.approx(1.5)
    assert figures.p99_ms == pytest.approx(1.99)


def test_a_restart_counts_from_nought() -> None:
    name = "tickerplant_ticks_in_total"
    assert compare(Scrape(0, {name: 1000}, {1.0: 50}), Scrape(1, {name: 10}, {1.0: 4})).in_per_s == 10


def test_a_reader_of_records_shows_its_records() -> None:
    assert compare(Scrape(0), Scrape(2, {"tickerplant_records_in_total": 8})).in_per_s == 4


def test_no_sample_is_no_latency() -> None:
    figures = compare(Scrape(0), Scrape(1))
    assert (figures.p50_ms, figures.quality, figures.lag_records) == (None, None, None)
    assert quantile({}, 0.5) is None


def test_beyond_the_last_bound_is_the_last_bound() -> None:
    assert quantile({0.1: 0, math.inf: 5}, 0.5) == 0.1


@given(st.lists(st.floats(0.0001, 20), min_size=1), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(samples: list[float], share: float) -> None:
    bounds = [0.001, 0.01, 0.1, 1.0, 10.0, math.inf]
    buckets = {bound: float(sum(one <= bound for one in samples)) for bound in bounds}
    true = sorted(samples)[max(0, math.ceil(share * len(samples) - 1e-9) - 1)]
    upper = next(bound for bound in bounds if true <= bound)
    lower = max([0.0, *(bound for bound in bounds if bound < upper)])
    found = quantile(buckets, share)
    assert found is not None
    assert lower - 1e-12 <= found <= (upper if upper < math.inf else 10.0)

"""From two scrapes of a process's /metrics to the figures of the live table: rates, lag, latency, quality. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

_TICKS = ("tickerplant_ticks_in_total", "tickerplant_frames_total")
_RECORDS_IN = "tickerplant_records_in_total"
_OUT = ("tickerplant_ticks_out_total", "tickerplant_rows_total", "tickerplant_messages_total", "tickerplant_keys_total")
_RECORDS_OUT = "tickerplant_records_out_total"
_LATENCY = ("tickerplant_latency_seconds_bucket", "tickerplant_delivery_seconds_bucket")
_LAG = "tickerplant_lag_records"
_QUALITY = "tickerplant_quality_score"
_DEAD = "tickerplant_dead_letters_total"
_WANTED = (*_TICKS, _RECORDS_IN, *_OUT, _RECORDS_OUT, *_LATENCY, _LAG, _QUALITY, _DEAD)


@dataclass(frozen=True, slots=True)
class Scrape:
    """One reading. totals: sums over labels; buckets: latency counts by upper bound; qualities: one a source."""

    at_s: float
    totals: Mapping[str, float] = field(default_factory=dict)
    buckets: Mapping[float, float] = field(default_factory=dict)
    qualities: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """rates a second; latency in milliseconds over the time between two scrapes, None without samples; lag in records, None if it reads nothing."""

    in_per_s: float = 0.0
    out_per_s: float = 0.0
    lag_records: int | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    quality: float | None = None
    dead_letters: int = 0


def parse(text: str, at_s: float) -> Scrape:
    """The metrics that the table needs; others are not even parsed."""
    lines = [line for line in text.splitlines() if line.startswith(_WANTED)]
    totals: dict[str, float] = defaultdict(float)
    buckets: dict[float, float] = defaultdict(float)
    qualities = []
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        for sample in family.samples:
            if sample.name in _LATENCY:
                buckets[float(sample.labels["le"])] += sample.value
            elif sample.name == _QUALITY:
                qualities.append(sample.value)
            else:
                totals[sample.name] += sample.value
    return Scrape(at_s, dict(totals), dict(buckets), tuple(qualities))


def compare(before: Scrape, now: Scrape) -> Figures:
    """What happened between two scrapes of one process. A restart in between counts from nought."""
    seconds = max(now.at_s - before.at_s, 1e-9)
    lag = now.totals.get(_LAG)
    passed = {bound: count - before.buckets.get(bound, 0.0) for bound, count in now.buckets.items()}
    if any(count < 0 for count in passed.values()):
        passed = dict(now.buckets)
    return Figures(
        in_per_s=_rate(before, now, seconds, (*_TICKS,)) or _rate(before, now, seconds, (_RECORDS_IN,)),
        out_per_s=_rate(before, now, seconds, _OUT) or _rate(before, now, seconds, (_RECORDS_OUT,)),
        lag_records=None if lag is None else int(lag),
        p50_ms=_milliseconds(quantile(passed, 0.50)),
        p99_ms=_milliseconds(quantile(passed, 0.99)),
        quality=sum(now.qualities) / len(now.qualities) if now.qualities else None,
        dead_letters=int(now.totals.get(_DEAD, 0)),
    )


def _rate(before: Scrape, now: Scrape, seconds: float, names: tuple[str, ...]) -> float:
    new = sum(now.totals.get(name, 0.0) for name in names)
    old = sum(before.totals.get(name, 0.0) for name in names)
    return (new - old if new >= old else new) / seconds


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """The value below which `share` of the samples lie, linear inside a bucket; buckets are cumulative. None without samples."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    wanted, lower, below = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if bound == float("inf"):
                return lower
            inside = buckets[bound] - below
            return lower + (bound - lower) * ((wanted - below) / inside if inside else 1.0)
        lower, below = bound, buckets[bound]
    return lower


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000

"""Silence: a symbol that traded regularly and sends nothing while its market is open. A gap in time, found by the watermark records of the log.

It opens when a window of quality ends (see windows), and its next tick ends it. It names no ids: where the venue numbers its trades, one that
was lost makes a gap of its own.
"""

from collections.abc import Iterator

from processors.validate.all_series import AllSeries
from processors.validate.limits import Limits
from processors.validate.series import TickSeries
from schemas.gaps import Gap, GapState
from schemas.ticks import Tick, Watermark

SPACINGS = 20  # a symbol that trades every minute is not silent after five of them, whatever the setting says


def begun(all_series: AllSeries, watermark: Watermark, limits: Limits) -> Iterator[Gap]:
    """The source's series that the watermark finds silent, by symbol."""
    source, now_ns = watermark.source, watermark.ts_event_ns
    keys = [key for key, series in all_series.items() if key[1] == source and _may_be_silent(series, now_ns - limits.silence_ns)]
    for symbol, _ in sorted(keys):
        series = all_series[symbol, source]
        if _is_silent(symbol, series, now_ns, limits):
            all_series.touch((symbol, source))
            series.silent_from_ns = series.heard_ns
            series.tally.gaps += 1
            yield _event(symbol, source, series.silent_from_ns, now_ns, watermark.ts_ingest_ns, "open")


def ended(tick: Tick, source: str, series: TickSeries, contiguous: bool) -> Gap:
    """The series' first tick after it. `filled` where the venue numbers its trades: then the numbers tell what else is missing; else `unfillable`."""
    from_ns, series.silent_from_ns = series.silent_from_ns, 0
    to_ns = max(from_ns, tick.ts_event_ns)
    return _event(tick.symbol, source, from_ns, to_ns, tick.ts_ingest_ns, "filled" if contiguous else "unfillable")


def _may_be_silent(series: TickSeries, before_ns: int) -> bool:
    """Cheap and for all: by the clock alone, and trades had come regularly (two full blocks)."""
    return not series.silent_from_ns and series.usual.from_ns > 0 and series.heard_ns < before_ns


def _is_silent(symbol: str, series: TickSeries, now_ns: int, limits: Limits) -> bool:
    """By open market time: neither the night nor a holiday is silence."""
    usual = series.usual
    spacing_ns = limits.open_ns_between(symbol, usual.from_ns, usual.to_ns) // usual.count
    return limits.open_ns_between(symbol, series.heard_ns, now_ns) > max(limits.silence_ns, SPACINGS * spacing_ns)


def _event(symbol: str, source: str, from_ns: int, to_ns: int, known_at_ns: int, state: GapState) -> Gap:
    return Gap(
        gap_id=f"{source}:{symbol}:trade:silence:{from_ns}",
        symbol=symbol,
        source=source,
        channel="trade",
        cause="silence",
        state=state,
        from_id=0,
        to_id=0,
        from_ns=from_ns,
        to_ns=to_ns,
        size=0,
        filled=0,
        known_at_ns=known_at_ns,
    )

"""Ticks that came too late for the stream's bars: told as gaps, so that operations know that `tickerplant rebuild bars` is due."""

from collections.abc import Iterator, Sequence

from schemas.gaps import Gap
from schemas.ticks import Quote, Trade


def gaps_of(ticks: Sequence[Trade | Quote], source: str) -> Iterator[Gap]:
    """One a symbol and channel, of one envelope. They hold what lies between the event times of its first and last dropped tick, both included."""
    by_series: dict[tuple[str, bool], list[Trade | Quote]] = {}
    for tick in ticks:
        by_series.setdefault((tick.symbol, type(tick) is Trade), []).append(tick)
    for (symbol, is_trade), dropped in sorted(by_series.items()):
        yield _gap(symbol, source, is_trade, dropped)


def _gap(symbol: str, source: str, is_trade: bool, dropped: Sequence[Trade | Quote]) -> Gap:
    times_ns = [tick.ts_event_ns for tick in dropped]
    return Gap(
        gap_id=f"{source}:{symbol}:{'trade' if is_trade else 'quote'}:dropped:{min(times_ns)}:{dropped[0].seq}",
        symbol=symbol,
        source=source,
        channel="trade" if is_trade else "quote",
        cause="dropped",
        state="open",
        from_id=0,
        to_id=0,
        from_ns=min(times_ns),
        to_ns=max(times_ns),
        size=len(dropped),
        filled=0,
        known_at_ns=max(tick.ts_ingest_ns for tick in dropped),
    )

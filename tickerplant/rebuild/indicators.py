"""Indicator records that follow from changed bars, computed by the stage's core over all stored bars of a series. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec import structs

from processors.bars.exact import text_of
from processors.indicators.core import IndicatorsCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.codec import decode_indicators, encode
from schemas.indicators import IndicatorRecord
from schemas.topics import Topic
from tickerplant.verify.rows import BarRow, IndicatorRow


def bar_of(row: BarRow, symbol: str, source: str, timeframe: str) -> Bar:
    """A stored bar as the stage read it."""
    open_, high, low, close = (text_of(price) for price in (row.open_price, row.high_price, row.low_price, row.close_price))
    volume, quote_volume, vwap = (text_of(number) for number in (row.volume, row.quote_volume, row.vwap))
    kind: Any = row.kind
    return Bar(
        symbol, source, timeframe, row.ts_open_ns, row.ts_close_ns, open_, high, low, close, volume, quote_volume, vwap, row.trade_count,
        kind, row.revision, row.quality_score, tuple(row.reasons), row.known_at_ns, row.is_primary, row.primary_epoch,
    )  # fmt: skip


def window_ns(bars: Sequence[Bar], history_bars: int) -> int:
    """From this open on the running stage itself takes a changed bar: it keeps as many."""
    return bars[-history_bars].ts_open_ns if len(bars) >= history_bars else 0


def with_changes(stored: Iterable[Bar], changed: Iterable[Bar]) -> list[Bar]:
    """By time, the changed ones in their places."""
    by_time = {bar.ts_open_ns: bar for bar in stored} | {bar.ts_open_ns: bar for bar in changed}
    return [by_time[opens] for opens in sorted(by_time)]


def records(
    settings: ProcessSettings, bars: Sequence[Bar], rows: Iterable[IndicatorRow], from_ns: int, until_ns: int, known_at_ns: int
) -> Iterator[IndicatorRecord]:
    """New revisions of the records of bars that open from from_ns to before until_ns, as far as they differ from the stored rows.

    bars: all stored ones, from the series' first. rows: by time. None if the series' beginning is no longer stored: then nothing can be recomputed.
    """
    stored = {group[0].ts_open_ns: group for _, found in groupby(rows, lambda row: row.timestamp_us) if (group := list(found))}
    core = IndicatorsCore(settings)
    for offset, bar in enumerate(bars):
        if bar.ts_open_ns >= until_ns:
            return
        (output,) = core.apply(InputRecord(Topic.BARS, 0, offset, None, encode(structs.replace(bar, revision=0))))
        if bar.ts_open_ns < from_ns:
            continue
        record = decode_indicators(output.value)
        known = stored.get(bar.ts_open_ns, [])
        if not known or _differs(record, bar, known):
            revision = max((row.revision for row in known), default=-1) + 1
            # never below the bar's own revision, as every reader expects of a record
            yield structs.replace(record, revision=max(revision, bar.revision), bar_revision=bar.revision, known_at_ns=known_at_ns)


def is_from_beginning(bars: Sequence[Bar], rows: Sequence[IndicatorRow]) -> bool:
    """Whether all bars of the series are stored: the oldest stored record counts as many as there are."""
    if not rows:
        return True
    position = next((number for number, bar in enumerate(bars, 1) if bar.ts_open_ns == rows[0].ts_open_ns), 0)
    return rows[0].seed_bars <= position


def _differs(record: IndicatorRecord, bar: Bar, known: Sequence[IndicatorRow]) -> bool:
    values: Mapping[tuple[str, str], float] = {
        (key, output): value for key, one in record.indicators.items() for output, value in one.values.items()
    }
    return values != {(row.indicator_name, row.output): row.value for row in known} or any(
        row.bar_revision != bar.revision for row in known
    )

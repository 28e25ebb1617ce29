"""Each interval of a symbol has one primary bar, whichever sources have it: readers who name no source would else see two."""

from tickerplant.verify.intervals import text
from tickerplant.verify.report import Report
from tickerplant.verify.store import Tables

TABLE = "market_ohlcv"


def judge_primaries(tables: Tables, report: Report, start_ns: int, symbols: tuple[str, ...], sources: tuple[str, ...]) -> None:
    """Of the named symbols, where a named source takes part; all if none is named. Blocks on the database."""
    for shared in tables.shared_primaries(symbols, start_ns):
        if sources and not set(sources) & set(shared.sources):
            continue
        key = f"{shared.symbol} {shared.timeframe} {text(shared.timestamp_us * 1000)}"
        report.rule(TABLE, key, "is_primary", "true of one source", f"true of {', '.join(shared.sources)}")

"""What the suite of bars of the past wants of a venue's interface for candles."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from schemas.timeframes import FIXED_NS, SECOND_NS, Timeframe
from tests.poll_server import Answer, Answers, Candle, Market

QUIET = 7  # each seventh interval is one without trades


class CandleVenue(Answers, Protocol):
    """symbols: that it lists; stranger: one that it does not. section: what the settings need beside addresses. pages: questions for 3,100 minutes of the first symbol, or for
    as many as it has. quote_volume, trade_count: it tells them. flat: it has a candle for an interval without trades, else none."""

    name: str
    symbols: tuple[str, ...]
    stranger = "ZZZ-USD"
    section: Mapping[str, object] = {}
    pages: int
    quote_volume = False
    trade_count = False
    flat = False
    newest: int | None = None

    def broken(self) -> bytes:
        """An answer with a candle whose open is null."""
        ...


def candles(market: Market, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> list[Candle]:
    """Those of the intervals in which something was traded, from both times on, the running one too."""
    found = market.candles(symbol, timeframe, from_ns, to_ns)
    return [candle for candle in found if traded(candle, timeframe)]


def newest(market: Market, symbol: str, timeframe: Timeframe, number: int) -> list[Candle]:
    """So many, the running one too, also those in which nothing was traded."""
    now_ns, length_ns = market.clock.now_ns(), FIXED_NS[timeframe]
    return market.candles(symbol, timeframe, now_ns // length_ns * length_ns - (number - 1) * length_ns, now_ns)


def traded(candle: Candle, timeframe: Timeframe) -> bool:
    return candle.open_ns // FIXED_NS[timeframe] % QUIET > 0


def turnover(candle: Candle) -> str:
    """In the quote currency, at a mean price of 100."""
    return f"{candle.volume}00"


def seconds(candle: Candle) -> int:
    return candle.open_ns // SECOND_NS


def ok(body: Any) -> Answer:
    return 200, json.dumps(body).encode()


def numbers(texts: Iterable[str]) -> list[float]:
    return [float(text) for text in texts]

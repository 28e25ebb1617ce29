"""The REST half of the exchange server: /api/v3 from the same material, as the exchange answers it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from ingestors.exchange_server.material import Material, TradeRow
from schemas.timeframes import Timeframe, interval_of

_MS_NS = 1_000_000
_KLINES = {timeframe.value: timeframe for timeframe in Timeframe if timeframe is not Timeframe.D2}
_KLINE_TRADES = 50_000  # of one answer: klines are folded from trades when asked for
_STEP_TRADES = 2_000


class Refusal(Exception):
    """An answer with HTTP 400 and the exchange's error body."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.body = msgspec.json.encode({"code": code, "msg": message})


class Rest:
    """answer(path) -> (HTTP status, JSON body). now_ms: the exchange's own time."""

    def __init__(self, material: Material, now_ms: Callable[[], int]) -> None:
        self._material = material
        self._now_ms = now_ms
        self._routes: dict[str, Callable[[dict[str, str]], Any]] = {
            "ping": lambda query: {},
            "time": lambda query: {"serverTime": self._now_ms()},
            "exchangeInfo": self._exchange_info,
            "historicalTrades": self._trades,
            "trades": self._trades,
            "aggTrades": self._aggregated,
            "depth": self._depth,
            "klines": self._klines,
        }

    def answer(self, path: str) -> tuple[int, bytes]:
        split = urlsplit(path)
        route = self._routes.get(split.path.removeprefix("/api/v3/"))
        if route is None:
            return 404, b'{"code":-1000,"msg":"no such path"}'
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        try:
            return 200, msgspec.json.encode(route(query))
        except Refusal as refusal:
            return 400, refusal.body

    def _exchange_info(self, query: dict[str, str]) -> dict[str, Any]:
        rows = [
            {"symbol": s.venue, "status": "TRADING", "baseAsset": s.base, "quoteAsset": s.quote, "filters": []}
            for s in self._material.symbols
        ]
        return {"timezone": "UTC", "serverTime": self._now_ms(), "rateLimits": [], "symbols": rows}

    def _rows(self, query: dict[str, str]) -> list[TradeRow]:
        symbol, limit, from_id = self._symbol(query), _limit(query), _number(query, "fromId", None)
        start_ms, end_ms = _number(query, "startTime", None), _number(query, "endTime", None)
        if from_id is None and start_ms is not None:
            from_id = self._material.first_at(symbol, start_ms)
            if from_id is None:
                return []
        rows = self._material.trades(symbol, from_id, limit)
        return [row for row in rows if end_ms is None or row.time_ms <= end_ms]

    def _trades(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "id": row.trade_id,
                "price": row.price,
                "qty": row.size,
                "quoteQty": f"{Decimal(row.price) * Decimal(row.size):.8f}",
                "time": row.time_ms,
                "isBuyerMaker": row.buyer_is_maker,
                "isBestMatch": True,
            }
            for row in self._rows(query)
        ]

    def _aggregated(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Every trade as an aggregate of its own: the material does not say which belonged to one order."""
        return [
            {
                "a": row.trade_id,
                "p": row.price,
                "q": row.size,
                "f": row.trade_id,
                "l": row.trade_id,
                "T": row.time_ms,
                "m": row.buyer_is_maker,
                "M": True,
            }
            for row in self._rows(query)
        ]

    def _depth(self, query: dict[str, str]) -> dict[str, Any]:
        book = self._material.depth(self._symbol(query))
        limit = _number(query, "limit", 100)
        return {**book, "bids": book["bids"][:limit], "asks": book["asks"][:limit]}

    def _klines(self, query: dict[str, str]) -> list[list[Any]]:
        """From the newest played trades, or those from a time on. Intervals without trades are left out."""
        symbol, timeframe = self._symbol(query), _KLINES.get(query.get("interval", ""))
        if timeframe is None:
            raise Refusal(-1120, "Invalid interval.")
        start_ms, end_ms = _number(query, "startTime", None), _number(query, "endTime", None)
        limit = min(_number(query, "limit", 500) or 500, 1000)
        if start_ms is None:
            return _folded(timeframe, self._material.trades(symbol, None, _KLINE_TRADES), 0, end_ms)[-limit:]
        first_ms = _first_open_ms(timeframe, start_ms)
        last_ms = first_ms + limit * (_close_ms(timeframe, first_ms) - first_ms)
        trades, whole = self._between(symbol, first_ms, last_ms if end_ms is None else _close_ms(timeframe, end_ms))
        rows = _folded(timeframe, trades, first_ms, end_ms)
        return rows[:limit] if whole or len(rows) < 2 else rows[: min(limit, len(rows) - 1)]

    def _between(self, symbol: str, start_ms: int, end_ms: int) -> tuple[list[TradeRow], bool]:
        """Trades of a span, and whether these are all: an answer is made of so many at most."""
        from_id, found = self._material.first_at(symbol, start_ms), list[TradeRow]()
        while from_id is not None and len(found) < _KLINE_TRADES:
            rows = self._material.trades(symbol, from_id, _STEP_TRADES)
            found += rows
            if not rows or rows[-1].time_ms > end_ms:
                return found, True
            from_id = rows[-1].trade_id + 1
        return found, from_id is None

    def _symbol(self, query: dict[str, str]) -> str:
        name = query.get("symbol", "")
        if not name:
            raise Refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if name not in {symbol.venue for symbol in self._material.symbols}:
            raise Refusal(-1121, "Invalid symbol.")
        return name


def kline(open_ms: int, trades: list[TradeRow], close_ms: int) -> list[Any]:
    """A row of /api/v3/klines from the trades of one interval, in order. close_ms: its last millisecond."""
    prices = [Decimal(row.price) for row in trades]
    volume = sum((Decimal(row.size) for row in trades), Decimal())
    quote = sum((Decimal(row.size) * price for row, price in zip(trades, prices, strict=True)), Decimal())
    taker = [(Decimal(row.size), price) for row, price in zip(trades, prices, strict=True) if not row.buyer_is_maker]
    taker_base = sum((size for size, _ in taker), Decimal())
    taker_quote = sum((size * price for size, price in taker), Decimal())
    text = [f"{value:.8f}" for value in (prices[0], max(prices), min(prices), prices[-1], volume)]
    return [
        open_ms,
        *text,
        close_ms,
        f"{quote:.8f}",
        len(trades),
        f"{taker_base:.8f}",
        f"{taker_quote:.8f}",
        "0",
    ]


def _number(query: dict[str, str], name: str, default: int | None) -> int | None:
    text = query.get(name)
    if text is None:
        return default
    if not text.isdigit():
        raise Refusal(-1100, f"Illegal characters found in parameter '{name}'.")
    return int(text)


def _limit(query: dict[str, str]) -> int:
    limit = _number(query, "limit", 500) or 500
    if limit > 1000:
        raise Refusal(-1130, "Data sent for parameter 'limit' is not valid.")
    return limit


def _folded(timeframe: Timeframe, trades: list[TradeRow], first_ms: int, end_ms: int | None) -> list[list[Any]]:
    """The intervals that begin from first_ms to end_ms."""
    intervals: dict[int, list[TradeRow]] = {}
    for row in trades:
        intervals.setdefault(_open_ms(timeframe, row.time_ms), []).append(row)
    return [
        kline(open_ms, rows, _close_ms(timeframe, open_ms))
        for open_ms, rows in sorted(intervals.items())
        if open_ms >= first_ms and (end_ms is None or open_ms <= end_ms)
    ]


def _open_ms(timeframe: Timeframe, at_ms: int) -> int:
    return interval_of(timeframe, at_ms * _MS_NS)[0] // _MS_NS


def _first_open_ms(timeframe: Timeframe, at_ms: int) -> int:
    """Of the first interval that begins at or after a time."""
    begins_ns, ends_ns = interval_of(timeframe, at_ms * _MS_NS)
    return (begins_ns if begins_ns == at_ms * _MS_NS else ends_ns) // _MS_NS


def _close_ms(timeframe: Timeframe, open_ms: int) -> int:
    return interval_of(timeframe, open_ms * _MS_NS)[1] // _MS_NS - 1

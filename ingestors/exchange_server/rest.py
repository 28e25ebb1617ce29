"""The REST half of the exchange server: /api/v3 from the same material, as the exchange answers it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from ingestors.exchange_server.material import Material, TradeRow
from schemas.timeframes import MINUTE_NS

_MINUTE_MS = MINUTE_NS // 1_000_000
_KLINE_TRADES = 50_000  # of one answer: klines are folded from trades when asked for


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
        from_id = _number(query, "fromId", None)
        return self._material.trades(self._symbol(query), from_id, _limit(query))

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
        """1m only, from the newest played trades."""
        if query.get("interval") != "1m":
            raise Refusal(-1120, "Invalid interval.")
        start_ms, end_ms = _number(query, "startTime", 0) or 0, _number(query, "endTime", None)
        minutes: dict[int, list[TradeRow]] = {}
        for row in self._material.trades(self._symbol(query), None, _KLINE_TRADES):
            if row.time_ms >= start_ms and (end_ms is None or row.time_ms <= end_ms):
                minutes.setdefault(row.time_ms - row.time_ms % _MINUTE_MS, []).append(row)
        rows = [kline(open_ms, trades) for open_ms, trades in sorted(minutes.items()) if open_ms >= start_ms]
        limit = min(_number(query, "limit", 500) or 500, 1000)
        return rows[:limit] if start_ms else rows[-limit:]

    def _symbol(self, query: dict[str, str]) -> str:
        name = query.get("symbol", "")
        if not name:
            raise Refusal(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if name not in {symbol.venue for symbol in self._material.symbols}:
            raise Refusal(-1121, "Invalid symbol.")
        return name


def kline(open_ms: int, trades: list[TradeRow]) -> list[Any]:
    """A row of /api/v3/klines from the trades of one minute, in order."""
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
        open_ms + _MINUTE_MS - 1,
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

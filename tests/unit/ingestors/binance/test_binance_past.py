"""What Binance tells about its past: where a time lies among its trades, and klines."""

from typing import Any

import httpx
import pytest

from ingestors.bar_history import BarPage
from ingestors.binance.client import BinanceBarHistory, BinanceClient, BinanceHistory
from runtime.clock import ManualClock
from runtime.errors import TransientError
from schemas.timeframes import MINUTE_NS, Timeframe

START_MS = 1_723_161_600_000
START_NS = START_MS * 1_000_000
TABLE = {"symbols": [{"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT"}]}


def row(minute: int, **more: str) -> list[Any]:
    """As the venue documents it."""
    open_ms = START_MS + minute * 60_000
    prices = [more.get(name, text) for name, text in (("open", "100.10"), ("high", "101"), ("low", "99.5"), ("close", "100"))]
    return [open_ms, *prices, more.get("volume", "2.00000000"), open_ms + 59_999, "201.00000000", 7, "1.0", "100.0", "0"]


async def page(rows: list[list[Any]], now_minute: int = 100, to_minute: int = 100) -> tuple[BarPage, dict[str, str]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=TABLE if "exchangeInfo" in request.url.path else rows)

    client = BinanceClient("http://exchange", "ingest.binance", httpx.MockTransport(answer))
    history = BinanceBarHistory(client, "binance-bars", ManualClock(START_NS + now_minute * MINUTE_NS))
    assert await history.resolve(["BTC-USDT", "NO-SUCH"]) == {"BTC-USDT": "BTCUSDT"}
    found = await history.bars("BTC-USDT", Timeframe.M1, START_NS, START_NS + to_minute * MINUTE_NS)
    return found, dict(asked[-1].url.params)


async def test_klines_are_bars_of_a_source_of_their_own() -> None:
    found, asked = await page([row(0), row(1)])
    assert asked == {
        "symbol": "BTCUSDT", "interval": "1m", "startTime": str(START_MS), "endTime": str(START_MS + 100 * 60_000 - 1), "limit": "1000",
    }  # fmt: skip
    first = found.bars[0]
    assert (first.source, first.kind, first.primary, first.trade_count) == ("binance-bars", "provider", False, 7)
    assert (first.ts_open_ns, first.ts_close_ns) == (START_NS, START_NS + MINUTE_NS)
    assert (first.open, first.high, first.low, first.close) == ("100.10", "101", "99.5", "100")
    assert (first.volume, first.quote_volume, first.vwap) == ("2.00000000", "201.00000000", "100.5")
    assert found.next_ns == START_NS + 2 * MINUTE_NS


async def test_the_open_kline_is_left_out_and_ends_the_pages() -> None:
    found, _ = await page([row(0), row(1)], now_minute=1)
    assert ([bar.ts_open_ns for bar in found.bars], found.next_ns) == ([START_NS], None)


async def test_nothing_more_is_asked_beyond_the_end() -> None:
    assert (await page([row(0), row(1)], to_minute=2))[0].next_ns is None
    assert (await page([]))[0] == BarPage([])


async def test_a_volume_that_is_no_number_is_no_answer() -> None:
    with pytest.raises(TransientError, match="not what was asked for"):
        await page([row(0, volume="many")])


@pytest.mark.parametrize(("rows", "first"), [([{"a": 3, "f": 9, "l": 11, "T": START_MS}], 9), ([], None)])
async def test_a_time_has_its_place_among_the_trades(rows: list[Any], first: int | None) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=rows)

    client = BinanceClient("http://exchange", "ingest.binance", httpx.MockTransport(answer))
    history = BinanceHistory(client, {"BTC-USDT": "BTCUSDT"}, "binance")
    assert history.pages_past
    assert await history.trade_at("BTC-USDT", START_NS - 1) == first
    assert dict(asked[0].url.params) == {"symbol": "BTCUSDT", "startTime": str(START_MS), "limit": "1"}

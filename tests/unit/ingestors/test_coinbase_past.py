"""What Coinbase tells about its past: where a time lies among its trades, and candles."""

from typing import Any

import httpx
import pytest

from ingestors.coinbase.bars import CoinbaseBarHistory
from ingestors.coinbase.client import CoinbaseClient, CoinbaseHistory
from runtime.clock import ManualClock
from runtime.errors import TransientError
from schemas.timeframes import MINUTE_NS, Timeframe

START_S = 1_723_161_600
START_NS = START_S * 10**9


def client(answer: Any) -> CoinbaseClient:
    return CoinbaseClient("http://exchange", "ingest.coinbase", httpx.MockTransport(answer))


def second(trade_id: int) -> int:
    """When a trade happened: ids 1 to 5000, three in a second, and a pause before 2000."""
    return trade_id // 3 + (1_000 if trade_id >= 2_000 else 0)


def trades(request: httpx.Request) -> httpx.Response:
    """As the venue pages: the newest before an id, newest first; 1234 was never given."""
    before, limit = int(request.url.params.get("after", "5001")), int(request.url.params["limit"])
    ids = [trade_id for trade_id in range(max(before - limit - 1, 1), before) if trade_id != 1234][-limit:]
    text = "2024-08-09T{:02}:{:02}:{:02}.5Z"
    rows = [(one, divmod(second(one), 60)) for one in reversed(ids)]
    return httpx.Response(200, json=[
        {"trade_id": one, "side": "sell", "size": "1", "price": "2", "time": text.format(minute // 60, minute % 60, rest)}
        for one, (minute, rest) in rows
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("at_s", "found"),
    [(0, 1), (0.5, 1), (0.6, 3), (411, 1233), (411.4, 1233), (500, 1500), (700, 2000), (second(5000), 4998), (second(5000) + 1, None)],
)
async def test_a_time_has_its_place_among_the_trades(at_s: float, found: int | None) -> None:
    history = CoinbaseHistory(client(trades), {"BTC-USD": "BTC-USD"})
    assert history.pages_past
    assert await history.trade_at("BTC-USD", START_NS + round(at_s * 1e9)) == found


async def test_a_product_that_never_traded_has_none() -> None:
    history = CoinbaseHistory(client(lambda request: httpx.Response(200, json=[])), {"BTC-USD": "BTC-USD"})
    assert await history.trade_at("BTC-USD", START_NS) is None


async def test_candles_keep_their_digits_and_pages_go_on_where_nothing_was_traded() -> None:
    asked: list[httpx.Request] = []
    rows = f"[[{START_S + 60}, 99.10, 101, 1e2, 100.25, 0.00010000],[{START_S - 60}, 1, 1, 1, 1, 1]]"  # newest first; one before the start

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[{"id": "BTC-USD"}]) if request.url.path == "/products" else httpx.Response(200, text=rows)

    history = CoinbaseBarHistory(client(answer), "coinbase-bars", ManualClock(START_NS + 10**18))
    assert await history.resolve(["BTC-USD", "NO-SUCH"]) == {"BTC-USD": "BTC-USD"}
    page = await history.bars("BTC-USD", Timeframe.M1, START_NS - 1, START_NS + 1_000 * MINUTE_NS)
    assert dict(asked[-1].url.params) == {"granularity": "60", "start": "2024-08-09T00:00:00Z", "end": "2024-08-09T04:59:00Z"}
    [bar] = page.bars
    assert (bar.low, bar.high, bar.open, bar.close, bar.volume) == ("99.10", "101", "100", "100.25", "0.00010000")
    assert (bar.ts_open_ns, bar.vwap, bar.source, bar.kind) == (START_NS + MINUTE_NS, "100.25", "coinbase-bars", "provider")
    assert page.next_ns == START_NS + 300 * MINUTE_NS
    assert (await history.bars("BTC-USD", Timeframe.M1, START_NS, START_NS + 300 * MINUTE_NS)).next_ns is None


async def test_a_candle_without_a_number_is_no_answer() -> None:
    history = CoinbaseBarHistory(client(lambda request: httpx.Response(200, text=f"[[{START_S}, null, 1, 1, 1, 1]]")), "x", ManualClock())
    history._names["BTC-USD"] = "BTC-USD"
    with pytest.raises(TransientError, match="not what was asked for"):
        await history.bars("BTC-USD", Timeframe.M1, START_NS, START_NS + MINUTE_NS)

"""REST: what is a symbol, what is waited for, what is refused."""

import httpx
import msgspec
import pytest

from ingestors.binance.client import BinanceClient, BinanceHistory
from ingestors.binance.config import check, path_of, resolve, streams_of
from ingestors.binance.ingestor import BinanceSession
from ingestors.binance.parse import Parser
from ingestors.names import Names
from runtime.errors import TransientError, UserError
from runtime.settings.providers import BinanceSettings

TABLE = {"BTCUSDT": ("BTC-USDT", "TRADING"), "ETHBTC": ("ETH-BTC", "TRADING")}


def client(*answers: httpx.Response | Exception) -> tuple[BinanceClient, list[httpx.Request]]:
    """A client whose calls get these answers, the last one again and again."""
    left, asked = list(answers), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return one

    return BinanceClient("http://exchange", "ingest.binance", httpx.MockTransport(answer)), asked


def trades(*ids: int) -> httpx.Response:
    rows = [
        {"id": i, "price": "1.0", "qty": "2.0", "quoteQty": "2.0", "time": 1000 + i, "isBuyerMaker": True, "isBestMatch": True} for i in ids
    ]
    return httpx.Response(200, json=rows)


async def test_the_symbol_table_gives_canonical_names() -> None:
    row = {"symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": []}
    asking, _ = client(httpx.Response(200, json={"symbols": [row]}))
    assert await asking.symbols() == {"BTCUSDT": ("BTC-USDT", "TRADING")}


async def test_trades_by_id() -> None:
    asking, asked = client(trades(5, 6))
    [first, second] = await BinanceHistory(asking, {"BTC-USDT": "BTCUSDT"}, "binance").trades("BTC-USDT", 5, 2)
    assert (first.trade_id, second.trade_id, first.side, first.ts_event_ns) == (5, 6, "sell", 1_005_000_000)
    assert dict(asked[0].url.params) == {"symbol": "BTCUSDT", "fromId": "5", "limit": "2"}


@pytest.mark.parametrize("status", [429, 418])
async def test_a_limit_is_waited_for(status: int) -> None:
    asking, asked = client(httpx.Response(status, headers={"Retry-After": "0"}), trades(5))
    assert len(await asking.trades("BTCUSDT", 5)) == 1
    assert len(asked) == 2


async def test_a_long_ban_is_not_waited_for() -> None:
    asking, asked = client(httpx.Response(418, headers={"Retry-After": "7200"}))
    with pytest.raises(TransientError, match="418"):
        await asking.trades("BTCUSDT", 5)
    assert len(asked) == 1


async def test_nothing_is_asked_until_a_ban_is_over() -> None:
    asking, asked = client(httpx.Response(429, headers={"Retry-After": "30"}), trades(5))
    for _ in range(2):
        with pytest.raises(TransientError):
            await asking.trades("BTCUSDT", 5)
    assert len(asked) == 1


@pytest.mark.parametrize("problem", [httpx.Response(503), httpx.Response(403, text="firewall"), httpx.ConnectError("away")])
async def test_an_outage_is_tried_again_and_then_told(problem: httpx.Response | Exception) -> None:
    asking, asked = client(problem)
    with pytest.raises(TransientError):
        await asking.trades("BTCUSDT", 5)
    assert len(asked) == 4


async def test_an_answer_that_is_no_json_is_transient() -> None:
    asking, _ = client(httpx.Response(200, text="<html>"))
    with pytest.raises(TransientError):
        await asking.symbols()


async def test_a_refusal_is_the_users_to_mend() -> None:
    asking, _ = client(httpx.Response(400, json={"code": -1121, "msg": "Invalid symbol."}))
    with pytest.raises(UserError, match=r"-1121 Invalid symbol\."):
        await asking.trades("NOPE", 5)


def test_the_combined_stream() -> None:
    settings = BinanceSettings(streams=("trade", "depth@100ms"))
    streams = streams_of(settings, {"BTC-USDT": "BTCUSDT", "ETH-BTC": "ETHBTC"}, ["BTC-USDT", "ETH-BTC"])
    assert path_of(streams) == "/stream?streams=btcusdt@trade/btcusdt@depth@100ms/ethbtc@trade/ethbtc@depth@100ms"
    assert path_of(streams * 100) == "/stream"


def test_a_symbol_that_is_not_listed() -> None:
    assert resolve(["BTC-USD", "BTC-USDT"], TABLE) == {"BTC-USDT": "BTCUSDT"}


def test_more_streams_than_a_connection_takes() -> None:
    with pytest.raises(UserError, match="1200 streams"):
        check(BinanceSettings(symbols_per_connection=400, streams=("trade", "bookTicker", "kline_1m")))


async def test_many_streams_are_asked_for_in_messages_of_a_hundred() -> None:
    settings = BinanceSettings(streams=("trade",), websocket_url="ws://exchange")
    venue_symbols = {f"LONGNAME{i}-USDT": f"LONGNAME{i}USDT" for i in range(250)}
    session = BinanceSession(settings, Names(venue_symbols), Parser({}, "binance"))
    assert await session.address(venue_symbols) == "ws://exchange/stream"
    requests = session.subscribe(venue_symbols, True)
    assert [request.keys for request in requests] == [{"1"}, {"2"}, {"3"}]
    assert msgspec.json.decode(session.unsubscribe(["LONGNAME7-USDT"])[0].frame) == {
        "method": "UNSUBSCRIBE",
        "params": ["longname7usdt@trade"],
        "id": 4,
    }

"""OANDA's prices and candles, as recorded and documented."""

import json
from typing import Any

import httpx
import pytest

from ingestors.events import HEARTBEAT, Ignored
from ingestors.names import Names
from ingestors.oanda.client import OandaBarHistory, OandaClient
from ingestors.oanda.ingestor import OandaVenue
from ingestors.oanda.parse import Parser
from runtime.clock import ManualClock
from runtime.errors import InvalidRecord, UserError
from runtime.settings.providers.oanda import OandaSettings
from schemas.ticks import Quote
from schemas.timeframes import Timeframe
from tests.dialect import RECORDED

NAMES = {"EUR_USD": "EUR-USD", "EUR_JPY": "EUR-JPY"}
SETTINGS = OandaSettings(api_key="token", account="101-004-1-001")
PRICE = {
    "type": "PRICE",
    "instrument": "EUR_USD",
    "time": "2016-10-27T08:38:44.327443673Z",
    "status": "tradeable",
    "bids": [{"price": "1.09177", "liquidity": 10000000}],
    "asks": [{"price": "1.09188", "liquidity": 10000000}],
}
PRICE_NS = 1_477_557_524_327_443_673


def parsed(**more: Any) -> Any:
    return Parser(NAMES).parse(json.dumps(PRICE | more).encode(), 99)


def test_a_price_is_a_quote_whose_time_is_its_number() -> None:
    assert parsed() == Quote("EUR-USD", "1.09177", "10000000", "1.09188", "10000000", PRICE_NS, 99, PRICE_NS)


def test_recorded_lines() -> None:
    path = RECORDED / "oandapyV20" / "pricing_stream.jsonl"
    if not path.exists():
        pytest.skip("no recorded lines here")
    events = [Parser(NAMES).parse(line, 1) for line in path.read_bytes().splitlines()]
    assert [getattr(event, "bid", event) for event in events] == ["114.295", HEARTBEAT, "1.09177", "114.298"]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"status": "non-tradeable"}, "price_of_a_closed_market"),
        ({"bids": []}, "price_with_one_side"),
        ({"asks": []}, "price_with_one_side"),
    ],
)
def test_a_price_at_which_nobody_trades_is_none(more: dict[str, Any], kind: str) -> None:
    assert parsed(**more) == Ignored(kind)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"type": "NEWS"}, "unknown_message"),
        ({"instrument": "XAU_USD"}, "unknown_symbol"),
        ({"time": "yesterday"}, "invalid_field"),
        ({"bids": [{"liquidity": 1}]}, "missing_field"),
    ],
)
def test_a_wrong_line_has_a_reason(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parsed(**more)
    assert refused.value.reason == reason


async def test_the_address_has_the_instruments_and_never_the_key() -> None:
    venue = OandaVenue(SETTINGS)
    session = venue.session(Names({"EUR-USD": "EUR_USD", "USD-JPY": "USD_JPY"}))
    address = await session.address(["USD-JPY", "EUR-USD"])
    start = "https://stream-fxtrade.oanda.com/v3/accounts/101-004-1-001/pricing/stream"
    assert address == f"{start}?instruments=EUR_USD%2CUSD_JPY&snapshot=true"
    assert session.headers()["Authorization"] == "Bearer token"
    await venue.close()


def test_an_account_is_needed_and_named() -> None:
    with pytest.raises(UserError, match=r"set providers\.oanda\.account"):
        OandaVenue(OandaSettings(api_key="token"))


def candle(time: str, complete: bool = True) -> dict[str, Any]:
    sides = {name: {"o": price, "h": price, "l": price, "c": price} for name, price in (("mid", "1.5"), ("bid", "1.4"), ("ask", "1.6"))}
    return {"complete": complete, "volume": 132, "time": time, **sides}


def history(rows: list[dict[str, Any]], asked: list[httpx.Request]) -> OandaBarHistory:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"instrument": "EUR_USD", "granularity": "M1", "candles": rows})

    clock = ManualClock(1_800_000_000_000_000_000)
    return OandaBarHistory(OandaClient(SETTINGS, "token", None, httpx.MockTransport(answer)), "oanda", clock)


async def test_candles_are_bars_of_the_mid_with_both_sides_and_open_ones_are_none() -> None:
    asked: list[httpx.Request] = []
    rows = [candle("2016-10-17T19:35:00.000000000Z"), candle("2016-10-17T19:36:00.000000000Z", complete=False)]
    from_ns = 1_476_732_900_000_000_000
    page = await history(rows, asked).bars("EUR-USD", Timeframe.M1, from_ns, from_ns + 3_600_000_000_000)
    assert [(bar.ts_open_ns, bar.close, bar.volume, bar.quote_count, bar.price_basis) for bar in page.bars] == [
        (from_ns, "1.5", "0", 132, "mid")
    ]
    assert page.bars[0].sides is not None
    assert (page.bars[0].sides.bid_close, page.bars[0].sides.ask_open, page.next_ns) == ("1.4", "1.6", None)
    assert dict(asked[0].url.params)["from"] == "2016-10-17T19:35:00.000000000Z"


async def test_days_end_at_17_new_york_in_summer_and_winter() -> None:
    rows = [candle("2016-10-17T21:00:00.000000000Z"), candle("2016-11-07T22:00:00.000000000Z")]
    page = await history(rows, []).bars("EUR-USD", Timeframe.D1, 0, 1_700_000_000_000_000_000)
    assert [(bar.ts_close_ns - bar.ts_open_ns) / 3.6e12 for bar in page.bars] == [24, 24]
    assert [bar.ts_open_ns % 86_400_000_000_000 // 3_600_000_000_000 for bar in page.bars] == [21, 22]

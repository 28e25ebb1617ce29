"""Tiingo's arrays, as its documents show them."""

import json
from typing import Any

import httpx
import pytest

from ingestors.events import HEARTBEAT, Acknowledged, Denied, Ignored, Refused
from ingestors.names import Names
from ingestors.tiingo_iex.client import TiingoLists
from ingestors.tiingo_iex.config import resolve
from ingestors.tiingo_iex.ingestor import TiingoIexVenue
from ingestors.tiingo_iex.parse import Parser
from runtime.errors import InvalidRecord
from runtime.settings.providers.tiingo_iex import TiingoIexSettings
from schemas.ticks import Quote, Trade

NAMES = {"vym": "VYM", "wes": "WES", "aapl": "AAPL"}
QUOTE = '["Q","2019-01-30T13:33:45.383129126-05:00",1548873225383129126,"vym",100,81.58,81.585,81.59,200,null,null,0,0,null,null,null]'
TRADE = '["T","2019-01-30T13:33:45.594808294-05:00",1548873225594808294,"wes",null,null,null,null,null,50.285,200,null,0,0,0,0]'


def parsed(data: str) -> Any:
    return Parser(NAMES).parse(f'{{"messageType":"A","service":"iex","data":{data}}}'.encode(), 9)


def test_a_quote_has_the_asks_price_before_its_size() -> None:
    ns = 1548873225383129126
    assert parsed(QUOTE) == Quote("VYM", "81.58", "100", "81.59", "200", ns, 9, ns)
    assert parsed(QUOTE.replace("81.59,200", "null,null")) == Ignored("quote_with_one_side")


def test_a_trade_and_its_break() -> None:
    assert parsed(TRADE) == Trade("WES", "50.285", "200", 1548873225594808294, 9, "1548873225594808294-50.285-200")
    assert parsed(TRADE.replace('"T"', '"B"')) == Ignored("trade_break")


@pytest.mark.parametrize("time", ["2026-08-25T14:00:00Z", "2026-08-25T10:00:00-04:00", "2026-08-25T14:00:00+00:00"])
def test_a_reference_price_is_a_value(time: str) -> None:
    ns = 1_787_666_400_000_000_000
    assert parsed(f'["{time}","AAPL",100.0]') == Quote("AAPL", "100.0", "0", "100.0", "0", ns, 9, ns)


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ({"messageType": "H", "response": {"code": 200, "message": "HeartBeat"}}, HEARTBEAT),
        ({"messageType": "I", "data": {"subscriptionId": 7}, "response": {"code": 200}}, Acknowledged(("subscription",))),
        ({"messageType": "E", "response": {"code": 400, "message": "bad tickers"}}, Refused("subscription", "400 bad tickers")),
        ({"messageType": "E", "response": {"code": 401, "message": "no"}}, Denied("401 no")),
    ],
)
def test_what_the_provider_says_of_itself(said: dict[str, Any], event: Any) -> None:
    assert Parser(NAMES).parse(json.dumps(said).encode(), 1) == event


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("[]", "missing_field"),
        ("7", "invalid_field"),
        ('["T","x",1]', "missing_field"),
        (TRADE.replace("wes", "nope"), "unknown_symbol"),
        (TRADE.replace("50.285", "null"), "invalid_field"),
        (TRADE.replace('"wes"', "1"), "invalid_field"),
        ('["yesterday","AAPL",1]', "invalid_field"),
        ('["2026-08-25T14:00:00","AAPL",1]', "invalid_field"),
    ],
)
def test_wrong_arrays_have_a_reason(data: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parsed(data)
    assert refused.value.reason == reason


async def test_later_orders_name_the_subscription_that_the_first_began() -> None:
    venue = TiingoIexVenue(TiingoIexSettings(api_key="secret"))
    session = venue.session(Names({"AAPL": "aapl", "BRK.B": "brk-b"}))
    first = json.loads(session.subscribe(["AAPL"], True)[0].frame)
    assert first == {"eventName": "subscribe", "authorization": "secret", "eventData": {"thresholdLevel": 6, "tickers": ["aapl"]}}
    session.parse(b'{"messageType":"I","data":{"subscriptionId":7}}', 1)
    assert json.loads(session.unsubscribe(["BRK.B"])[0].frame)["eventData"]["subscriptionId"] == 7
    await venue.close()


async def test_tickers_are_looked_up_by_the_hundred() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=[{"ticker": "AAPL"}])

    lists = TiingoLists("https://rest.invalid", "secret", None, httpx.MockTransport(answer))
    symbols = ["AAPL", "EUR-USD", *(f"S{number}" for number in range(100))]
    assert resolve(symbols, await lists.listed(symbols)) == {"AAPL": "aapl"}
    assert len(asked) == 2
    assert all(request.headers["Authorization"] == "Token secret" and "secret" not in str(request.url) for request in asked)

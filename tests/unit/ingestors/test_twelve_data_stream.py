"""Last prices with the volume of the day, as the documents show them."""

import json
from typing import Any

import httpx
import pytest

from ingestors.events import HEARTBEAT, Acknowledged, Ignored, Refused
from ingestors.twelve_data_stream.client import TwelveDataLists
from ingestors.twelve_data_stream.parse import Parser
from runtime.errors import InvalidRecord
from schemas.ticks import Quote, Trade

NAMES = {"AAPL": "AAPL", "EUR/USD": "EUR-USD", "BTC/USD": "BTC-USD"}
SECOND_NS = 1_000_000_000
START_S = 1_616_161_616


def price(symbol: str, second: int, text: str, **more: Any) -> bytes:
    event = {"event": "price", "symbol": symbol, "exchange": "NASDAQ", "type": "Common Stock", "timestamp": START_S + second}
    return (json.dumps(event | more)[:-1] + f', "price": {text}}}').encode()


def test_what_was_traded_since_is_a_trade() -> None:
    parser = Parser(NAMES)
    assert parser.parse(price("AAPL", 0, "121.21", day_volume=27_631_112), 9) == Ignored("price_without_new_volume")
    expected = Trade("AAPL", "121.30", "100", (START_S + 1) * SECOND_NS, 9, f"{START_S + 1}-27631212")
    assert parser.parse(price("AAPL", 1, "121.30", day_volume=27_631_212), 9) == [expected]
    assert parser.parse(price("AAPL", 2, "121.31", day_volume=27_631_212), 9) == Ignored("price_without_new_volume")


def test_what_is_late_changes_nothing_and_a_new_day_begins_at_nothing() -> None:
    parser = Parser(NAMES)
    parser.parse(price("AAPL", 10, "1", day_volume=500), 9)
    assert parser.parse(price("AAPL", 9, "1", day_volume=400), 9) == Ignored("price_without_new_volume")
    (next_trade,) = parser.parse(price("AAPL", 11, "1", day_volume=510), 9)  # type: ignore[misc]
    (next_day,) = parser.parse(price("AAPL", 70_000, "1", day_volume=25), 9)  # type: ignore[misc]
    assert (next_trade.size, next_day.size) == ("10", "25")


def test_a_volume_that_the_provider_takes_back_is_no_trade() -> None:
    parser = Parser(NAMES)
    parser.parse(price("AAPL", 0, "121.21", day_volume=27_631_112), 9)
    assert parser.parse(price("AAPL", 1, "121.30", day_volume=27_631_000), 9) == Ignored("price_without_new_volume")
    (following,) = parser.parse(price("AAPL", 2, "121.30", day_volume=27_631_050), 9)  # type: ignore[misc]
    assert following.size == "50"


def test_currencies_are_quotes_and_each_of_a_second_is_news() -> None:
    parser = Parser(NAMES)
    frame = price("EUR/USD", 0, "1.0915", bid=1.0914, ask=1.0916)
    first, second = parser.parse(frame, 9), parser.parse(frame, 9)
    ns = START_S * SECOND_NS
    assert first == [Quote("EUR-USD", "1.0914", "0", "1.0916", "0", ns, 9, ns)]
    assert second == [Quote("EUR-USD", "1.0914", "0", "1.0916", "0", ns, 9, ns + 1)]


def test_crypto_may_be_both_and_a_bare_price_is_a_value() -> None:
    parser = Parser(NAMES)
    parser.parse(price("BTC/USD", 0, "33000", bid=1, ask=2, day_volume=1.5), 9)
    events: Any = parser.parse(price("BTC/USD", 1, "33000.5", bid=32999.5, ask=33001, day_volume=1.75), 9)
    assert [type(event) for event in events] == [Quote, Trade]
    assert events[1].size == "0.25"
    value: Any = parser.parse(price("EUR/USD", 2, "1.09"), 9)
    assert (value.bid, value.ask, value.bid_size) == ("1.09", "1.09", "0")


def test_answers_name_what_was_taken_and_what_was_not() -> None:
    said = b'{"event":"subscribe-status","status":"warning","success":[{"symbol":"AAPL","exchange":"NASDAQ"}],"fails":[{"symbol":"NOPE"}]}'
    acknowledged, refused = Parser(NAMES).parse(said, 1)  # type: ignore[misc]
    assert acknowledged == Acknowledged(("AAPL",))
    assert isinstance(refused, Refused)
    assert refused.key == "NOPE"
    assert Parser(NAMES).parse(b'{"event":"heartbeat","status":"ok"}', 1) == HEARTBEAT


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"{}", "missing_field"),
        (b'{"event":"news"}', "unknown_message"),
        (b'{"event":"price","symbol":"NOPE","price":1,"timestamp":1}', "unknown_symbol"),
        (b'{"event":"price","symbol":"AAPL","timestamp":1}', "invalid_field"),
        (b'{"event":"price","symbol":"AAPL","price":1,"timestamp":1,"day_volume":"many"}', "invalid_field"),
        (b'{"event":', "broken_json"),
    ],
)
def test_any_bytes_have_a_reason(frame: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        Parser(NAMES).parse(frame, 1)
    assert refused.value.reason == reason


async def test_few_are_looked_up_singly_and_many_by_the_list() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"data": [{"symbol": "AAPL"}], "status": "ok"})

    lists = TwelveDataLists("https://rest.invalid", "secret", None, httpx.MockTransport(answer))
    assert await lists.listed(["AAPL", "EUR-USD", "S1", "S2", "S3", "I.SPX"]) == {"AAPL"}
    assert [(request.url.path, dict(request.url.params)) for request in asked] == [("/stocks", {}), ("/forex_pairs", {"symbol": "EUR/USD"})]
    assert all("secret" not in str(request.url) for request in asked)

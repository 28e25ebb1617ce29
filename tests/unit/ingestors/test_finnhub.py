"""Finnhub's trades as its documents show them, and what is easily got wrong without ids."""

from typing import Any

import httpx
import pytest

from ingestors.events import HEARTBEAT, Refused
from ingestors.finnhub.client import FinnhubClient, FinnhubHistory
from ingestors.finnhub.config import name_of
from ingestors.finnhub.ingestor import FinnhubVenue
from ingestors.finnhub.parse import Parser
from ingestors.link import shown
from ingestors.names import Names
from ingestors.parsing import Following, Ordinals
from runtime.clock import ManualClock
from runtime.errors import InvalidRecord, UserError
from runtime.settings.providers.finnhub import FinnhubSettings
from schemas.ticks import Quote, Trade

SETTINGS = FinnhubSettings(api_key="secret")
NAMES = {"BINANCE:BTCUSDT": "BTC-USDT", "AAPL": "AAPL", "OANDA:EUR_USD": "EUR-USD"}
TRADE = '{"c":null,"p":95372.09,"s":"BINANCE:BTCUSDT","t":1768655932976,"v":0.00063}'


def frame(*rows: str) -> bytes:
    return f'{{"data":[{",".join(rows)}],"type":"trade"}}'.encode()


def test_a_trade_has_an_id_of_what_is_known_of_it() -> None:
    ns = 1768655932976_000_000
    assert Parser(NAMES).parse(frame(TRADE), 99) == Trade("BTC-USDT", "95372.09", "0.00063", ns, 99, "1768655932976-95372.09-0.00063")


def test_trades_that_are_just_alike_are_several() -> None:
    events: Any = Parser(NAMES).parse(frame(TRADE, TRADE, TRADE.replace("0.00063", "1")), 99)
    assert [event.trade_id.rpartition("-")[2] for event in events] == ["0.00063", "1", "1"]
    assert len({event.trade_id for event in events}) == 3


def test_a_price_without_size_is_a_value_and_each_is_news() -> None:
    row = '{"p":1.0915,"s":"OANDA:EUR_USD","t":1768655932976,"v":0}'
    first, second = Parser(NAMES).parse(frame(row, row), 99)  # type: ignore[misc]
    ns = 1768655932976_000_000
    assert first == Quote("EUR-USD", "1.0915", "0", "1.0915", "0", ns, 99, ns)
    assert second.update_id == ns + 1


def test_one_wrong_row_costs_no_other() -> None:
    good, bad = Parser(NAMES).parse(frame(TRADE, TRADE.replace("BINANCE:BTCUSDT", "NOPE")), 99)  # type: ignore[misc]
    assert (type(good), bad.reason) == (Trade, "unknown_symbol")


@pytest.mark.parametrize(
    ("said", "event"),
    [
        ('{"type":"ping"}', HEARTBEAT),
        ('{"msg":"Subscribing to too many symbols","type":"error"}', Refused("", "Subscribing to too many symbols")),
    ],
)
def test_what_the_provider_says_of_itself(said: str, event: Any) -> None:
    assert Parser(NAMES).parse(said.encode(), 1) == event


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"[]", "unknown_message"),
        (b"{}", "missing_field"),
        (b'{"type":"trade","data":[{"p":1,"s":"AAPL","t":1}]}', "missing_field"),
        (b"\x00", "broken_json"),
    ],
)
def test_any_bytes_have_a_reason(said: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        Parser(NAMES).parse(said, 1)
    assert refused.value.reason == reason


def test_names_of_each_asset_class() -> None:
    assert [name_of(SETTINGS, symbol) for symbol in ("AAPL", "BTC-USDT", "EUR-USD")] == ["AAPL", "BINANCE:BTCUSDT", "OANDA:EUR_USD"]


async def test_the_key_is_in_the_address_and_not_in_what_is_shown_of_it() -> None:
    venue = FinnhubVenue(SETTINGS, ManualClock())
    address = await venue.session(Names()).address([])
    assert address == "wss://ws.finnhub.io/?token=secret"
    assert shown(address) == "wss://ws.finnhub.io/"
    await venue.close()


def client(answers: dict[str, Any], asked: list[httpx.Request], status: int = 200) -> FinnhubClient:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=answers[request.url.path])

    return FinnhubClient(SETTINGS, "secret", None, httpx.MockTransport(answer))


async def test_a_hole_over_a_night_is_asked_for_day_by_day() -> None:
    asked: list[httpx.Request] = []
    day = {"total": 2, "t": [1, 2], "p": [1.5, 1.5], "v": [10, 10]}
    clock = ManualClock(1_723_161_900_000_000_000)  # 2024-08-08 20:05 in New York
    history = FinnhubHistory(client({"/api/v1/stock/tick": day}, asked), SETTINGS, clock)
    trades = await history.trades_since("AAPL", 1_723_161_900_000_000_000 - 86_400_000_000_000)
    assert [dict(request.url.params)["date"] for request in asked] == ["2024-08-08"] * 2 + ["2024-08-07"] * 2
    assert [trade.trade_id for trade in trades] == ["1-1.5-10", "2-1.5-10", "1-1.5-10-1", "2-1.5-10-1"]
    assert all("secret" not in str(request.url) and request.headers["X-Finnhub-Token"] == "secret" for request in asked)
    assert await history.trades_since("EUR-USD", 1) == []


async def test_a_plan_without_trades_of_the_past_is_a_refusal() -> None:
    with pytest.raises(UserError, match="don't have access"):
        await client({"/api/v1/stock/tick": {"error": "You don't have access to this resource."}}, [], 403).day("AAPL", "2024-08-08", 0)


async def test_many_shares_are_looked_up_in_the_list() -> None:
    asked: list[httpx.Request] = []
    answers = {"/api/v1/stock/symbol": [{"symbol": "S1"}], "/api/v1/forex/symbol": [{"symbol": "OANDA:EUR_USD"}]}
    assert await client(answers, asked).listed([*(f"S{number}" for number in range(11)), "EUR-USD"]) == {"S1", "OANDA:EUR_USD"}
    assert [dict(request.url.params)["exchange"] for request in asked] == ["US", "oanda"]


def test_numbers_follow_within_a_time_and_keep_what_is_late() -> None:
    numbers = Following(1_000_000)
    assert [numbers.next("A", ns) for ns in (5_000_000, 5_000_000, 5_000_000, 4_000_000, 6_000_000)] == [
        5_000_000,
        5_000_001,
        5_000_002,
        4_000_000,
        6_000_000,
    ]
    assert numbers.next("B", 5_000_000) == 5_000_000


def test_ordinals_remember_a_bounded_number_of_trades() -> None:
    ids = Ordinals()
    assert [ids.id("A", "x"), ids.id("A", "x"), ids.id("B", "x")] == ["x", "x-1", "x"]
    for number in range(5_000):
        ids.id("A", str(number))
    assert ids.id("A", "x") == "x"

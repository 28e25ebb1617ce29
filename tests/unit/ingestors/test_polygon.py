"""Polygon's events as its documents show them, and what of them is easily got wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from ingestors.events import WELCOME, Acknowledged, Denied, Ignored, Refused, Unreadable
from ingestors.names import Names
from ingestors.polygon.bars import PolygonBarHistory
from ingestors.polygon.client import PolygonClient, PolygonHistory
from ingestors.polygon.config import resolve, rest_name, stream_name, topics_of
from ingestors.polygon.ids import quote_number, trade_id
from ingestors.polygon.ingestor import PolygonVenue
from ingestors.polygon.parse import Parser, newest_key
from runtime.clock import ManualClock
from runtime.errors import InvalidRecord, UserError
from runtime.settings.providers.polygon import PolygonSettings
from schemas.bars import Bar, ProviderActions
from schemas.ticks import Quote, Trade
from schemas.timeframes import Timeframe
from tests.dialect import RECORDED

STREAM_NAMES = {
    "MSFT": "MSFT",
    "GTE": "GTE",
    "USD/CNH": "USD-CNH",
    "USD/EUR": "USD-EUR",
    "BTC-USD": "BTC-USD",
    "BCD-USD": "BCD-USD",
    "I:SPX": "I.SPX",
}
TRADE = '{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328,"trfi":202}'
QUOTE = (
    '{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"c":0,"i":[604],"t":1536036818784,"q":50385480,"z":3}'
)
BAR = (
    '{"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.4372,"vw":0.4488,"o":0.4488,"c":0.4486,"h":0.4489,"l":0.4486,"a":0.4352,'
    '"z":685,"s":1610144640000,"e":1610144700000}'
)


def parsed(*events: str, **more: Any) -> Any:
    return Parser(STREAM_NAMES, "polygon", **more).parse(f"[{','.join(events)}]".encode(), 99)


def test_a_trade() -> None:
    assert parsed(TRADE) == Trade("MSFT", "114.125", "100", 1536036818784_000_000, 99, "17777-4-202-12345")


def test_a_quote_in_round_lots_and_in_shares() -> None:
    assert parsed(QUOTE) == Quote("MSFT", "114.125", "10000", "114.128", "16000", 1536036818784_000_000, 99, 17_777 * 10**11 + 50_385_480)
    assert parsed(QUOTE, lot=1).ask_size == "160"


def test_a_minute_bar() -> None:
    bar = parsed(BAR)
    assert isinstance(bar, Bar)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap) == ("0.4488", "0.4489", "0.4486", "0.4486", "4110", "0.4488")
    assert (bar.ts_open_ns, bar.ts_close_ns) == (1610144640_000_000_000, 1610144700_000_000_000)
    assert (bar.trade_count, bar.quote_volume, bar.kind) == (6, "1844.5680", "provider")


def test_currencies() -> None:
    quote = parsed('{"ev":"C","p":"USD/CNH","x":"44","a":6.83366,"b":6.83363,"t":1536036818784}')
    assert quote == Quote("USD-CNH", "6.83363", "0", "6.83366", "0", 1536036818784_000_000, 99, 1536036818784_000_000)
    bar = parsed('{"ev":"CA","pair":"USD/EUR","o":0.8687,"c":0.86889,"h":0.86889,"l":0.8686,"v":20,"s":1539145740000}')
    assert (bar.symbol, bar.volume, bar.quote_count, bar.price_basis, bar.vwap) == ("USD-EUR", "0", 20, "mid", "0.86889")
    assert bar.ts_close_ns - bar.ts_open_ns == 60_000_000_000


def test_crypto_tells_the_aggressor_and_may_tell_no_id() -> None:
    text = '{"ev":"XT","pair":"BTC-USD","p":33021.9,"t":1610462007425,"s":0.01616617,"c":[2],"i":14272084,"x":3,"r":1610462007576}'
    trade = parsed(text)
    assert (trade.symbol, trade.side, trade.trade_id) == ("BTC-USD", "buy", "18639-3-0-14272084")
    assert parsed(text.replace('"i":14272084,', "")).trade_id == "18639-3-0-1610462007425-33021.9-0.01616617"
    bar = '{"ev":"XA","pair":"BCD-USD","v":951.6112,"vw":0.7756,"z":73,"o":0.772,"c":0.784,"h":0.784,"l":0.771,"s":1610463240000,"e":1610463300000}'
    assert (parsed(bar).volume, parsed(bar).trade_count) == ("951.6112", 13)


def test_a_value_of_an_index_is_a_quote_without_sizes() -> None:
    value = parsed('{"ev":"V","val":3988.5,"T":"I:SPX","t":1678220098130}')
    assert value == Quote("I.SPX", "3988.5", "0", "3988.5", "0", 1678220098130_000_000, 99, 1678220098130_000_000)
    bar = parsed(
        '{"ev":"AM","sym":"I:SPX","op":3985.67,"o":3985.67,"c":3985.67,"h":3985.67,"l":3985.67,"s":1678220675805,"e":1678220675805}'
    )
    assert (bar.symbol, bar.volume, bar.trade_count, bar.vwap) == ("I.SPX", "0", 0, "3985.67")


def test_exponents_and_whole_numbers_are_prices_too() -> None:
    trade = parsed(TRADE.replace("114.125", "2e-8").replace('"s":100', '"s":0.5'))
    assert (trade.price, trade.size) == ("0.00000002", "0.5")


def test_one_wrong_event_costs_no_other() -> None:
    wrong, strange = TRADE.replace('"p":114.125,', ""), '{"ev":"LULD","T":"MSFT"}'
    good, missing, unknown, last = parsed(TRADE, wrong, strange, QUOTE)
    assert (type(good), type(last)) == (Trade, Quote)
    assert (missing.reason, missing.payload) == ("missing_field", wrong.encode())
    assert isinstance(unknown, Unreadable)
    assert unknown.reason == "unknown_message"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"{}", "unknown_message"),
        (b"[1]", "unknown_message"),
        (b"\xff", "broken_json"),
        (b"[" * 5_000, "broken_json"),
        (b'[{"ev":"T","sym":"NOPE","x":4,"i":"1","p":1,"s":1,"t":1}]', "unknown_symbol"),
        (b'[{"ev":"T","sym":"MSFT","x":4,"i":"1","p":"x","s":1,"t":-1}]', "invalid_field"),
    ],
)
def test_any_bytes_have_a_reason(frame: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        Parser(STREAM_NAMES, "polygon").parse(frame, 1)
    assert refused.value.reason == reason


def test_prints_that_are_no_market_price_are_counted_and_left_out() -> None:
    assert parsed(TRADE.replace("[0,12]", "[2,12]"), skipped=(2,)) == Ignored("trade_without_a_market_price")


@pytest.mark.parametrize(
    ("status", "message", "event"),
    [
        ("connected", "Connected Successfully", WELCOME),
        ("auth_success", "authenticated", Acknowledged(("login",))),
        ("auth_failed", "authentication failed", Denied("authentication failed")),
        ("success", "subscribed to: T.AAPL", Acknowledged(("T.AAPL",))),
        ("success", "unsubscribed to: T.AAPL", Ignored("status")),
        ("error", "not authorized", Refused("", "not authorized")),
        ("max_connections", "Maximum number of connections", Refused("connection", "Maximum number of connections")),
    ],
)
def test_what_the_provider_says_of_itself(status: str, message: str, event: Any) -> None:
    assert parsed(json.dumps({"ev": "status", "status": status, "message": message})) == event


def test_numbers_grow_over_the_days_and_an_evening_belongs_to_its_day() -> None:
    evening_ms = 1733014799_000  # Saturday 00:59:59 UTC in winter is Friday 19:59:59 in New York
    assert trade_id(evening_ms, 4, 0, "1") == trade_id(evening_ms - 15 * 3_600_000, 4, 0, "1")
    assert trade_id(evening_ms, 4, 0, "1") != trade_id(evening_ms + 9 * 3_600_000, 4, 0, "1")
    assert quote_number(evening_ms + 9 * 3_600_000, 0) > quote_number(evening_ms, 10**11 - 1)


def test_names_of_each_market() -> None:
    symbols = ["AAPL", "BRK.B", "EUR-USD", "BTC-USD", "I.SPX"]
    assert [stream_name(symbol) for symbol in symbols] == ["AAPL", "BRK.B", "EUR/USD", "BTC-USD", "I:SPX"]
    assert [rest_name(symbol) for symbol in symbols] == ["AAPL", "BRK.B", "C:EURUSD", "X:BTCUSD", "I:SPX"]
    assert resolve(symbols, ["AAPL", "C:EURUSD"]) == {"AAPL": "AAPL", "EUR-USD": "EUR/USD"}


async def test_a_market_has_its_own_address_and_topics() -> None:
    settings = PolygonSettings(api_key="top-secret", symbols=("AAPL", "EUR-USD"))
    venue = PolygonVenue(settings)
    session = venue.session(Names({"AAPL": "AAPL", "EUR-USD": "EUR/USD"}))
    session.group = venue.group("EUR-USD")
    assert await session.address(["EUR-USD"]) == "wss://socket.massive.com/forex"
    assert [request.keys for request in session.subscribe(["EUR-USD"], True)] == [{"C.EUR/USD", "CA.EUR/USD"}]
    assert topics_of(settings, ["AAPL"], "stocks") == ["T.AAPL", "Q.AAPL", "AM.AAPL"]
    assert topics_of(settings, ["I:SPX"], "indices") == ["V.I:SPX", "AM.I:SPX"]
    assert "top-secret" not in repr(settings)
    await venue.close()


def test_only_frames_of_one_quote_are_overtaken() -> None:
    assert newest_key(f"[{QUOTE}]".encode()) == newest_key(f"[{QUOTE.replace('114.125', '114')}]".encode()) != b""
    assert newest_key(f"[{QUOTE},{TRADE}]".encode()) == newest_key(f"[{TRADE}]".encode()) == b""


class Rest:
    """Answers from a table of paths, and remembers who asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[httpx.Request] = []

    def client(self) -> PolygonClient:
        return PolygonClient("https://rest.invalid", "ingest.polygon", "secret", httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers[f"{request.url.path}?{request.url.query.decode()}" if "cursor" in str(request.url) else request.url.path]
        return httpx.Response(200, json=answer)


async def test_recorded_trades_of_rest_are_the_streams() -> None:
    sample = json.loads((RECORDED / "massive-client" / "v3__trades__AAPL_AND_limit-2.json").read_text()) if RECORDED.exists() else None
    if sample is None:
        pytest.skip("no recorded bodies here")
    rest = Rest({"/v3/trades/AAPL": sample})
    first, _ = await PolygonHistory(rest.client(), ()).trades_since("AAPL", 1651181822461_000_000)
    assert {first.trade_id, _.trade_id} == {"19110-11-3-183276", "19110-12-3-183276"}
    assert {first.ts_event_ns, _.ts_event_ns} == {1651181822461_000_000}
    assert {first.price, _.price} == {"156.43", "157.43"}
    assert rest.asked[0].headers["Authorization"] == "Bearer secret"


async def test_pages_are_asked_of_our_host_alone_and_the_key_is_in_no_address() -> None:
    row = {"exchange": 1, "price": 1.5, "size": 1, "participant_timestamp": 7_000_000, "id": "1"}
    rest = Rest(
        {
            "/v3/trades/X:BTCUSD": {
                "results": [row],
                "status": "OK",
                "next_url": "https://elsewhere.invalid/v3/trades/X:BTCUSD?cursor=abc",
            },
            "/v3/trades/X:BTCUSD?cursor=abc": {"results": [row | {"id": "2", "conditions": [1]}], "status": "OK"},
        }
    )
    trades = await PolygonHistory(rest.client(), ()).trades_since("BTC-USD", 1)
    assert [(trade.trade_id, trade.side) for trade in trades] == [("-1-1-0-2", "sell"), ("-1-1-0-1", "")]
    assert {request.url.host for request in rest.asked} == {"rest.invalid"}
    assert not any("secret" in str(request.url) for request in rest.asked)


async def test_few_symbols_are_asked_for_singly_and_many_by_the_list() -> None:
    rest = Rest({"/v3/reference/tickers": {"results": [{"ticker": "AAPL"}], "status": "OK"}})
    assert await rest.client().listed(["AAPL", "I.SPX"]) == {"AAPL"}
    assert [dict(request.url.params)["market"] for request in rest.asked] == ["indices", "stocks"]
    rest.asked.clear()
    await rest.client().listed([f"S{number}" for number in range(21)])
    assert len(rest.asked) == 1


async def test_a_plan_without_trades_is_refused_by_name() -> None:
    rest = Rest({"/v3/trades/AAPL": {"status": "NOT_AUTHORIZED", "message": "You are not entitled to this data."}})
    with pytest.raises(UserError, match=r"not entitled.*providers\.polygon\.api_key"):
        await rest.client().trades("AAPL", 1)


def bars_of(rest: Rest) -> PolygonBarHistory:
    return PolygonBarHistory(rest.client(), "polygon", ManualClock(1_800_000_000_000_000_000))


async def test_recorded_days_begin_with_the_session_on_both_sides_of_daylight_saving() -> None:
    path = RECORDED / "massive-client" / "v2__aggs__ticker__AAPL__range__1__day__2005-04-01__2005-04-04.json"
    if not path.exists():
        pytest.skip("no recorded bodies here")
    from_ns, to_ns = 1_112_313_600_000_000_000, 1_112_659_200_000_000_000
    rest = Rest({f"/v2/aggs/ticker/AAPL/range/1/day/{from_ns // 10**6 - 43_200_000}/{to_ns // 10**6 - 1}": json.loads(path.read_text())})
    page = await bars_of(rest).bars("AAPL", Timeframe.D1, from_ns, to_ns)
    opens = [datetime.fromtimestamp(bar.ts_open_ns // 10**9, UTC).isoformat() for bar in page.bars]
    assert opens == ["2005-04-01T14:30:00+00:00", "2005-04-04T13:30:00+00:00"]
    assert page.next_ns is None
    assert dict(rest.asked[0].url.params)["adjusted"] == "false"
    assert all(bar.actions == ProviderActions(splits_adjusted=False) and bar.trade_count > 0 for bar in page.bars)


async def test_minutes_go_on_after_the_last_one_of_a_page_and_over_empty_pages() -> None:
    row = {"t": 1_700_000_040_000, "o": 1.5, "h": 2, "l": 1, "c": 1.25, "v": 10.5, "vw": 1.5, "n": 3}
    more = "https://elsewhere.invalid/v2/aggs/next?cursor=1"
    from_ns = 1_700_000_000_000_000_000
    first = f"/v2/aggs/ticker/X:BTCUSD/range/1/minute/{from_ns // 10**6}/{from_ns // 10**6 + 3_599_999}"
    rest = Rest({first: {"status": "OK", "next_url": more}, "/v2/aggs/next?cursor=1": {"status": "OK", "results": [row], "next_url": more}})
    page = await bars_of(rest).bars("BTC-USD", Timeframe.M1, from_ns, from_ns + 3_600 * 10**9)
    (bar,) = page.bars
    assert (bar.ts_open_ns, bar.volume, bar.vwap, bar.quote_volume, bar.trade_count) == (row["t"] * 10**6, "10.5", "1.5", "15.75", 3)
    assert page.next_ns == (row["t"] + 1) * 10**6


async def test_days_that_are_not_ours_are_refused() -> None:
    with pytest.raises(UserError, match="days of EUR-USD are not ours"):
        await bars_of(Rest({})).bars("EUR-USD", Timeframe.D1, 0, 1)

"""Bitfinex's messages that it documents and no recording holds, what it allows, and what broken or hostile ones come to."""

from contextlib import suppress
from typing import Any

import pytest

from ingestors.bitfinex.config import canonical as bitfinex_canonical
from ingestors.bitfinex.ingestor import BitfinexVenue
from ingestors.bitfinex.parse import Parser as Bitfinex
from ingestors.events import HEARTBEAT, LEAVING, WELCOME, Acknowledged, Lost, Refused
from runtime.errors import InvalidRecord, UserError
from runtime.settings.providers.bitfinex import BitfinexSettings
from schemas.ticks import Trade
from tests.venue_messages import SUBSCRIBED, SYMBOLS, parse


def test_bitfinex_answers_a_question_that_was_asked_twice() -> None:
    dup = '{"event":"error","msg":"subscribe: dup","code":10301,"channel":"trades","symbol":"tBTCUSD"}'
    assert parse("bitfinex", SUBSCRIBED % "trades", dup) == Acknowledged(("trades:tBTCUSD",))
    assert isinstance(parse("bitfinex", dup), Lost)  # its channel's number is unknown
    assert parse("bitfinex", '{"event":"conf","status":"FAILED","code":10000,"msg":"no"}') == Refused("conf", "10000 no")


def test_bitfinex_allows_25_channels_a_connection() -> None:
    with pytest.raises(UserError, match="27 channels are more than the 25"):
        BitfinexVenue(BitfinexSettings(symbols_per_connection=9))


def test_bitfinex_trades() -> None:
    assert parse("bitfinex", SUBSCRIBED % "trades", '[3,"te",[12,1618677544000,-0.5,2e-8]]') == Trade(
        "BTC-USD", "0.00000002", "0.5", 1618677544_000000000, 99, 12, "sell"
    )
    assert parse("bitfinex", SUBSCRIBED % "trades", '[3,"tu",[12,1618677544000,-0.5,2e-8]]').kind == "trade_update"


def test_bitfinex_says_that_messages_were_lost() -> None:
    frames = ['{"event":"conf","status":"OK","flags":65536}', SUBSCRIBED % "trades", '[3,"hb",1]', '[3,"hb",2]']
    assert parse("bitfinex", *frames) == HEARTBEAT
    assert parse("bitfinex", *frames, '[3,"hb",4]') == [HEARTBEAT, Lost("message 4 came where 3 was due")]


def test_bitfinex_books_have_checksums_of_their_own() -> None:
    checked = parse("bitfinex", SUBSCRIBED % "book", '[3,"cs",-890884919]')
    assert (checked.checksum, checked.bids, checked.asks, checked.snapshot) == (-890884919, [], [], False)
    assert parse("bitfinex", SUBSCRIBED % "book", "[3,[]]").snapshot
    assert parse("bitfinex", SUBSCRIBED % "book", "[3,[100.5,0,-1]]").asks == [("100.5", "0")]


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        ('{"event":"info","version":2,"platform":{"status":1}}', WELCOME),
        ('{"event":"info","code":20051,"msg":"Stop"}', LEAVING),
        (
            '{"event":"error","channel":"book","symbol":"tX","code":10300,"msg":"symbol: invalid"}',
            Refused("book:tX", "10300 symbol: invalid"),
        ),
    ],
)
def test_what_bitfinex_says_beside_data(frame: str, event: Any) -> None:
    assert parse("bitfinex", frame) == event


@pytest.mark.parametrize(
    ("pair", "symbol"), [("BTCUSD", "BTC-USD"), ("DUSK:UST", "DUSK-USDT"), ("TESTBTC:TESTUSD", ""), ("BTCF0:USTF0", ""), ("BTC", "")]
)
def test_canonical_names_of_bitfinex(pair: str, symbol: str) -> None:
    assert bitfinex_canonical(pair) == symbol


@pytest.mark.parametrize("row", ["[]", "[1]", "[null,null,null]", "[{},1,1]", "[1,1,[]]", '["x","y","z"]', "5"])
def test_bitfinex_arrays_of_any_shape_are_events_or_refused(row: str) -> None:
    """Nothing else comes out than InvalidRecord."""
    for channel in ("trades", "ticker", "book"):
        for frame in (f"[3,{row}]", f'[3,"te",{row}]', f'[3,"cs",{row}]', f"[{row},3]"):
            parser = Bitfinex(SYMBOLS, "bitfinex")
            parser.parse((SUBSCRIBED % channel).encode(), 1)
            with suppress(InvalidRecord):
                parser.parse(frame.encode(), 2)


def test_a_numbered_message_of_a_channel_that_is_nobodys_is_not_lost() -> None:
    parser = Bitfinex(SYMBOLS, "bitfinex")
    for frame in ('{"event":"conf","status":"OK","flags":65536}', SUBSCRIBED % "trades", '[3,"hb",1]'):
        parser.parse(frame.encode(), 99)
    with pytest.raises(InvalidRecord, match="unknown_message"):
        parser.parse(b"[9,[1,2],2]", 99)
    assert parser.parse(b'[3,"hb",3]', 99) == HEARTBEAT
    assert isinstance(parser.parse(b'[3,"hb",5]', 99)[1], Lost)

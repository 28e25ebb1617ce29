"""Examples of everything that is said on the gateway's socket: the client's actions as it writes them, the gateway's messages as its own code makes them
from the examples of the events."""

import json
from pathlib import Path
from typing import Any

from gateway import answers
from gateway.access.grants import anonymous_grant
from gateway.books import Books
from gateway.hub import Hub
from gateway.protocol import BadMessage, Subscribe
from gateway.records import event_of, place, ticks_of
from gateway.selector import Selector
from gateway.series import PRIMARY, Channel, Event, Placed, SeriesKey
from gateway.shapes import encode
from gateway.summary import summary_of
from gateway.variant import PLAIN
from runtime.clock import ManualClock
from runtime.settings.access import AccessSettings
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.topics import Topic

_EVENTS = Path(__file__).parent.parent / "schemas" / "examples"
_EPOCH = "Nw6C/C2yQjGaJFPnMuXBEw"
_KEY = SeriesKey(Channel.TICKS, "BTC-USDT", PRIMARY, "")
_NOW_NS = 1_723_161_480_001_000_000

ACTIONS: list[dict[str, Any]] = [
    {"action": "authenticate", "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", "id": 1},
    {"action": "subscribe", "channel": "ticks", "symbol": "BTC-USD", "filters": {"min_volume": 1000, "quality_threshold": 0.8}},
    {"action": "subscribe", "channel": "ohlcv", "symbol": "ETH-USD", "timeframe": "1m", "snapshot": 100},
    {"action": "subscribe", "channel": "indicators", "symbol": ["BTC-USD", "ETH-USD"], "indicator": "rsi", "timeframe": "5m"},
    {"action": "subscribe", "channel": "orderbook", "symbol": "*", "source": "kraken", "max_per_s": 4, "numbers": "string"},
    {"action": "subscribe", "channel": "alerts"},
    {"action": "subscribe", "channel": "signals", "symbol": "BTC-USD", "resume": {"epoch": _EPOCH, "seq": "17.0"}},
    {
        "action": "subscribe",
        "channel": "ticks",
        "symbol": ["BTC-USD", "ETH-USD"],
        "resume": {"epoch": _EPOCH, "series": [{"symbol": "BTC-USD", "seq": "1234.0"}, {"symbol": "ETH-USD", "seq": "1230.7"}]},
    },
    {"action": "unsubscribe", "channel": "ohlcv", "symbol": "ETH-USD", "timeframe": "1m"},
    {"action": "ping", "id": "a"},
    {"action": "list"},
]


def updates() -> dict[str, dict[str, Any]]:
    """One of every kind, by the channel's name; of ticks by their kind."""
    bar = _record(Topic.BARS, "bar")
    placed_bar, placed_book = place(bar), place(_record(Topic.BOOKS, "order_book", "snapshot"))
    found = {
        str(placed.channel): _update(placed, event_of(placed))
        for placed in (
            placed_bar,
            place(_record(Topic.BARS_FORMING, "bar")),
            place(_record(Topic.INDICATORS, "indicators")),
            place(_record(Topic.SIGNALS, "signal")),
            place(_record(Topic.ALERTS, "alert")),
            place(_record(Topic.QUALITY, "quality")),
            place(_record(Topic.GAPS, "gap")),
        )
    }
    ticks = {_kind(event): _update(placed, event) for placed, event in ticks_of(_record(Topic.TICKS, "ticks"))}
    summary = summary_of([event for event in [event_of(placed_bar)] if isinstance(event, Bar)], [])
    return ticks | found | {"orderbook": _book(placed_book), "market-summary": _update(_as(placed_bar, Channel.MARKET_SUMMARY), summary)}


def _kind(event: Event) -> str:
    return type(event).__name__.lower()


def _record(topic: Topic, event: str, name: str = "*") -> InputRecord:
    path = min((_EVENTS / event / "valid").glob(f"{name}.json"))
    return InputRecord(topic, 2, 1234, None, path.read_bytes(), {"trace": b"5f0c"})


def _as(placed: Placed, channel: Channel) -> Placed:
    return Placed(channel, placed.symbol, placed.source, "", True, placed.partition, placed.offset, 0, placed.trace)


def _update(placed: Placed, event: Event) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(encode(placed, event, "1233.4", _EPOCH, PLAIN))
    return message


def _book(placed: Placed) -> dict[str, Any]:
    """As the gateway puts it together."""
    hub = Hub(1, ManualClock())
    books = Books(hub)
    books.take(placed)
    books.catch_up(Selector.of(Subscribe(channel=Channel.ORDERBOOK, symbol=placed.symbol)))
    view = hub.seen(SeriesKey(Channel.ORDERBOOK, placed.symbol, placed.source, ""))
    assert view is not None
    [(whole, event)] = view.history.items(1)
    return _update(whole, event)


def own_messages() -> list[dict[str, Any]]:
    """One of each type."""
    said = Selector.of(Subscribe(channel=Channel.TICKS, symbol="BTC-USDT")).describe()
    item = json.dumps(updates()["trade"]).encode()
    grant = anonymous_grant(AccessSettings(), "127.0.0.1")
    assert grant is not None
    made = [
        answers.status("up"),
        answers.authenticated(grant, 1),
        answers.subscribed(said, 2),
        answers.unsubscribed(said, 3),
        answers.series_list([{"symbol": "BTC-USDT", "source": "binance", "channels": ["ticks"], "timeframes": []}], [said], 4),
        answers.pong(_NOW_NS, "a"),
        answers.heartbeat(_NOW_NS, "up"),
        answers.reconnect(2.5),
        answers.error(BadMessage("unknown_field", "field `filter` is not known", "filter")),
        answers.snapshot(_KEY, [item], 2, "1234.0", _EPOCH),
        answers.resumed(_KEY, 2, "1290.3", _EPOCH, 56),
        answers.skipped(_KEY, "conflated", 12, "1234.0", "1290.3"),
    ]
    return [json.loads(one) for one in made]

"""Generated prices: a function of the seed and the second, in the venue's own frames."""

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.binance.parse import Parser
from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.events import UNCLOSED
from ingestors.exchange_server.generator import Generated, Generator, SymbolGenerator
from ingestors.exchange_server.walk import Walk
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade

START_S = 1_704_067_200
SYMBOLS = ("BTC-USDT", "ETH-USDT")


def generated(**changes: object) -> Generated:
    return Generated(**{"symbols": SYMBOLS, "seed": 7, "start_s": START_S, "length_s": 180, **changes})  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_frames_and_another_one_others() -> None:
    frames = list(Generator(generated()).frames())
    assert frames == list(Generator(generated()).frames())
    assert frames != list(Generator(generated(seed=8)).frames())


def test_a_later_start_gives_the_same_frames_from_there() -> None:
    whole = list(Generator(generated()).frames())
    part = list(Generator(generated(start_s=START_S + 60, length_s=120)).frames())
    assert part == whole[-len(part) :]


def test_every_frame_parses_and_the_numbering_is_whole() -> None:
    parser = Parser({"BTCUSDT": "BTC-USDT", "ETHUSDT": "ETH-USDT"}, "binance-simulated", True)
    events = [parser.parse(frame.payload, 0) for frame in Generator(generated()).frames()]
    for symbol in SYMBOLS:
        ids = [int(e.trade_id) for e in events if isinstance(e, Trade) and e.symbol == symbol]
        assert ids == list(range(ids[0], ids[0] + 720))
        updates = [e.update_id for e in events if isinstance(e, Quote) and e.symbol == symbol]
        assert updates == sorted(set(updates))
        books = [e for e in events if isinstance(e, BookDifference) and e.symbol == symbol]
        assert all(a.last_update_id + 1 == b.first_update_id for a, b in itertools.pairwise(books))
    assert all(Decimal(e.bid) < Decimal(e.ask) for e in events if isinstance(e, Quote))
    times = [e.ts_ingest_ns for e in events if isinstance(e, (Trade, Quote))]
    assert times == sorted(times)
    assert sum(isinstance(e, Bar) for e in events) == 6
    assert sum(e is UNCLOSED for e in events) == 174


def test_a_closed_kline_is_the_bar_of_its_trades() -> None:
    parser = Parser({"BTCUSDT": "BTC-USDT"}, "binance-simulated", True)
    events = [parser.parse(frame.payload, 0) for frame in Generator(generated(symbols=("BTC-USDT",))).frames()]
    for bar in (event for event in events if isinstance(event, Bar)):
        trades = [e for e in events if isinstance(e, Trade) and bar.ts_open_ns <= e.ts_event_ns < bar.ts_close_ns]
        prices = [Decimal(trade.price) for trade in trades]
        assert [Decimal(text) for text in (bar.open, bar.high, bar.low, bar.close)] == [prices[0], max(prices), min(prices), prices[-1]]
        assert Decimal(bar.volume) == sum(Decimal(trade.size) for trade in trades)
        assert bar.trade_count == len(trades)


@given(st.floats(0.001, 500), st.integers(0, 2_000_000_000))
def test_trade_ids_are_contiguous_at_any_rate(rate: float, second: int) -> None:
    market = SymbolGenerator("BTC-USDT", generated(trades_per_s=rate))
    first, end = market.first_id(second), market.first_id(second + 1)
    assert first <= end
    for trade_id in {first, end - 1} if first < end else set():
        assert market.second_of(trade_id) == second


def test_rest_knows_what_was_played_and_all_before() -> None:
    generator = Generator(generated(symbols=("BTC-USDT",)))
    frames = list(itertools.islice(generator.frames(), 300))
    generator.played(frames)
    sent = [json.loads(f.payload)["data"] for f in frames if f.stream.endswith("@trade")]
    newest = sent[-1]["t"]
    rows = generator.trades("BTCUSDT", sent[0]["t"], 1000)
    assert [(row.trade_id, row.price, row.size, row.time_ms) for row in rows] == [(s["t"], s["p"], s["q"], s["T"]) for s in sent]
    assert [row.trade_id for row in generator.trades("BTCUSDT", newest - 900, 1000)] == list(range(newest - 900, newest + 1))
    assert [row.trade_id for row in generator.trades("BTCUSDT", None, 5)] == list(range(newest - 4, newest + 1))
    assert generator.trades("BTCUSDT", newest + 1, 10) == []


@pytest.mark.parametrize("volatility", [5e-4])
def test_the_walk_moves_as_much_as_it_says(volatility: float) -> None:
    walk = Walk(3, 100.0, volatility)
    steps = [walk.price(START_S + i + 1) / walk.price(START_S + i) - 1 for i in range(5_000)]
    deviation = (sum(step * step for step in steps) / len(steps)) ** 0.5
    assert deviation == pytest.approx(volatility, rel=0.1)


def test_a_book_that_begins_with_a_snapshot_stays_right() -> None:
    """The differences lead from every snapshot to every later one, and never cross."""
    settings = Generated(("BTC-USDT",), seed=7, start_s=1_704_067_200, length_s=20, trades_per_s=2)
    market = SymbolGenerator("BTC-USDT", settings)
    parser, broken = Parser({"BTCUSDT": "BTC-USDT"}, "generated", True), list[Any]()
    keeper = BookKeeper(BookRules("asked"), lambda *changed: None, lambda *told: broken.append(told))
    for frame in Generator(settings).frames():
        event = parser.parse(frame.payload, frame.ts_ns)
        if not isinstance(event, BookDifference):
            continue
        keeper.apply(event)
        whole = market.book(event.last_update_id)
        bids, asks = [tuple(level) for level in whole["bids"]], [tuple(level) for level in whole["asks"]]
        if keeper.wanted:
            number = whole["lastUpdateId"]
            keeper.apply(BookDifference("BTC-USDT", "generated", 0, 0, number, number, bids, asks, snapshot=True))
        book = keeper.book("BTC-USDT")
        assert book is not None
        assert book.best(20) == (bids, asks)
    assert broken == []

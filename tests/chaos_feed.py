"""A feed for the tests that kill: trades and quotes of four symbols with everything that a stage must handle, written to Kafka on a thread."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from runtime.kafka import Publisher
from schemas.codec import encode
from schemas.headers import SYMBOLS, TRACE, TYPE
from schemas.partitioner import partition_of
from schemas.ticks import Tick, TickEnvelope, Trade, Watermark
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.alert_inputs import put
from tests.unit.processors.inputs import T0_NS, quote, trade

SOURCE = "binance"
SYMBOLS_FED = ("ADA-USDT", "SOL-USDT", "BTC-USDT", "XRP-USDT")  # one in each of four partitions
STEP_S = 20  # event time between two envelopes of a symbol: three envelopes a minute
PACE_S = 0.25  # of the real clock between two steps: 80 times as fast as a market
RULES = (
    {"id": "high", "kind": "price_level", "direction": "above", "threshold": "101", "hysteresis": "1"},
    {"id": "move", "kind": "price_change", "direction": "either", "threshold": "1", "bars": 3, "cooldown_s": 300},
    {"id": "rsi", "kind": "indicator_cross", "indicator": "rsi_14", "direction": "above", "threshold": "50"},
    {"id": "gap", "kind": "gap_open"},
    {"id": "quality", "kind": "quality_below", "threshold": "0.9"},
)


class Market:
    """One symbol. Of its trades some come late, some twice, some with a price that is none, and some never."""

    def __init__(self, symbol: str, seed: int) -> None:
        self._symbol = symbol
        self._chance = random.Random(f"{symbol} {seed}")
        self._next_id, self._price = 1, 100.0
        self._waiting: list[tuple[int, Trade]] = []  # (step in which it comes, trade)

    def envelope(self, step: int) -> TickEnvelope:
        """What arrives during a step."""
        chance = self._chance
        times = sorted(chance.uniform(0, STEP_S) for _ in range(chance.randint(1, 4)))
        ticks: list[Tick] = [one for at_s in times for one in self._arriving(step, step * STEP_S + at_s)]
        due = [late for come, late in self._waiting if come <= step]
        self._waiting = [pair for pair in self._waiting if pair[0] > step]
        bid = f"{self._price - 0.01:.2f}"
        ticks.append(quote(step + 1, bid, f"{self._price + 0.01:.2f}", self._symbol, **_times(step * STEP_S + STEP_S)))
        return TickEnvelope(SOURCE, T0_NS, [*ticks, *(_received(late, step) for late in due)], True)

    def _arriving(self, step: int, at_s: float) -> list[Tick]:
        """A new trade: mostly once and at once."""
        chance = self._chance
        self._price = max(1.0, self._price * (1 + chance.gauss(0, 0.002)))
        price = "-1" if chance.random() < 0.01 else f"{self._price:.2f}"
        one = trade(self._next_id, at_s, price, f"{chance.uniform(0.001, 3):.4f}", self._symbol, seq=0)
        self._next_id += 1
        fate = chance.random()
        if fate < 0.04:
            self._waiting.append((step + chance.randint(1, 15), one))
            return []
        return [] if fate < 0.05 else [one, one] if fate < 0.09 else [one]


def _times(at_s: float) -> dict[str, int]:
    ts_ns = T0_NS + round(at_s * SECOND_NS)
    return {"ts_event_ns": ts_ns, "ts_ingest_ns": ts_ns}


def _received(late: Trade, step: int) -> Trade:
    late.ts_ingest_ns = T0_NS + (step + 1) * STEP_S * SECOND_NS
    return late


class Feed:
    """Writes to market.ticks.raw what an ingestor would; the rules first, to market.control."""

    def __init__(self, line: Any, seed: int = 1) -> None:
        self._partitions: int = line.settings.kafka.partitions
        self._publisher = Publisher(line.settings.kafka, line.addresses.kafka)
        self._markets = {symbol: Market(symbol, seed) for symbol in SYMBOLS_FED}
        self.steps = 0

    def rules(self) -> None:
        for content in RULES:
            for partition in range(self._partitions):
                self._publisher.send(Topic.CONTROL, partition, encode(put(content)), None, {TYPE: b"rule_change"})
        self._publisher.flush()

    def step(self) -> None:
        """One envelope a symbol, and the time on every partition."""
        step, self.steps = self.steps, self.steps + 1
        for symbol, market in self._markets.items():
            headers = {TYPE: b"ticks", SYMBOLS: symbol.encode(), TRACE: f"{symbol}-{step}".encode()}
            number = partition_of(symbol, self._partitions)
            self._publisher.send(Topic.TICKS_RAW, number, encode(market.envelope(step)), None, headers)
        ts_ns = T0_NS + (step + 1) * STEP_S * SECOND_NS
        for number in range(self._partitions):
            headers = {TYPE: b"watermark", TRACE: f"watermark-{step}".encode()}
            self._publisher.send(Topic.TICKS_RAW, number, encode(Watermark(SOURCE, number, ts_ns, ts_ns, ts_ns)), None, headers)
        self._publisher.poll()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Steps on a thread while the block runs; all is delivered after it."""
        over = threading.Event()

        def feed() -> None:
            while not over.wait(PACE_S):
                self.step()

        thread = threading.Thread(target=feed)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._publisher.flush(120)

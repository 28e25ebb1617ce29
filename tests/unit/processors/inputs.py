"""Inputs for the stages' tests: ticks, envelopes, records, the recorded Binance capture, and small runs of a core."""

import gzip
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from runtime.stage import InputRecord, Output, StageCore
from schemas.bars import Bar
from schemas.codec import EVENTS, decode_bar, encode
from schemas.gaps import Gap
from schemas.sources import PrimaryChange
from schemas.ticks import Quote, Tick, TickEnvelope, Trade, Watermark
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic

T0_NS = 1_704_067_200 * SECOND_NS  # 2024-01-01 00:00 UTC, a Monday: the start of an interval of every timeframe but 2d
RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "data" / "hftbacktest"
needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir() and not os.environ.get("CI"), reason=f"the recorded captures are not at {RECORDINGS}"
)


def trade(number: int = 1, at_s: float = 0.0, price: str = "100", size: str = "1", symbol: str = "BTC-USDT", **more: Any) -> Trade:
    """A trade `at_s` seconds after T0, received 1 ms later; its seq is its number."""
    ts_event_ns = T0_NS + round(at_s * SECOND_NS)
    fields = {"ts_ingest_ns": ts_event_ns + 1_000_000, "trade_id": number, "seq": number} | more
    return Trade(symbol=symbol, price=price, size=size, ts_event_ns=fields.pop("ts_event_ns", ts_event_ns), **fields)


def quote(number: int = 1, bid: str = "99.5", ask: str = "100.5", symbol: str = "BTC-USDT", **more: Any) -> Quote:
    fields = {"bid_size": "1", "ask_size": "2", "ts_event_ns": T0_NS, "ts_ingest_ns": T0_NS, "update_id": number} | more
    return Quote(symbol=symbol, bid=bid, ask=ask, **fields)


def ticks_record(
    ticks: Sequence[Tick], offset: int = 0, topic: Topic = Topic.TICKS_RAW, contiguous: bool = True, source: str = "binance"
) -> InputRecord:
    return record(TickEnvelope(source, T0_NS, list(ticks), contiguous), offset, topic)


def watermark_record(at_s: float, offset: int = 0, topic: Topic = Topic.TICKS, source: str = "binance") -> InputRecord:
    ts_ns = T0_NS + round(at_s * SECOND_NS)
    return record(Watermark(source, 0, ts_ns, ts_ns + 5, ts_ns), offset, topic)


def record(event: msgspec.Struct, offset: int = 0, topic: Topic = Topic.TICKS) -> InputRecord:
    return InputRecord(topic, 0, offset, None, encode(event), {"trace": b"t-1"})


def as_inputs(outputs: Iterable[Output], topic: Topic) -> list[InputRecord]:
    """What the next stage reads of these outputs."""
    return [
        InputRecord(topic, 0, offset, output.key, output.value, output.headers)
        for offset, output in enumerate(o for o in outputs if o.topic is topic)
    ]


def run(core: StageCore, records: Iterable[InputRecord]) -> list[Output]:
    return [output for one in records for output in core.apply(one)]


def events(outputs: Iterable[Output], topic: Topic) -> list[Any]:
    """The decoded events of one topic. Of market.bars.raw a stage writes changes of primary alone."""
    kind = PrimaryChange if topic is Topic.BARS_RAW else EVENTS[topic]
    return [msgspec.json.decode(output.value, type=kind) for output in outputs if output.topic is topic]


def kept_ticks(outputs: Iterable[Output]) -> list[Tick]:
    return [tick for envelope in events(outputs, Topic.TICKS) if isinstance(envelope, TickEnvelope) for tick in envelope.ticks]


def gaps_of(outputs: Iterable[Output]) -> list[Gap]:
    return events(outputs, Topic.GAPS)


def final_bars(outputs: Iterable[Output]) -> dict[tuple[str, str, str, int], Bar]:
    """The newest revision of every bar; revisions must come one after the other."""
    bars: dict[tuple[str, str, str, int], Bar] = {}
    for output in outputs:
        if output.topic is not Topic.BARS:
            continue
        bar = decode_bar(output.value)
        key = (bar.symbol, bar.source, bar.timeframe, bar.ts_open_ns)
        assert bar.revision == (bars[key].revision + 1 if key in bars else 0)
        bars[key] = bar
    return bars


@cache
def recorded_ticks(*names: str) -> tuple[Tick, ...]:
    """Trades and quotes of the recorded Binance stream, parsed in the plainest way; times of receipt are the capture's."""
    return tuple(tick for name in names for tick in _recorded(RECORDINGS / name))


def _recorded(path: Path) -> Iterator[Tick]:
    with gzip.open(path, "rt") as lines:
        for line in lines:
            received, _, frame = line.partition(" ")
            if "@trade" in frame:
                data = msgspec.json.decode(frame)["data"]
                side = "sell" if data["m"] else "buy"
                yield Trade("BTC-USDT", data["p"], data["q"], data["T"] * 1_000_000, int(received), data["t"], side)
            elif "@bookTicker" in frame:
                data = msgspec.json.decode(frame)["data"]
                yield Quote("BTC-USDT", data["b"], data["B"], data["a"], data["A"], int(received), int(received), data["u"], True)

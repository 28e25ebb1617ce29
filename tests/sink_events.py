"""Events as the stages write them, for sinks to store, and the records that they come in."""

from collections.abc import Mapping, Sequence
from typing import Any

from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.codec import encode
from schemas.headers import IDENTITY, TRACE
from schemas.identity import Identity
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.signals import Signal, SignalComponent
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic

T0_NS = 1_723_161_480_000_000_000  # 2024-08-08T23:58:00Z
SYMBOL = "BTC-USDT"
SOURCE = "binance-simulated"


def trade(seq: int, **changes: Any) -> Trade:
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "price": f"{61_000 + seq % 1000}.01000000",
        "size": "0.00123000",
        "ts_event_ns": T0_NS + seq * 1_000_003,
        "ts_ingest_ns": T0_NS + seq * 1_000_003 + 5,
        "trade_id": 3_735_683_000 + seq,
        "side": "buy",
        "seq": seq,
    }
    return Trade(**{**values, **changes})


def quote(seq: int, **changes: Any) -> Quote:
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "bid": "61652.01000000",
        "bid_size": "0.5",
        "ask": f"{61_653 + seq % 9}.02",
        "ask_size": "1.25",
        "ts_event_ns": T0_NS + seq * 1_000_003,
        "ts_ingest_ns": T0_NS + seq * 1_000_003,
        "update_id": 49_999_999_000 + seq,
        "event_time_is_receive": True,
        "seq": seq,
    }
    return Quote(**{**values, **changes})


def ticks(first: int, last: int) -> list[Trade | Quote]:
    """Ticks with seq first to last; every fifth is a trade."""
    return [trade(seq) if seq % 5 == 0 else quote(seq) for seq in range(first, last + 1)]


def bar(minute: int = 0, revision: int = 0, **changes: Any) -> Bar:
    open_ns = T0_NS + minute * MINUTE_NS
    values: dict[str, Any] = {
        "symbol": SYMBOL,
        "source": SOURCE,
        "timeframe": "1m",
        "ts_open_ns": open_ns,
        "ts_close_ns": open_ns + MINUTE_NS,
        "open": "61652",
        "high": "61745.27",
        "low": "61583.22",
        "close": f"617{10 + revision}.63",
        "volume": "77.14202",
        "quote_volume": "4756789.123456789012345",
        "vwap": "61662.7593114674",
        "trade_count": 3216,
        "kind": "corrected" if revision else "final",
        "revision": revision,
        "quality": 0.987654,
        "reasons": ("gap_filled", "out_of_order") if revision else (),
        "known_at_ns": open_ns + MINUTE_NS + 1_000_000_000 + revision,
    }
    return Bar(**{**values, **changes})


def indicators(minute: int = 0, revision: int = 0, rsi: float = 0.1 + 0.2) -> IndicatorRecord:
    of = bar(minute, revision)
    macd = {"macd": -1.5e-17, "signal": 2.25, "histogram": 1 / 3, "previous_histogram": -1 / 3}
    return IndicatorRecord(
        symbol=of.symbol,
        source=of.source,
        timeframe=of.timeframe,
        ts_open_ns=of.ts_open_ns,
        ts_close_ns=of.ts_close_ns,
        close=of.close,
        seed_bars=40 + minute,
        indicators={
            "rsi_14": IndicatorValue("rsi", {"period": 14}, {"value": rsi}, True, 28),
            "macd_12_26_9": IndicatorValue("macd", {"fast": 12, "slow": 26, "signal": 9}, macd, False, 45),
            "momentum_10": IndicatorValue("momentum", {"period": 10}, {}, False, 15),
        },
        revision=revision,
        bar_revision=of.revision,
        bar_kind=of.kind,
        bar_quality=of.quality,
        known_at_ns=of.known_at_ns,
    )


def signal(minute: int = 0, revision: int = 0, **changes: Any) -> Signal:
    of = bar(minute, revision)
    values: dict[str, Any] = {
        "symbol": of.symbol,
        "source": of.source,
        "timeframe": of.timeframe,
        "ts_open_ns": of.ts_open_ns,
        "ts_close_ns": of.ts_close_ns,
        "signal": 1,
        "action": "buy",
        "score": 1 / 3,
        "confidence": 0.329218,
        "decided_by": "macd",
        "resolution": "hierarchy",
        "status": "ok",
        "components": {"macd": SignalComponent(1, 1 / 3, True), "rsi": SignalComponent(0, 1 / 3, True)},
        "close": of.close,
        "revision": revision,
        "bar_revision": of.revision,
        "bar_kind": of.kind,
        "bar_quality": of.quality,
        "known_at_ns": of.known_at_ns,
        "valid_until_ns": of.ts_close_ns + MINUTE_NS,
    }
    return Signal(**{**values, **changes})


def envelope(items: Sequence[Trade | Quote]) -> TickEnvelope:
    return TickEnvelope(SOURCE, T0_NS, list(items))


def watermark(ts_event_ns: int = T0_NS) -> Watermark:
    return Watermark(SOURCE, 0, ts_event_ns, ts_event_ns, ts_event_ns)


def record(topic: Topic, offset: int, event: Any, partition: int = 0, headers: Mapping[str, bytes] | None = None) -> InputRecord:
    """As read from Kafka; bytes stay as they are. The identity is that of a stage that made one output of each input."""
    value = event if isinstance(event, bytes) else encode(event)
    own = {IDENTITY: Identity("stage", "input", partition, offset, 0).encode(), TRACE: b"trace-1"}
    return InputRecord(topic, partition, offset, None, value, dict(own if headers is None else headers), 1_723_161_480_000)

"""Events of the real schemas as clients of the gateway see them: a minute each of one series, numbered."""

from typing import Any

from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.books import Book
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.quality import QualityRecord
from schemas.signals import Signal, SignalComponent
from schemas.ticks import Quote, Trade

MINUTE_NS = 60_000_000_000
START_NS = 1_723_161_480_000_000_000  # 2024-08-08 23:58:00 UTC
SOURCE = "binance"


def trade(number: int, symbol: str = "BTC-USDT", price: str = "61652.00", **more: Any) -> Trade:
    fields: dict[str, Any] = {"size": "0.10300", "side": "buy", "seq": number, "trade_id": 3_735_683_258 + number}
    times = {"ts_event_ns": START_NS + number * 1_000_000, "ts_ingest_ns": START_NS + number * 1_000_000 + 250}
    return Trade(symbol=symbol, price=price, **{**fields, **times, **more})


def quote(number: int, symbol: str = "BTC-USDT", bid: str = "61651.90", ask: str = "61652.00", **more: Any) -> Quote:
    fields: dict[str, Any] = {"bid_size": "1.5", "ask_size": "0.25", "update_id": 9000 + number, "seq": number}
    times = {"ts_event_ns": START_NS + number * 1_000_000, "ts_ingest_ns": START_NS + number * 1_000_000}
    return Quote(symbol=symbol, bid=bid, ask=ask, **{**fields, **times, **more})


def bar(minute: int, symbol: str = "BTC-USDT", **more: Any) -> Bar:
    prices = {"open": "61652.00", "high": "61745.27", "low": "61583.22", "close": "61717.63", "vwap": "61660.1234567891"}
    sizes = {"volume": "77.14202", "quote_volume": "4757000.5", "trade_count": 3216}
    kind: dict[str, Any] = {"kind": "final", "revision": 0, "quality": 1.0, "reasons": ()}
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", **_interval(minute), **prices, **sizes, **kind}
    return Bar(**{**fields, **more})


def _interval(minute: int) -> dict[str, int]:
    opened = START_NS + minute * MINUTE_NS
    return {"ts_open_ns": opened, "ts_close_ns": opened + MINUTE_NS, "known_at_ns": opened + MINUTE_NS + 1_000_000_000}


def indicators(minute: int, symbol: str = "BTC-USDT", rsi: float = 41.25, **more: Any) -> IndicatorRecord:
    values = {
        "rsi_14": IndicatorValue("rsi", {"period": 14}, {"value": rsi}, True, 28),
        "macd_12_26_9": IndicatorValue(
            "macd", {"fast": 12, "slow": 26, "signal": 9}, {"macd": -3.5, "signal": -2.25, "histogram": -1.25}, True, 45
        ),
        "momentum_10": IndicatorValue("momentum", {"period": 10}, {"value": -0.0125}, True, 15),
    }
    bar_facts = {"close": "61717.63", "bar_revision": 0, "bar_kind": "final", "bar_quality": 1.0}
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", "seed_bars": 60 + minute, "indicators": values}
    return IndicatorRecord(**{**fields, **_interval(minute), **bar_facts, "revision": 0, **more})


def signal(minute: int, symbol: str = "BTC-USDT", vote: int = -1, **more: Any) -> Signal:
    components = {
        "macd": SignalComponent(vote, 1 / 3, True),
        "rsi": SignalComponent(0, 1 / 3, True),
        "momentum": SignalComponent(0, 1 / 3, True),
    }
    decision: dict[str, Any] = {
        "signal": vote,
        "action": {-1: "sell", 0: "hold", 1: "buy"}[vote],
        "score": vote / 3,
        "confidence": 0.333333,
    }
    how: dict[str, Any] = {"decided_by": "macd" if vote else "score", "resolution": "hierarchy", "status": "ok", "components": components}
    bar_facts = {"close": "61717.63", "bar_revision": 0, "bar_kind": "final", "bar_quality": 1.0, "revision": 0}
    interval = _interval(minute)
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", "valid_until_ns": interval["ts_close_ns"] + MINUTE_NS}
    return Signal(**{**fields, **interval, **decision, **how, **bar_facts, **more})


def order_book(number: int, symbol: str = "BTC-USDT", **more: Any) -> Book:
    levels: dict[str, Any] = {"bids": [("61651.90", "1.5")], "asks": [("61652.00", "0.25"), ("61652.10", "3")], "depth": 2}
    times = {"ts_event_ns": START_NS + number, "ts_ingest_ns": START_NS + number, "update_id": number, "seq": number}
    return Book(**{"symbol": symbol, "source": SOURCE, "kind": "snapshot", **times, **levels, **more})


def alert(number: int, symbol: str = "BTC-USDT", **more: Any) -> Alert:
    rule: dict[str, Any] = {"rule_id": "high", "rule_version": "1", "kind": "price_level", "severity": "high", "state": "raised"}
    texts: dict[str, Any] = {"reason": "condition", "subject": "close", "measured": "61717.63", "threshold": "60000", "message": "above"}
    names = {"alert_id": f"a{number}", "episode_id": f"a{number}", "symbol": symbol, "source": SOURCE, "timeframe": "1m"}
    return Alert(**{**rule, **texts, **names, "ts_event_ns": START_NS + number, "known_at_ns": START_NS + number, **more})


def quality(number: int, symbol: str = "BTC-USDT", **more: Any) -> QualityRecord:
    counts = {"total": 10, "valid": 8, "invalid": 1, "duplicate": 1, "out_of_order": 0, "gaps": 0}
    rest: dict[str, Any] = {"latency_average_ns": 5, "latency_p99_ns": 9, "score": 0.875, "reasons": {"late": 1}}
    window = {"ts_from_ns": START_NS + number * 10**9, "ts_to_ns": START_NS + (number + 1) * 10**9}
    return QualityRecord(**{"symbol": symbol, "source": SOURCE, **window, **counts, **rest, **more})


def gap(number: int, symbol: str = "BTC-USDT", **more: Any) -> Gap:
    ids = {"from_id": number, "to_id": number + 5, "size": 4, "filled": 0}
    what: dict[str, Any] = {
        "gap_id": f"{SOURCE}:{symbol}:trade:{number}:{number + 5}",
        "channel": "trade",
        "cause": "sequence",
        "state": "open",
    }
    times = {"from_ns": START_NS, "to_ns": START_NS + 1, "known_at_ns": START_NS + 2}
    return Gap(**{"symbol": symbol, "source": SOURCE, **what, **ids, **times, **more})

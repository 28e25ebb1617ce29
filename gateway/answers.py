"""The gateway's own messages, beside those of the channels: each has a `type`. All return JSON bytes."""

from typing import Any

import msgspec
from msgspec import Raw

from gateway.access.grants import Grant
from gateway.json_text import iso_time
from gateway.protocol import BadMessage, RequestId
from gateway.series import PRIMARY, SeriesKey

_encode = msgspec.json.Encoder().encode
VERSION = 1


def _answer(body: dict[str, Any], request: RequestId = None) -> bytes:
    return _encode(body if request is None else body | {"id": request})


def status(kafka: str) -> bytes:
    """First message of a connection, and sent again whenever it changes: kafka is `up` or `down`."""
    return _answer({"type": "status", "version": VERSION, "kafka": kafka})


def error(bad: BadMessage, request: RequestId = None) -> bytes:
    return _answer({"type": "error", "channel": "error", "code": bad.code, "message": str(bad), "field": bad.field}, request)


def pong(now_ns: int, request: RequestId) -> bytes:
    return _answer({"type": "pong", "timestamp": iso_time(now_ns), "ts_ns": now_ns}, request)


def heartbeat(now_ns: int, kafka: str) -> bytes:
    """To clients that got nothing for a while: the connection lives, and so does what feeds it."""
    return _answer({"type": "heartbeat", "timestamp": iso_time(now_ns), "ts_ns": now_ns, "kafka": kafka})


def reconnect(after_s: float) -> bytes:
    """Before the close of a process that ends."""
    return _answer({"type": "reconnect", "after_s": after_s})


def authenticated(grant: Grant, request: RequestId) -> bytes:
    """expires_at: send the next token before; limits of 0: none."""
    limits = {name: value or None for name, value in grant.limits.model_dump().items()}
    expires_at = None if grant.expires_s is None else iso_time(round(grant.expires_s * 1e9))
    return _answer(
        {"type": "authenticated", "user": grant.user.partition(":")[2], "tier": grant.tier, "limits": limits, "expires_at": expires_at},
        request,
    )


def subscribed(selection: dict[str, Any], request: RequestId) -> bytes:
    return _answer({"channel": selection["channel"], "type": "subscribed"} | selection, request)


def unsubscribed(selection: dict[str, Any], request: RequestId) -> bytes:
    return _answer({"channel": selection["channel"], "type": "unsubscribed"} | selection, request)


def series_list(series: list[dict[str, Any]], subscriptions: list[dict[str, Any]], request: RequestId) -> bytes:
    return _answer({"type": "list", "series": series, "subscriptions": subscriptions}, request)


def snapshot(key: SeriesKey, items: list[bytes], partition: int | None, seq: str | None, epoch: str, lost: str = "") -> bytes:
    """One series' last messages, oldest first. seq: `prev` of the first update. lost: why a resuming client cannot have what it missed."""
    body = _series("snapshot", key) | {"partition": partition, "seq": seq, "epoch": epoch}
    if lost:
        body |= {"recovered": False, "reason": lost}
    return _answer(body | {"items": [Raw(item) for item in items]})


def resumed(key: SeriesKey, partition: int, seq: str | None, epoch: str, missed: int) -> bytes:
    """After the messages that a resuming client had missed: all of them are there. seq: `prev` of the next update."""
    body = {"partition": partition, "seq": seq, "epoch": epoch, "recovered": True, "missed": missed}
    return _answer(_series("resumed", key) | body)


def skipped(key: SeriesKey, reason: str, count: int, prev: str | None, seq: str) -> bytes:
    """In the place of messages that this client does not get: those behind `prev` up to `seq`, which is `prev` of the next one.

    reason: `conflated`: a newer one follows that says all they said; `behind`: they were too many, a resume from `prev` brings them.
    """
    return _answer(_series("skipped", key) | {"reason": reason, "count": count, "prev": prev, "seq": seq})


def _series(kind: str, key: SeriesKey) -> dict[str, Any]:
    return {
        "channel": key.channel,
        "type": kind,
        "symbol": key.symbol,
        "source": None if key.source == PRIMARY else key.source,
        "timeframe": key.timeframe or None,
    }

"""/stats: what every connection does, for operators. Pure but for reading the sessions."""

from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Response

from gateway.pages import refusal
from runtime import metrics

STATS_PATH = "/stats"
_SHOWN = 100
_MOST_SHOWN = 1000
_encode = msgspec.json.Encoder().encode


class Reported(Protocol):
    """A connection as the operators see it."""

    @property
    def waiting(self) -> int: ...

    @property
    def tier(self) -> str: ...

    def describe(self) -> dict[str, Any]: ...


def stats(sessions: Iterable[Reported], kafka: str, query: str) -> Response:
    """query: `limit=` so many connections; those with most waiting messages first."""
    every = sorted(sessions, key=lambda session: -session.waiting)
    given = parse_qs(query).get("limit", [str(_SHOWN)])[0]
    if not given.isdecimal() or not 0 <= int(given) <= _MOST_SHOWN:
        return refusal(HTTPStatus.BAD_REQUEST, f"limit is a number from 0 to {_MOST_SHOWN}")
    body = {
        "kafka": kafka,
        "connections": len(every),
        "by_tier": Counter(session.tier for session in every),
        "waiting_messages": sum(session.waiting for session in every),
        "clients": [session.describe() for session in every[: int(given)]],
    }
    return _json(body)


def measure_waiting(sessions: Iterable[Reported]) -> None:
    """sessions: those for which something may wait."""
    waiting = [session.waiting for session in sessions]
    metrics.WAITING_MESSAGES.labels("all").set(sum(waiting))
    metrics.WAITING_MESSAGES.labels("most").set(max(waiting, default=0))


def measure_tiers(sessions: Iterable[Reported]) -> None:
    """All of them."""
    tiers = Counter(session.tier for session in sessions)
    for tier in ("free", "premium", "enterprise", "none"):
        metrics.TIER_CLIENTS.labels(tier).set(tiers[tier])


def _json(body: dict[str, Any]) -> Response:
    text = _encode(body)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(text)), "Cache-Control": "no-store", "Connection": "close"}
    return Response(HTTPStatus.OK, "OK", Headers(headers), text)

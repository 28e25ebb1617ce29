"""Polygon's protocol, as documented: arrays of events, a greeting, a key, then topics."""

import json
from collections.abc import Iterable
from typing import Any

from ingestors.names import Names
from ingestors.polygon.ids import trade_id
from ingestors.polygon.ingestor import PolygonSession
from ingestors.polygon.parse import Parser
from runtime.settings.providers.polygon import PolygonSettings
from tests.dialect import Deal, Dialect, Said

KEY = "the-key"
PAGE = 1_000  # of this server; the real one gives 50,000


class Polygon(Dialect):
    name = "polygon"
    symbols = ("AAPL", "MSFT")
    numbered = False
    side = ""
    key_setting = "providers.polygon.api_key"
    unknown = b'[{"ev":"NEWS","sym":"AAPL"}]'
    malformed = b'[{"ev":"T","sym":"AAPL","p":114.'
    hidden_limit = b'{"status":"ERROR","request_id":"x","error":"You\'ve exceeded the maximum requests per minute, please wait"}'

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["trades"], "api_key": KEY}

    def hello(self, path: str) -> Said:
        assert path in ("/", "/stocks")
        return Said([_status("connected", "Connected Successfully")])

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        if order["action"] == "auth":
            good = order["params"] == KEY and not self.wrong_key
            return Said([_status("auth_success", "authenticated") if good else _status("auth_failed", "authentication failed")])
        topics = order["params"].split(",")
        symbols = {topic.partition(".")[2] for topic in topics if topic.startswith("T.")}
        if order["action"] == "unsubscribe":
            return Said([_status("success", f"unsubscribed to: {topic}") for topic in topics], off=symbols)
        return Said([_status("success", f"subscribed to: {topic}") for topic in topics], on=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/v3/reference/tickers":
            found = [{"ticker": symbol, "market": "stocks"} for symbol in self.symbols if query.get("ticker", symbol) == symbol]
            return json.dumps({"results": found, "status": "OK", "count": len(found)}).encode()
        start = int(query.get("cursor", "0"))
        found = [deal for deal in deals if path == f"/v3/trades/{deal.symbol}" and deal.ts_event_ns >= int(query["timestamp.gte"])][::-1]
        answer: dict[str, Any] = {"results": [_row(deal) for deal in found[start : start + PAGE]], "status": "OK"}
        if len(found) > start + PAGE:
            more = f"cursor={start + PAGE}&timestamp.gte={query['timestamp.gte']}"
            answer["next_url"] = f"https://api.massive.com{path}?{more}"
        return json.dumps(answer).encode()

    def trade(self, deal: Deal) -> bytes:
        time_ms = deal.ts_event_ns // 1_000_000
        more = f'"p":{deal.price},"s":{deal.size},"c":[12,37],"t":{time_ms},"q":{deal.trade_id * 3}'
        return f'[{{"ev":"T","sym":"{deal.symbol}","x":4,"i":"{deal.trade_id}","z":3,{more},"trfi":202}}]'.encode()

    def trade_id(self, deal: Deal) -> str:
        return trade_id(deal.ts_event_ns // 1_000_000, 4, 202, str(deal.trade_id))

    def heartbeat(self) -> bytes | None:
        return None  # the protocol's own pings, which the WebSocket library answers

    def session(self) -> PolygonSession:
        settings = PolygonSettings(channels=("trades",))
        return PolygonSession(settings, Names(), Parser({symbol: symbol for symbol in self.symbols}, "polygon"), KEY)

    def recorded(self) -> Iterable[bytes]:
        return ()


def _status(status: str, message: str) -> bytes:
    return json.dumps([{"ev": "status", "status": status, "message": message}], separators=(",", ":")).encode()


def _row(deal: Deal) -> dict[str, Any]:
    """Over REST the same trade has its time in ns."""
    times = {"sip_timestamp": deal.ts_event_ns + 345, "participant_timestamp": deal.ts_event_ns - 678}
    size = float(deal.size)
    return {
        "exchange": 4,
        "trf_id": 202,
        "id": str(deal.trade_id),
        "price": float(deal.price),
        "size": size,
        "conditions": [12, 37],
        **times,
    }

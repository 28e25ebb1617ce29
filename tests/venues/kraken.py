"""Kraken's protocol, WebSocket v2, as documented."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar
from zlib import crc32

from ingestors.kraken.ingestor import KrakenSession
from ingestors.kraken.parse import Parser
from ingestors.names import Names
from runtime.settings.providers.kraken import KrakenSettings
from tests.dialect import Deal, Dialect, Said

PAIRS = {"BTC/USD": ("XXBTZUSD", "XBT/USD"), "ETH/USD": ("XETHZUSD", "ETH/USD")}


class Kraken(Dialect):
    name = "kraken"
    symbols = ("BTC-USD", "ETH-USD")
    names: ClassVar = {"BTC-USD": "BTC/USD", "ETH-USD": "ETH/USD"}
    unknown = b'{"channel":"news","type":"update","data":[]}'
    malformed = b'{"channel":"trade","type":"update","data":[{"symbol":"BTC'
    hidden_limit = b'{"error":["EAPI:Rate limit exceeded"]}'
    book_settings: ClassVar = {"channels": ["trade", "book"]}
    book_reason = "checksum_mismatch"

    def __init__(self) -> None:
        self._on: set[tuple[str, str]] = set()

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["trade"]}

    def hello(self, path: str) -> Said:
        self._on = set()
        status = {"version": "2.0.10", "system": "online", "api_version": "v2", "connection_id": 6447481662169813000}
        return Said([_frame({"channel": "status", "type": "update", "data": [status]})])

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        method, channel, said = order["method"], order["params"]["channel"], Said()
        for name in order["params"]["symbol"]:
            said.answers += self._answers(method, channel, name, order["req_id"])
            if channel == "trade":
                (said.on if method == "subscribe" else said.off).add(name.replace("/", "-"))
        return said

    def _answers(self, method: str, channel: str, name: str, number: int) -> list[bytes]:
        one = (channel, name)
        if method == "subscribe" and one in self._on:
            refusal = {"error": "Already subscribed", "method": method, "success": False, "symbol": name, "req_id": number}
            return [_frame(refusal)]
        (self._on.add if method == "subscribe" else self._on.discard)(one)
        answer = {"method": method, "result": {"channel": channel, "symbol": name}, "success": True, "req_id": number}
        return [_frame(answer), *([self._book(name, "snapshot", 2.5)] if channel == "book" and method == "subscribe" else [])]

    def _book(self, name: str, kind: str, size: float, checksum: int | None = None) -> bytes:
        """One level a side, 100.1 and 100.2; pairs have 1 and 8 decimals."""
        digits = f"1002{25 * 10**7}1001{int(size * 10**8)}"
        row = {
            "symbol": name,
            "bids": [{"price": 100.1, "qty": size}],
            "asks": [{"price": 100.2, "qty": 2.5}] if kind == "snapshot" else [],
        }
        row["checksum"] = crc32(digits.encode()) if checksum is None else checksum
        return _frame({"channel": "book", "type": kind, "data": [row]})

    def book(self, symbol: str) -> list[bytes]:
        return [self._book(self.names[symbol], "update", 0.5)]

    def broken_book(self, symbol: str) -> bytes:
        return self._book(self.names[symbol], "update", 0.5, 7)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/0/public/AssetPairs":
            rows = {rest: {"wsname": ws, "pair_decimals": 1, "lot_decimals": 8, "status": "online"} for rest, ws in PAIRS.values()}
            return _frame({"error": [], "result": rows})
        [symbol] = [name.replace("/", "-") for name, (rest, _) in PAIRS.items() if rest == query["pair"]]
        after = [deal for deal in deals if deal.symbol == symbol and deal.ts_event_ns > int(query["since"])][: int(query["count"])]
        rows = ",".join(
            f'["{d.price}","{d.size}",{d.ts_event_ns // 10**9}.{d.ts_event_ns % 10**9:09},"b","m","",{d.trade_id}]' for d in after
        )
        return (
            f'{{"error":[],"result":{{"{query["pair"]}":[{rows}],"last":"{after[-1].ts_event_ns if after else query["since"]}"}}}}'.encode()
        )

    def trade(self, deal: Deal) -> bytes:
        seconds, rest_ns = divmod(deal.ts_event_ns, 1_000_000_000)
        time = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06}Z"
        row = {"symbol": self.names[deal.symbol], "side": "buy", "price": float(deal.price), "qty": float(deal.size), "ord_type": "limit"}
        return _frame({"channel": "trade", "type": "update", "data": [row | {"trade_id": deal.trade_id, "timestamp": time}]})

    def heartbeat(self) -> bytes | None:
        return b'{"channel":"heartbeat"}'

    def session(self) -> KrakenSession:
        return KrakenSession(KrakenSettings(), Names(), Parser({"BTC/USD": "BTC-USD"}, "kraken"))

    def recorded(self) -> Iterable[bytes]:
        return ()  # recorded v1 books are told as v2 does in tests/unit/ingestors/test_kraken_messages.py


def _frame(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()

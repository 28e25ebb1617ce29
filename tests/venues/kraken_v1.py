"""Kraken's protocol, WebSocket v1, as documented and recorded."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar
from zlib import crc32

from bench import recordings
from ingestors.kraken_v1.ingestor import KrakenV1Session
from ingestors.kraken_v1.parse import Parser, trade_id
from ingestors.names import Names
from runtime.settings.providers.kraken_v1 import KrakenV1Settings
from tests.dialect import START_NS, Deal, Dialect, Said
from tests.venues.kraken import Kraken


class KrakenV1(Dialect):
    name = "kraken-v1"
    symbols = ("BTC-USD", "ETH-USD")
    names: ClassVar = {"BTC-USD": "XBT/USD", "ETH-USD": "ETH/USD"}
    unknown = b'{"event":"news"}'
    malformed = b'{"event":"subscriptionSta'
    hidden_limit = b'{"error":["EGeneral:Too many requests"]}'
    numbered = False
    book_settings: ClassVar = {"channels": ["trade", "book"], "book_depth": 10}
    book_reason = "checksum_mismatch"

    def __init__(self) -> None:
        self._rest = Kraken()

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["trade"]}

    def hello(self, path: str) -> Said:
        return Said([_frame({"connectionID": 8628615390848610000, "event": "systemStatus", "status": "online", "version": "1.0.0"})])

    def answer(self, message: str) -> Said:
        order, said = json.loads(message), Said()
        subscription = order["subscription"]
        channel, status = subscription["name"], f"{order['event']}d"
        symbols = {symbol for symbol, name in self.names.items() if name in order["pair"]}
        named = f"book-{subscription['depth']}" if channel == "book" else channel
        for name in order["pair"]:
            more = {"channelID": 336, "channelName": named, "pair": name, "status": status, "subscription": subscription}
            said.answers.append(_frame({"event": "subscriptionStatus"} | more))
            if channel == "book" and order["event"] == "subscribe":
                whole = {"as": [_level("100.20000", "2.50000000")], "bs": [_level("100.10000", "2.50000000")]}
                said.answers.append(_frame([336, whole, "book-10", name]))
        told = symbols if channel == "trade" else set()
        return Said(said.answers, on=told) if order["event"] == "subscribe" else Said(said.answers, off=told)

    def book(self, symbol: str) -> list[bytes]:
        return [self._change(symbol, crc32(b"100200002500000001001000050000000"))]

    def broken_book(self, symbol: str) -> bytes:
        return self._change(symbol, 7)

    def _change(self, symbol: str, checksum: int) -> bytes:
        change = {"b": [_level("100.10000", "0.50000000")], "c": str(checksum)}
        return _frame([336, change, "book-10", self.names[symbol]])

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        return self._rest.rest(path, query, deals)

    def trade(self, deal: Deal) -> bytes:
        seconds, rest_ns = divmod(deal.ts_event_ns, 1_000_000_000)
        row = [deal.price, deal.size, f"{seconds}.{rest_ns // 1000:06}", "b", "m", ""]
        return _frame([337, [row], "trade", self.names[deal.symbol]])

    def trade_id(self, deal: Deal) -> str:
        return trade_id(deal.ts_event_ns, deal.price, deal.size, "buy")

    def heartbeat(self) -> bytes | None:
        return b'{"event":"heartbeat"}'

    def session(self) -> KrakenV1Session:
        names = {name: symbol for symbol, name in self.names.items()}
        for frame in self.recorded():
            if frame[:1] == b"{" and (name := json.loads(frame).get("pair")):
                names.setdefault(name, name)
        return KrakenV1Session(KrakenV1Settings(channels=("trade",)), Names(), Parser(names, "kraken-v1"))

    def recorded(self) -> Iterable[bytes]:
        if recordings.there():
            for frame in recordings.frames("kraken-v1"):
                yield frame.payload


def _level(price: str, size: str) -> list[str]:
    return [price, size, f"{START_NS // 10**9}.000001"]


def _frame(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()

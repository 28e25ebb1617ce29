"""HTX's protocol, as documented and recorded: every frame of the server is gzip."""

import gzip
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from bench import recordings
from ingestors.htx.ingestor import HtxSession
from ingestors.htx.parse import Parser
from ingestors.names import Names
from runtime.settings.providers.htx import HtxSettings
from tests.dialect import START_NS, Deal, Dialect, Said


def _packed(text: bytes) -> bytes:
    return gzip.compress(text, 1, mtime=0)


def _frame(message: Any) -> bytes:
    return _packed(json.dumps(message, separators=(",", ":")).encode())


class Htx(Dialect):
    name = "htx"
    symbols = ("BTC-USDT", "ETH-USDT")
    names: ClassVar = {"BTC-USDT": "btcusdt", "ETH-USDT": "ethusdt"}
    unknown = _packed(b'{"ch":"market.btcusdt.news","ts":1,"tick":{}}')
    malformed = _packed(b'{"ch":"market.btcusdt.trade.detail","ts":16786780')
    hidden_limit = b'{"status":"error","err-code":"api-limit-exceeded","err-msg":"too many requests","data":null}'
    numbered = False
    remembers = 2_000
    book_settings: ClassVar = {"channels": ["trade.detail", "depth.step0"]}
    book_reason = "not_a_number"
    book_comes_again = False  # unasked: every message is a whole one

    def __init__(self) -> None:
        self._version = 0

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["trade.detail"]}

    def hello(self, path: str) -> Said:
        return Said([_frame({"ping": START_NS // 1_000_000})])

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        if "pong" in order:
            assert order["pong"] == START_NS // 1_000_000
            return Said()
        kind = "sub" if "sub" in order else "unsub"
        _, name, channel = order[kind].split(".", 2)
        symbols = {symbol for symbol, known in self.names.items() if known == name and channel == "trade.detail"}
        answers = [_frame({"id": order["id"], "status": "ok", f"{kind}bed": order[kind], "ts": START_NS // 1_000_000})]
        return Said(answers, on=symbols) if kind == "sub" else Said(answers, off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/v1/common/symbols":
            bases = [(name, symbol.lower().split("-")) for symbol, name in self.names.items()]
            rows = [{"symbol": name, "base-currency": base, "quote-currency": quote, "state": "online"} for name, (base, quote) in bases]
            return json.dumps({"status": "ok", "data": rows}).encode()
        newest = [deal for deal in deals if self.names[deal.symbol] == query["symbol"]][: -1 - int(query["size"]) : -1]
        rows = [{"id": 1, "ts": deal.ts_event_ns // 1_000_000, "data": [self._row(deal, "trade-id")]} for deal in newest]
        return json.dumps({"status": "ok", "ch": f"market.{query['symbol']}.trade.detail", "data": rows}).encode()

    @staticmethod
    def _row(deal: Deal, id_name: str) -> dict[str, Any]:
        time_ms = deal.ts_event_ns // 1_000_000
        row = {"id": 10**26 + deal.trade_id, "ts": time_ms, id_name: deal.trade_id, "amount": float(deal.size), "price": float(deal.price)}
        return row | {"direction": "buy"}

    def trade(self, deal: Deal) -> bytes:
        time_ms = deal.ts_event_ns // 1_000_000
        tick = {"id": 1, "ts": time_ms, "data": [self._row(deal, "tradeId")]}
        return _frame({"ch": f"market.{self.names[deal.symbol]}.trade.detail", "ts": time_ms, "tick": tick})

    def book(self, symbol: str) -> list[bytes]:
        return [self._book(symbol, 100.1)]

    def broken_book(self, symbol: str) -> bytes:
        return self._book(symbol, -1)

    def _book(self, symbol: str, bid: float) -> bytes:
        self._version += 7
        tick = {"bids": [[bid, 1.5]], "asks": [[100.2, 2]], "version": self._version, "ts": START_NS // 1_000_000}
        return _frame({"ch": f"market.{self.names[symbol]}.depth.step0", "ts": START_NS // 1_000_000, "tick": tick})

    def heartbeat(self) -> bytes | None:
        return _frame({"ping": 7})

    def session(self) -> HtxSession:
        names = {name: symbol for symbol, name in self.names.items()}
        for frame in self.recorded():
            message = json.loads(gzip.decompress(frame))
            if "subbed" in message:
                name = message["subbed"].split(".")[1]
                names.setdefault(name, name)
        return HtxSession(HtxSettings(channels=("trade.detail",)), Names(), Parser(names, "htx"))

    def recorded(self) -> Iterable[bytes]:
        if recordings.there():
            for frame in recordings.frames("htx"):
                yield frame.payload

"""Coinbase Exchange's protocol, as documented and recorded."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from ingestors.coinbase.ingestor import CoinbaseSession
from ingestors.coinbase.parse import Parser
from ingestors.names import Names
from runtime.settings.providers import CoinbaseSettings
from tests.dialect import RECORDED, START_NS, Deal, Dialect, Said

RECORDING = RECORDED / "cryptofeed" / "COINBASE.ws.28.0.gz"
PRODUCTS = ["SKL-USD", "SKL-BTC", "BAND-GBP", "NMR-EUR", "BAND-BTC", "YFI-BTC", "DASH-BTC", "NU-GBP", "CRV-EUR", "SKL-GBP"]


class Coinbase(Dialect):
    name = "coinbase"
    symbols = ("BTC-USD", "ETH-USD")
    unknown = b'{"type":"auction","product_id":"BTC-USD"}'
    malformed = b'{"type":"match","trade_id":'
    hidden_limit = b""
    book_settings: ClassVar = {"channels": ["matches", "level2_batch"]}
    book_reason = "not_a_number"

    def __init__(self) -> None:
        self._state: dict[str, set[str]] = {}

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["matches", "ticker", "heartbeat"]}

    def hello(self, path: str) -> Said:
        self._state = {}
        return Said()

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        products = set(order["product_ids"])
        for channel in order["channels"]:
            have = self._state.setdefault(channel, set())
            self._state[channel] = have | products if order["type"] == "subscribe" else have - products
        names = {"level2_batch": "level2_50"}
        channels = [{"name": names.get(channel, channel), "product_ids": sorted(have)} for channel, have in self._state.items() if have]
        answers = [json.dumps({"type": "subscriptions", "channels": channels}, separators=(",", ":")).encode()]
        told = products if "matches" in order["channels"] else set()
        if order["type"] != "subscribe":
            return Said(answers, off=told)
        books = sorted(products) if "level2_batch" in order["channels"] else []
        return Said(answers + [_snapshot(product) for product in books], on=told)

    def book(self, symbol: str) -> list[bytes]:
        return [_changes(symbol, "100.1")]

    def broken_book(self, symbol: str) -> bytes:
        return _changes(symbol, "-1")

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/products":
            return json.dumps([{"id": symbol, "status": "online"} for symbol in self.symbols]).encode()
        symbol = path.split("/")[2]
        before = [deal for deal in deals if deal.symbol == symbol and deal.trade_id < int(query.get("after", 2**60))]
        return json.dumps([self._row(deal) for deal in before[::-1][: int(query["limit"])]]).encode()

    def _row(self, deal: Deal) -> dict[str, Any]:
        return {"trade_id": deal.trade_id, "side": "sell", "size": deal.size, "price": deal.price, "time": _time(deal.ts_event_ns)}

    def trade(self, deal: Deal) -> bytes:
        return json.dumps({"type": "match", **self._row(deal), "product_id": deal.symbol, "sequence": 7}, separators=(",", ":")).encode()

    def heartbeat(self) -> bytes | None:
        return b'{"type":"heartbeat","sequence":90,"last_trade_id":0,"product_id":"BTC-USD","time":"2024-08-09T00:05:00.464459Z"}'

    def session(self) -> CoinbaseSession:
        parser = Parser({product: product for product in [*PRODUCTS, "BTC-USD"]}, "coinbase")
        return CoinbaseSession(CoinbaseSettings(), Names(), parser)

    def recorded(self) -> Iterable[bytes]:
        if RECORDING.exists():
            with gzip.open(RECORDING, "rb") as file:
                for line in file:
                    frame = line.rstrip().partition(b": ")[2]
                    if frame and not line.startswith(b"wss://"):
                        yield frame


def _time(ns: int) -> str:
    seconds, rest_ns = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06}Z"


def _snapshot(product: str) -> bytes:
    book = {"type": "snapshot", "product_id": product, "asks": [["100.2", "1"]], "bids": [["100.1", "2.5"]]}
    return json.dumps(book, separators=(",", ":")).encode()


def _changes(product: str, bid: str) -> bytes:
    changes = [["buy", bid, "2.5"], ["sell", "100.2", "1"]]
    return json.dumps(
        {"type": "l2update", "product_id": product, "changes": changes, "time": _time(START_NS)}, separators=(",", ":")
    ).encode()

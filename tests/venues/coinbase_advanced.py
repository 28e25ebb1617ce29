"""Coinbase Advanced Trade's protocol, as documented: every message has a number of its connection."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

from ingestors.coinbase_advanced.ingestor import AdvancedSession
from ingestors.coinbase_advanced.parse import Parser
from ingestors.names import Names
from runtime.settings.providers.coinbase_advanced import CoinbaseAdvancedSettings
from tests.dialect import START_NS, Client, Deal, Dialect, Said

NUMBER = b'"sequence_num":0'


class CoinbaseAdvanced(Dialect):
    name = "coinbase-advanced"
    symbols = ("BTC-USD", "ETH-USD")
    unknown = b'{"type":"news"}'
    malformed = b'{"channel":"market_trades","events":[{"type":"update","tra'
    hidden_limit = b""
    numbered = False
    numbers_messages = True
    book_settings: ClassVar = {"channels": ["market_trades", "level2"]}
    book_reason = "not_a_number"

    def __init__(self) -> None:
        self._state: dict[str, set[str]] = {}

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["market_trades"]}

    def hello(self, path: str) -> Said:
        self._state = {}
        return Said()

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        channel, products = order["channel"], set(order["product_ids"])
        if channel == "heartbeats":
            return Said()
        have = self._state.setdefault(channel, set())
        on = order["type"] == "subscribe"
        self._state[channel] = have | products if on else have - products
        state = {channel: sorted(have) for channel, have in self._state.items() if have}
        answers = [_message("subscriptions", {"subscriptions": state})]
        if channel == "level2" and on:
            answers += [self._book(product, "snapshot", "100.1") for product in sorted(products)]
        told = products if channel == "market_trades" else set()
        return Said(answers, on=told) if on else Said(answers, off=told)

    def _book(self, product: str, kind: str, bid: str) -> bytes:
        sides = [("bid", bid, "2.5"), ("offer", "100.2", "1")]
        updates = [{"side": side, "event_time": _time(START_NS), "price_level": price, "new_quantity": size} for side, price, size in sides]
        return _message("l2_data", {"type": kind, "product_id": product, "updates": updates})

    def book(self, symbol: str) -> list[bytes]:
        return [self._book(symbol, "update", "100.1")]

    def broken_book(self, symbol: str) -> bytes:
        return self._book(symbol, "update", "-1")

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path.endswith("/products"):
            return json.dumps({"products": [{"product_id": product} for product in (*self.symbols, "BTC-USDC")]}).encode()
        symbol = path.split("/")[-2]
        start, end = int(query.get("start", 0)), int(query.get("end", 1 << 40))
        found = [deal for deal in deals if deal.symbol == symbol and start <= deal.ts_event_ns / 1e9 < end]
        return json.dumps(
            {"trades": [_row(deal) for deal in found[::-1][: int(query["limit"])]], "best_bid": "1", "best_ask": "2"}
        ).encode()

    def trade(self, deal: Deal) -> bytes:
        return _message("market_trades", {"type": "update", "trades": [_row(deal)]})

    def heartbeat(self) -> bytes | None:
        return _message("heartbeats", {"current_time": "2024-08-09 00:05:00.46 +0000 UTC m=+1", "heartbeat_counter": 42})

    def on_wire(self, frame: bytes, client: Client) -> bytes:
        if NUMBER not in frame:
            return frame
        number = client.memory.setdefault("number", 0)
        client.memory["number"] += 1
        return frame.replace(NUMBER, b'"sequence_num":%d' % number)

    def session(self) -> AdvancedSession:
        parser = Parser({product: product for product in self.symbols}, "coinbase-advanced")
        return AdvancedSession(CoinbaseAdvancedSettings(channels=("market_trades",)), Names(), parser)

    def recorded(self) -> Iterable[bytes]:
        return ()


def _time(ns: int) -> str:
    seconds, rest_ns = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06}Z"


def _row(deal: Deal) -> dict[str, Any]:
    row = {"trade_id": str(deal.trade_id), "product_id": deal.symbol, "price": deal.price, "size": deal.size, "side": "BUY"}
    return row | {"time": _time(deal.ts_event_ns)}


def _message(channel: str, event: dict[str, Any]) -> bytes:
    message = {"channel": channel, "client_id": "", "timestamp": _time(START_NS), "sequence_num": 0, "events": [event]}
    return json.dumps(message, separators=(",", ":")).encode()

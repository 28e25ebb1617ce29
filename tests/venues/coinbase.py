"""Coinbase Exchange's protocol, as documented and recorded."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ingestors.coinbase.ingestor import CoinbaseSession
from ingestors.coinbase.parse import Parser
from ingestors.names import Names
from runtime.settings.providers import CoinbaseSettings
from tests.dialect import RECORDED, Deal, Dialect, Said

RECORDING = RECORDED / "cryptofeed" / "COINBASE.ws.28.0.gz"
PRODUCTS = ["SKL-USD", "SKL-BTC", "BAND-GBP", "NMR-EUR", "BAND-BTC", "YFI-BTC", "DASH-BTC", "NU-GBP", "CRV-EUR", "SKL-GBP"]


class Coinbase(Dialect):
    name = "coinbase"
    symbols = ("BTC-USD", "ETH-USD")
    unknown = b'{"type":"auction","product_id":"BTC-USD"}'
    malformed = b'{"type":"match","trade_id":'
    hidden_limit = b""

    def __init__(self) -> None:
        self._state: dict[str, set[str]] = {}

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols}

    def hello(self, path: str) -> Said:
        self._state = {}
        return Said()

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        products = set(order["product_ids"])
        for channel in order["channels"]:
            have = self._state.setdefault(channel, set())
            self._state[channel] = have | products if order["type"] == "subscribe" else have - products
        channels = [{"name": channel, "product_ids": sorted(have)} for channel, have in self._state.items() if have]
        answers = [json.dumps({"type": "subscriptions", "channels": channels}, separators=(",", ":")).encode()]
        return Said(answers, on=products) if order["type"] == "subscribe" else Said(answers, off=products)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/products":
            return json.dumps([{"id": symbol, "status": "online"} for symbol in self.symbols]).encode()
        symbol = path.split("/")[2]
        before = [deal for deal in deals if deal.symbol == symbol and deal.trade_id < int(query.get("after", 2**60))]
        return json.dumps([self._row(deal) for deal in before[::-1][: int(query["limit"])]]).encode()

    def _row(self, deal: Deal) -> dict[str, Any]:
        seconds, rest_ns = divmod(deal.ts_event_ns, 1_000_000_000)
        time = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06}Z"
        return {"trade_id": deal.trade_id, "side": "sell", "size": deal.size, "price": deal.price, "time": time}

    def trade(self, deal: Deal) -> bytes:
        return json.dumps({"type": "match", **self._row(deal), "product_id": deal.symbol, "sequence": 7}, separators=(",", ":")).encode()

    def heartbeat(self) -> bytes | None:
        return b'{"type":"heartbeat","sequence":90,"last_trade_id":0,"product_id":"BTC-USD","time":"2024-08-09T00:05:00.464459Z"}'

    def session(self) -> CoinbaseSession:
        return CoinbaseSession(CoinbaseSettings(), Names(), Parser({product: product for product in [*PRODUCTS, "BTC-USD"]}))

    def recorded(self) -> Iterable[bytes]:
        if RECORDING.exists():
            with gzip.open(RECORDING, "rb") as file:
                for line in file:
                    frame = line.rstrip().partition(b": ")[2]
                    if frame and not line.startswith(b"wss://"):
                        yield frame

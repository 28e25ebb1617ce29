"""Binance's protocol, as documented and recorded."""

import gzip
import json
from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from ingestors.binance.ingestor import BinanceSession
from ingestors.binance.parse import Parser
from ingestors.names import Names
from runtime.settings.providers import BinanceSettings
from tests.dialect import RECORDED, START_NS, Deal, Dialect, Said

RECORDING = RECORDED / "hftbacktest" / "binance_spot_btcusdt_20240808.gz"
NAMES = {"BTC-USDT": "BTCUSDT", "ETH-USDT": "ETHUSDT"}


class Binance(Dialect):
    name = "binance"
    symbols = ("BTC-USDT", "ETH-USDT")
    names = NAMES
    book_settings: ClassVar = {"streams": ["trade", "depth@100ms"]}
    book_reason = "sequence_gap"
    book_comes_again = False  # it is fetched, once something changes
    unknown = b'{"stream":"btcusdt@trade","data":{"e":"somethingNew","E":1723161911000,"s":"BTCUSDT"}}'
    malformed = b'{"stream":"btcusdt@trade","data":{"e":"trade","E":17231'
    hidden_limit = b""

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "streams": ["trade"]}

    def hello(self, path: str) -> Said:
        return Said(on=self._symbols(parse_qs(urlsplit(path).query).get("streams", [""])[0].split("/")))

    def _symbols(self, streams: list[str]) -> set[str]:
        return {symbol for symbol, name in NAMES.items() if f"{name.lower()}@trade" in streams}

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        answers = [json.dumps({"result": None, "id": order["id"]}).encode()]
        symbols = self._symbols(order["params"])
        return Said(answers, on=symbols) if order["method"] == "SUBSCRIBE" else Said(answers, off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/api/v3/exchangeInfo":
            bases = [(name, symbol.split("-")) for symbol, name in NAMES.items()]
            rows = [{"symbol": name, "status": "TRADING", "baseAsset": base, "quoteAsset": quote} for name, (base, quote) in bases]
            return json.dumps({"symbols": rows}).encode()
        if path == "/api/v3/depth":
            return json.dumps({"lastUpdateId": self.number, "bids": [["9", "1"]], "asks": [["10", "1"]]}).encode()
        if path == "/api/v3/aggTrades":
            since = [
                deal for deal in deals if NAMES[deal.symbol] == query["symbol"] and deal.ts_event_ns >= int(query["startTime"]) * 1_000_000
            ]
            return json.dumps([{"a": deal.trade_id, "f": deal.trade_id, "T": deal.ts_event_ns // 1_000_000} for deal in since[:1]]).encode()
        found = [deal for deal in deals if NAMES[deal.symbol] == query["symbol"] and deal.trade_id >= int(query["fromId"])]
        rows = [
            {"id": deal.trade_id, "price": deal.price, "qty": deal.size, "time": deal.ts_event_ns // 1_000_000, "isBuyerMaker": False}
            for deal in found[: int(query["limit"])]
        ]
        return json.dumps(rows).encode()

    def trade(self, deal: Deal) -> bytes:
        name, time_ms = NAMES[deal.symbol], deal.ts_event_ns // 1_000_000
        data = {"e": "trade", "E": time_ms, "s": name, "t": deal.trade_id, "p": deal.price, "q": deal.size, "T": time_ms, "m": False}
        return json.dumps({"stream": f"{name.lower()}@trade", "data": data}, separators=(",", ":")).encode()

    number = 0  # of the newest state of its books

    def book(self, symbol: str) -> list[bytes]:
        self.number += 1
        return [self._depth(symbol)]

    def broken_book(self, symbol: str) -> bytes:
        self.number += 2  # one is missing
        return self._depth(symbol)

    def _depth(self, symbol: str) -> bytes:
        name, number = NAMES[symbol], self.number
        data = {"e": "depthUpdate", "E": START_NS // 1_000_000, "s": name, "U": number, "u": number, "b": [["8", str(number)]], "a": []}
        return json.dumps({"stream": f"{name.lower()}@depth@100ms", "data": data}, separators=(",", ":")).encode()

    def heartbeat(self) -> bytes | None:
        return None  # the protocol's own pings, which the WebSocket library answers

    def session(self) -> BinanceSession:
        return BinanceSession(BinanceSettings(), Names(), Parser({"BTCUSDT": "BTC-USDT"}, "binance"))

    def recorded(self) -> Iterable[bytes]:
        if RECORDING.exists():
            with gzip.open(RECORDING, "rb") as file:
                for line in file:
                    frame = line.rstrip().partition(b" ")[2]
                    if frame.startswith(b'{"stream"'):  # the order book's snapshot beside them came over REST
                        yield frame

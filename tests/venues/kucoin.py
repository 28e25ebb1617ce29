"""KuCoin's protocol, as documented and recorded."""

import json
from collections.abc import Iterable
from itertools import count
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from bench import recordings
from ingestors.kucoin.client import KucoinClient
from ingestors.kucoin.ingestor import KucoinSession
from ingestors.kucoin.parse import Parser
from ingestors.names import Names
from runtime.settings.providers.kucoin import KucoinSettings
from tests.dialect import Deal, Dialect, Said


class Kucoin(Dialect):
    """Tokens are t1, t2, ...: each lets one connection in."""

    name = "kucoin"
    symbols = ("BTC-USDT", "ETH-USDT")
    unknown = b'{"type":"message","topic":"/market/news","subject":"trade.news","data":{}}'
    malformed = b'{"type":"message","topic":"/market/match:BTC-USDT","subject":"trade.l3match","data":{"symb'
    hidden_limit = b'{"code":"429000","msg":"Too Many Requests"}'
    numbered = False
    remembers = 100
    book_settings: ClassVar = {"channels": ["match", "level2"]}
    book_reason = "sequence_gap"
    book_comes_again = False  # it is fetched, once something changes

    def __init__(self) -> None:
        self._tokens: set[str] = set()  # nobody came with them yet
        self._issued = count(1)
        self._websocket = ""
        self._sequence = 100  # of the books

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        self._websocket = websocket
        return {"rest_url": rest, "symbols": self.symbols, "channels": ["match"]}

    def hello(self, path: str) -> Said:
        if path != "/":
            self._tokens.remove(parse_qs(urlsplit(path).query)["token"][0])
        return Said([_frame({"id": "1", "type": "welcome"})])

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        if order["type"] == "ping":
            return Said([_frame({"id": order["id"], "type": "pong"})])
        topic, _, names = order["topic"].partition(":")
        symbols = set(names.split(",")) if topic == "/market/match" else set()
        answers = [_frame({"id": order["id"], "type": "ack"})]
        return Said(answers, on=symbols) if order["type"] == "subscribe" else Said(answers, off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/api/v2/symbols":
            return self._good([{"symbol": symbol, "enableTrading": True} for symbol in self.symbols])
        if path == "/api/v1/bullet-public":
            token = f"t{next(self._issued)}"
            self._tokens.add(token)
            server = {"endpoint": self._websocket, "encrypt": True, "protocol": "websocket", "pingInterval": 18000, "pingTimeout": 10000}
            return self._good({"token": token, "instanceServers": [server]})
        if path == "/api/v1/market/orderbook/level2_100":
            levels = {"bids": [["9", "1"]], "asks": [["10", "1"]]}
            return self._good({"sequence": str(self._sequence), "time": 1_723_161_900_000, **levels})
        newest = [deal for deal in deals if deal.symbol == query["symbol"]][: -1 - self.remembers : -1]
        rows = [{"sequence": str(d.trade_id), "price": d.price, "size": d.size, "side": "buy", "time": d.ts_event_ns} for d in newest]
        return self._good(rows)

    @staticmethod
    def _good(data: Any) -> bytes:
        return _frame({"code": "200000", "data": data})

    def trade(self, deal: Deal) -> bytes:
        data = {"symbol": deal.symbol, "sequence": str(deal.trade_id), "side": "buy", "size": deal.size, "price": deal.price}
        more = {"takerOrderId": "a", "makerOrderId": "b", "tradeId": f"x{deal.trade_id}", "time": str(deal.ts_event_ns), "type": "match"}
        topic = f"/market/match:{deal.symbol}"
        return _frame({"data": data | more, "subject": "trade.l3match", "topic": topic, "type": "message"})

    def book(self, symbol: str) -> list[bytes]:
        self._sequence += 1
        return [self._change(symbol)]

    def broken_book(self, symbol: str) -> bytes:
        self._sequence += 2  # one is missing
        return self._change(symbol)

    def _change(self, symbol: str) -> bytes:
        number = self._sequence
        changes = {"asks": [], "bids": [["8", str(number), str(number)]]}
        data = {"sequenceStart": number, "sequenceEnd": number, "symbol": symbol, "changes": changes}
        return _frame({"type": "message", "topic": f"/market/level2:{symbol}", "subject": "trade.l2update", "data": data})

    def heartbeat(self) -> bytes | None:
        return b'{"id":"7","type":"pong"}'

    def session(self) -> KucoinSession:
        names = {symbol: symbol for symbol in self.symbols}
        if recordings.there():
            answers = recordings.answers("KUCOIN.http.0.0.gz")
            names |= {url.partition("symbol=")[2]: url.partition("symbol=")[2] for url in answers}
        client = KucoinClient("http://127.0.0.1:1", "ingest.kucoin")
        return KucoinSession(KucoinSettings(channels=("match",)), Names(), Parser(names, "kucoin"), client)

    def recorded(self) -> Iterable[bytes]:
        if recordings.there():
            for frame in recordings.frames("kucoin"):
                yield frame.payload


def _frame(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()

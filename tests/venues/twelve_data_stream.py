"""The protocol of Twelve Data's stream, as documented: last prices, with the volume of the day so far."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ingestors.names import Names
from ingestors.twelve_data_rest import parse as rest_parse
from ingestors.twelve_data_stream.ingestor import TwelveDataSession
from ingestors.twelve_data_stream.parse import Parser
from runtime.settings.providers.twelve_data_stream import TwelveDataStreamSettings
from tests.dialect import START_NS, Deal, Dialect, Said

KEY = "the-key"
PATH = "/v1/quotes/price"


class TwelveDataStream(Dialect):
    name = "twelve-data-stream"
    symbols = ("AAPL", "MSFT")
    numbered = False
    remembers = 0
    side = ""
    step_ns = 1_000_000_000
    repeats_as = "nothing"
    key_setting = "providers.twelve_data_stream.api_key"
    key_in_handshake = True
    unknown = b'{"event":"news","symbol":"AAPL"}'
    malformed = b'{"event":"price","symbol":"AAPL","price":12'
    hidden_limit = b'{"code":429,"message":"You have run out of API credits for the current minute.","status":"error"}'

    def __init__(self) -> None:
        self.traded: dict[str, int] = {}  # deals so far

    def shorten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rest_parse, "_MINUTE_S", 0.05)

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "api_key": KEY}

    def hello(self, path: str) -> Said:
        assert path == "/" or (urlsplit(path).path, parse_qs(urlsplit(path).query)) == (PATH, {"apikey": [KEY]})
        return Said()

    def answer(self, message: str) -> Said:
        """A subscription is followed by where the day stands."""
        order = json.loads(message)
        if order["action"] == "heartbeat":
            return Said([b'{"event":"heartbeat","status":"ok"}'])
        symbols = order["params"]["symbols"].split(",")
        told = {"event": f"{order['action']}-status", "status": "ok", "success": [{"symbol": symbol} for symbol in symbols], "fails": None}
        if order["action"] == "unsubscribe":
            return Said([json.dumps(told).encode()], off=set(symbols))
        return Said([json.dumps(told).encode(), *(self._state(symbol) for symbol in symbols)], on=set(symbols))

    def _state(self, symbol: str) -> bytes:
        return _price(symbol, START_NS, "100.25", Decimal("0.5") * self.traded.get(symbol, 0))

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        known = self.symbols if path == "/stocks" else ()
        found = [{"symbol": symbol, "exchange": "NASDAQ"} for symbol in known if query.get("symbol", symbol) == symbol]
        return json.dumps({"data": found, "status": "ok"}).encode()

    def happened(self, deal: Deal) -> None:
        self.traded[deal.symbol] = deal.trade_id

    def trade(self, deal: Deal) -> bytes:
        return _price(deal.symbol, deal.ts_event_ns, deal.price, Decimal(deal.size) * deal.trade_id)

    def trade_id(self, deal: Deal) -> str:
        return f"{deal.ts_event_ns // 1_000_000_000}-{Decimal(deal.size) * deal.trade_id}"

    def heartbeat(self) -> bytes | None:
        return b'{"event":"heartbeat","status":"ok"}'

    def session(self) -> TwelveDataSession:
        """Which knows where the day stands before the seventh deal."""
        parser = Parser({symbol: symbol for symbol in self.symbols})
        parser.parse(_price(self.symbols[0], START_NS, "100.25", Decimal("3.0")), 1)
        return TwelveDataSession(TwelveDataStreamSettings(), Names(), parser, KEY)

    def recorded(self) -> Iterable[bytes]:
        return ()


def _price(symbol: str, ns: int, price: str, volume: Decimal) -> bytes:
    more = f'"currency":"USD","exchange":"NASDAQ","type":"Common Stock","timestamp":{ns // 1_000_000_000}'
    return f'{{"event":"price","symbol":"{symbol}",{more},"price":{price},"day_volume":{volume}}}'.encode()

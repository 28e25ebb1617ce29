"""Finnhub's protocol, as documented: the key in the address, no acknowledgements, trades without ids."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ingestors.finnhub.ingestor import FinnhubSession
from ingestors.finnhub.parse import Parser
from ingestors.names import Names
from runtime.clock import ManualClock
from runtime.settings.providers.finnhub import FinnhubSettings
from tests.dialect import START_NS, Deal, Dialect, Said

KEY = "the-key"


class Finnhub(Dialect):
    name = "finnhub"
    symbols = ("AAPL", "MSFT")
    numbered = False
    acknowledges = False
    side = ""
    repeats_as = "another"
    key_setting = "providers.finnhub.api_key"
    key_in_handshake = True
    unknown = b'{"type":"news","data":[]}'
    malformed = b'{"data":[{"p":1,"s":"AAPL"'
    hidden_limit = b'{"error":"API limit reached. Please try again later. Remaining Limit: 0"}'

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "api_key": KEY}

    def build(self, websocket: str, rest: str, settings: Any, output: Any, health: Any) -> Any:
        ingestor = super().build(websocket, rest, settings, output, health)
        ingestor._venue._clock = ManualClock(START_NS)  # trades are asked for by the day, up to this one
        return ingestor

    def hello(self, path: str) -> Said:
        assert path == "/" or parse_qs(urlsplit(path).query) == {"token": [KEY]}
        return Said()

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        symbols = {order["symbol"]}
        return Said(on=symbols) if order["type"] == "subscribe" else Said(off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/api/v1/quote":
            known = query["symbol"] in self.symbols
            return json.dumps({"c": 1.5 if known else 0, "d": None, "dp": None, "t": 1582641000 if known else 0}).encode()
        if path.endswith("/symbol"):
            return b'[{"symbol":"BINANCE:BTCUSDT"}]'
        assert path == "/api/v1/stock/tick"
        assert query["date"] == "2024-08-08"  # New York's of START_NS
        found = [deal for deal in deals if deal.symbol == query["symbol"]]
        some = found[int(query["skip"]) :][: int(query["limit"])]
        columns = {"t": [_ms(deal) for deal in some], "p": [float(deal.price) for deal in some], "v": [float(deal.size) for deal in some]}
        return json.dumps({"s": query["symbol"], "total": len(found), "count": len(some), **columns}).encode()

    def trade(self, deal: Deal) -> bytes:
        row = f'{{"c":null,"p":{deal.price},"s":"{deal.symbol}","t":{_ms(deal)},"v":{deal.size}}}'
        return f'{{"data":[{row}],"type":"trade"}}'.encode()

    def trade_id(self, deal: Deal) -> str:
        return f"{_ms(deal)}-{deal.price}-{deal.size}"

    def heartbeat(self) -> bytes | None:
        return b'{"type":"ping"}'

    def session(self) -> FinnhubSession:
        return FinnhubSession(FinnhubSettings(), Names(), Parser({symbol: symbol for symbol in self.symbols}), KEY)

    def recorded(self) -> Iterable[bytes]:
        return ()


def _ms(deal: Deal) -> int:
    return deal.ts_event_ns // 1_000_000

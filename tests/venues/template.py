"""The template's small protocol."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from ingestors.names import Names
from ingestors.stream import StreamIngestor
from ingestors.template.config import TemplateSettings
from ingestors.template.ingestor import TemplateSession, TemplateVenue
from ingestors.template.parse import Parser
from runtime.clock import SystemClock
from runtime.settings import load_settings
from tests.dialect import Deal, Dialect, Said


class Template(Dialect):
    name = "template"
    symbols = ("BTC-USD", "ETH-USD")
    names: ClassVar = {"BTC-USD": "BTC/USD", "ETH-USD": "ETH/USD"}
    unknown = b'{"type":"news"}'
    malformed = b'{"type":"trade","s":"BTC/USD","id":'
    hidden_limit = b'{"error":"rate limit: 10 calls a second"}'

    def build(self, websocket: str, rest: str, settings: Any, output: Any, health: Any) -> StreamIngestor:
        more = settings.pop("provider", {})
        section = TemplateSettings(websocket_url=websocket, rest_url=rest, **{"symbols": self.symbols} | more)
        return StreamIngestor("template", TemplateVenue(section), load_settings(**settings), "", SystemClock(), health, output)

    def hello(self, path: str) -> Said:
        return Said([b'{"type":"welcome"}'])

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        symbols = {name.replace("/", "-") for name in order["symbols"]}
        answers = [json.dumps({"type": "ack", "id": order["id"]}).encode()]
        return Said(answers, on=symbols) if order["type"] == "subscribe" else Said(answers, off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/symbols":
            return json.dumps({"symbols": [{"name": symbol.replace("-", "/")} for symbol in self.symbols]}).encode()
        symbol = query["symbol"].replace("/", "-")
        rows = [json.loads(self.trade(deal)) for deal in deals if deal.symbol == symbol and deal.trade_id >= int(query["from"])]
        return json.dumps({"trades": rows[: int(query["limit"])]}).encode()

    def trade(self, deal: Deal) -> bytes:
        name, time_ms = deal.symbol.replace("-", "/"), deal.ts_event_ns // 1_000_000
        row = {"type": "trade", "s": name, "id": deal.trade_id, "p": deal.price, "q": deal.size, "t": time_ms, "taker": "buy"}
        return json.dumps(row, separators=(",", ":")).encode()

    def heartbeat(self) -> bytes | None:
        return b'{"type":"heartbeat"}'

    def session(self) -> TemplateSession:
        return TemplateSession(TemplateSettings(), Names(), Parser({"BTC/USD": "BTC-USD"}))

    def recorded(self) -> Iterable[bytes]:
        return ()

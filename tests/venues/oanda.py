"""OANDA's protocol, as documented and recorded: lines of an HTTP answer."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from ingestors.names import Names
from ingestors.oanda.ingestor import OandaSession
from ingestors.oanda.parse import Parser
from runtime.settings.providers.oanda import OandaSettings
from tests.dialect import RECORDED, Deal, Dialect, Said

RECORDING = RECORDED / "oandapyV20" / "pricing_stream.jsonl"
ACCOUNT = "101-004-1234567-001"


class Oanda(Dialect):
    name = "oanda"
    symbols = ("EUR-USD", "USD-JPY")
    names: ClassVar = {"EUR-USD": "EUR_USD", "USD-JPY": "USD_JPY", "EUR-JPY": "EUR_JPY"}
    numbered = False
    remembers = 0
    quoted = True
    lines = f"/v3/accounts/{ACCOUNT}/pricing/stream"
    key_setting = "providers.oanda.api_key"
    unknown = b'{"type":"NEWS","time":"2016-10-27T08:38:44.327443673Z"}'
    malformed = b'{"type":"PRICE","instrument":"EUR_USD","time":"2016'
    hidden_limit = b""

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": rest, "rest_url": rest, "symbols": self.symbols, "api_key": "the-key", "account": ACCOUNT}

    def hello(self, path: str) -> Said:
        asked = parse_qs(urlsplit(path).query).get("instruments", [""])[0].split(",")
        return Said(on={symbol for symbol, name in self.names.items() if name in asked})

    def answer(self, message: str) -> Said:
        raise AssertionError("nothing can be said on lines")

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        assert path == f"/v3/accounts/{ACCOUNT}/instruments"
        return json.dumps({"instruments": [{"name": self.names[symbol], "type": "CURRENCY"} for symbol in self.symbols]}).encode()

    def trade(self, deal: Deal) -> bytes:
        seconds, rest_ns = divmod(deal.ts_event_ns, 1_000_000_000)
        time = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest_ns:09}Z"
        sides = {"bids": [{"price": "100.25", "liquidity": 1000}], "asks": [{"price": "100.26", "liquidity": 500}]}
        return json.dumps({"status": "tradeable", **sides, "instrument": self.names[deal.symbol], "time": time, "type": "PRICE"}).encode()

    def trade_id(self, deal: Deal) -> int:
        return deal.ts_event_ns

    def heartbeat(self) -> bytes | None:
        return b'{"type": "HEARTBEAT", "time": "2016-10-27T08:38:44.327443673Z"}'

    def session(self) -> OandaSession:
        return OandaSession(OandaSettings(), Names(), Parser({name: symbol for symbol, name in self.names.items()}), "the-key")

    def recorded(self) -> Iterable[bytes]:
        if RECORDING.exists():
            yield from RECORDING.read_bytes().splitlines()

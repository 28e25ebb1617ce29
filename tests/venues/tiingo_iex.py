"""The protocol of Tiingo's IEX stream, as documented: arrays, and a key in every order."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from ingestors.names import Names
from ingestors.tiingo_iex.ingestor import TiingoSession
from ingestors.tiingo_iex.parse import Parser
from ingestors.tiingo_rest import parse as rest_parse
from runtime.settings.providers.tiingo_iex import TiingoIexSettings
from tests.dialect import Deal, Dialect, Said

KEY = "the-key"
TAKEN = {"messageType": "I", "data": {"subscriptionId": 2563367}, "response": {"code": 200, "message": "Success"}}
REFUSED = {"messageType": "E", "response": {"code": 401, "message": "Invalid token."}}


class TiingoIex(Dialect):
    name = "tiingo-iex"
    symbols = ("AAPL", "BRK.B")
    names: ClassVar = {"AAPL": "aapl", "BRK.B": "brk-b"}
    numbered = False
    remembers = 0
    side = ""
    repeats_as = "another"
    key_setting = "providers.tiingo_iex.api_key"
    unknown = b'{"messageType":"N","data":[]}'
    malformed = b'{"messageType":"A","data":["T","2019'
    hidden_limit = b"Error: You have run over your hourly request allocation."

    def shorten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rest_parse, "_HOUR_S", 0.05)

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {
            "websocket_url": websocket,
            "rest_url": rest,
            "symbols": self.symbols,
            "api_key": KEY,
            "feed": "trades_and_quotes",
        }

    def hello(self, path: str) -> Said:
        assert path in ("/", "/iex")
        return Said()

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        if order["authorization"] != KEY or self.wrong_key:
            return Said([json.dumps(REFUSED).encode()])
        symbols = {symbol for symbol, name in self.names.items() if name in order["eventData"]["tickers"]}
        answers = [json.dumps(TAKEN).encode()]
        if order["eventName"] == "subscribe":
            return Said(answers, on=symbols)
        assert order["eventData"]["subscriptionId"] == 2563367
        return Said(answers, off=symbols)

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        assert path == "/iex/"
        asked = query["tickers"].split(",")
        return json.dumps([{"ticker": name.upper(), "last": None} for name in self.names.values() if name in asked]).encode()

    def trade(self, deal: Deal) -> bytes:
        time = datetime.fromtimestamp(deal.ts_event_ns // 1_000_000_000, UTC).isoformat()
        start = f'"T","{time}",{deal.ts_event_ns},"{self.names[deal.symbol]}"'
        row = f"[{start},null,null,null,null,null,{deal.price},{deal.size},null,0,0,0,0]"
        return f'{{"messageType":"A","service":"iex","data":{row}}}'.encode()

    def trade_id(self, deal: Deal) -> str:
        return f"{deal.ts_event_ns}-{deal.price}-{deal.size}"

    def heartbeat(self) -> bytes | None:
        return b'{"messageType":"H","response":{"code":200,"message":"HeartBeat"}}'

    def session(self) -> TiingoSession:
        return TiingoSession(TiingoIexSettings(), Names(), Parser({name: symbol for symbol, name in self.names.items()}), KEY)

    def recorded(self) -> Iterable[bytes]:
        return ()

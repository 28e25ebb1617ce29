"""Bitfinex's protocol, as documented and recorded: numbered messages and checksums included."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar
from zlib import crc32

from bench import recordings
from ingestors.bitfinex.ingestor import BitfinexSession
from ingestors.bitfinex.parse import Parser
from ingestors.names import Names
from runtime.settings.providers.bitfinex import BitfinexSettings
from tests.dialect import Client, Deal, Dialect, Said

CHANNELS = ("trades", "ticker", "book")
CONF = b'{"event":"conf"'


class Bitfinex(Dialect):
    """Channels have the numbers 10, 11, ...: three a symbol."""

    name = "bitfinex"
    symbols = ("BTC-USD", "DUSK-USD")
    names: ClassVar = {"BTC-USD": "tBTCUSD", "DUSK-USD": "tDUSK:USD"}
    unknown = b'{"event":"news"}'
    malformed = b'{"event":"inf'
    hidden_limit = b'["error",11010,"ratelimit: error"]'
    numbered = False
    numbers_messages = True
    book_settings: ClassVar = {"channels": ["trades", "book"]}
    book_reason = "checksum_mismatch"

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        return {"websocket_url": websocket, "rest_url": rest, "symbols": self.symbols, "channels": ["trades"]}

    def hello(self, path: str) -> Said:
        return Said([_frame({"event": "info", "version": 2, "serverId": "1", "platform": {"status": 1}})])

    def _number(self, channel: str, symbol: str) -> int:
        return 10 + 3 * self.symbols.index(symbol) + CHANNELS.index(channel)

    def answer(self, message: str) -> Said:
        order = json.loads(message)
        if order["event"] == "conf":
            return Said([_frame({"event": "conf", "status": "OK", "flags": order["flags"]})])
        if order["event"] == "unsubscribe":
            symbol, channel = self.symbols[(order["chanId"] - 10) // 3], CHANNELS[(order["chanId"] - 10) % 3]
            said = Said([_frame({"event": "unsubscribed", "status": "OK", "chanId": order["chanId"]})])
            return Said(said.answers, off={symbol} if channel == "trades" else set())
        channel = order["channel"]
        [symbol] = [symbol for symbol, name in self.names.items() if name == order["symbol"]] or [""]
        number = self._number(channel, symbol)
        answers = [_frame({"event": "subscribed", "channel": channel, "chanId": number, "symbol": order["symbol"]})]
        answers += {"trades": [_frame([number, []])], "book": [_frame([number, [[100.1, 1, 2.5], [100.2, 1, -2.5]]])]}.get(channel, [])
        return Said(answers, on={symbol} if channel == "trades" else set())

    def book(self, symbol: str) -> list[bytes]:
        number = self._number("book", symbol)
        checksum = crc32(b"100.1:0.5:100.2:-2.5")
        return [_frame([number, [100.1, 1, 0.5]]), _frame([number, "cs", checksum - (1 << 32) if checksum >> 31 else checksum])]

    def broken_book(self, symbol: str) -> bytes:
        return _frame([self._number("book", symbol), "cs", 7])

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path.startswith("/v2/conf"):
            return _frame([["TESTBTC:TESTUSD", *(name[1:] for name in self.names.values())]])
        name = path.split("/")[3]
        end = int(query.get("end", 1 << 62))
        found = [deal for deal in deals if self.names[deal.symbol] == name and int(query["start"]) <= deal.ts_event_ns // 10**6 <= end]
        return _frame([self._row(deal) for deal in found[::-1][: int(query["limit"])]])

    @staticmethod
    def _row(deal: Deal) -> list[Any]:
        return [deal.trade_id, deal.ts_event_ns // 1_000_000, float(deal.size), float(deal.price)]

    def trade(self, deal: Deal) -> bytes:
        return _frame([self._number("trades", deal.symbol), "te", self._row(deal)])

    def heartbeat(self) -> bytes | None:
        return b'[10,"hb"]'

    def on_wire(self, frame: bytes, client: Client) -> bytes:
        """Everything but objects has a number once that was asked for."""
        if frame.startswith(CONF):
            client.memory["number"] = client.memory.get("number", 0)
        if frame[:1] != b"[" or "number" not in client.memory:
            return frame
        client.memory["number"] += 1
        return frame[:-1] + b",%d]" % client.memory["number"]

    def session(self) -> BitfinexSession:
        """Its channels are those of the server here, or what the recording subscribes to."""
        parser = Parser({name: symbol for symbol, name in self.names.items()} | _recorded_names(), "bitfinex")
        for symbol, name in self.names.items():
            subscribed = {"event": "subscribed", "channel": "trades", "chanId": self._number("trades", symbol), "symbol": name}
            parser.parse(_frame(subscribed), 1)
        return BitfinexSession(BitfinexSettings(channels=("trades",)), Names(), parser)

    def recorded(self) -> Iterable[bytes]:
        if recordings.there():
            for frame in recordings.frames("bitfinex"):
                yield frame.payload


def _recorded_names() -> dict[str, str]:
    if not recordings.there():
        return {}
    objects = [json.loads(frame.payload) for frame in recordings.frames("bitfinex") if frame.payload[:1] == b"{"]
    return {message["symbol"]: message["symbol"] for message in objects if "symbol" in message}


def _frame(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()

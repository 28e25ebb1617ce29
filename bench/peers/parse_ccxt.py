"""ccxt.pro's Binance on the same frames: its own message handler, with a client that nobody waits for. Runs as a script in the peers' environment."""

import asyncio
import json
from pathlib import Path
from typing import Any

import ccxt.pro
from frames import Handle, main


class _Client:
    """What its handlers want of a connection."""

    url = "wss://stream.binance.com:9443/stream"

    def __init__(self) -> None:
        self.subscriptions: dict[str, Any] = {}
        self.futures: dict[str, Any] = {}

    def resolve(self, result: object, message_hash: str) -> object:
        return result

    def reject(self, error: Exception, message_hash: str = "") -> None:
        raise error


async def _exchange() -> Any:
    return ccxt.pro.binance({"enableRateLimit": False})


def make(kind: str, folder: Path) -> Handle:
    exchange = asyncio.get_event_loop().run_until_complete(_exchange())
    market = exchange.safe_market_structure(
        {"id": "BTCUSDT", "lowercaseId": "btcusdt", "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT",
         "type": "spot", "spot": True, "precision": {"amount": 1e-5, "price": 0.01}}
    )  # fmt: skip
    exchange.set_markets([market])
    client = _Client()
    if kind == "book":
        data = json.loads((folder / "snapshot").read_bytes())
        book = exchange.order_book({}, 5000)
        book.reset(exchange.parse_order_book(data, "BTC/USDT"))
        book["nonce"] = data["lastUpdateId"]
        exchange.orderbooks["BTC/USDT"] = book
    handle, loads = exchange.handle_message, json.loads
    return lambda frame: handle(client, loads(frame))


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main(make)

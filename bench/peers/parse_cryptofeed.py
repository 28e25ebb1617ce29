"""cryptofeed's Binance feed on the same frames: its own message handler, with callbacks that do nothing. Runs as a script in the peers' environment."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

from cryptofeed.defines import ASK, BID, L2_BOOK, TICKER, TRADES
from cryptofeed.exchanges import Binance
from cryptofeed.symbols import Symbols
from cryptofeed.types import OrderBook
from frames import Handle, main


async def _nothing(event: object, receipt: float) -> None:
    return None


def make(kind: str, folder: Path) -> Handle:
    Symbols.set(Binance.id, {"BTC-USDT": "BTCUSDT"}, {"tick_size": {}, "instrument_type": {"BTC-USDT": "spot"}})
    feed = Binance(
        symbols=["BTC-USDT"], channels=[TRADES, TICKER, L2_BOOK], callbacks={TRADES: _nothing, TICKER: _nothing, L2_BOOK: _nothing}
    )
    if kind == "book":
        data = json.loads((folder / "snapshot").read_bytes(), parse_float=Decimal)
        sides = {side: {Decimal(price): Decimal(size) for price, size in data[name]} for side, name in ((BID, "bids"), (ASK, "asks"))}
        feed._l2_book["BTC-USDT"] = OrderBook(feed.id, "BTC-USDT", bids=sides[BID], asks=sides[ASK])
        feed.last_update_id["BTC-USDT"] = data["lastUpdateId"]

    def handle(frame: bytes) -> None:
        step = feed.message_handler(frame, None, 1.0)
        try:
            step.send(None)
        except StopIteration:
            return
        raise RuntimeError("it wants to ask the venue")

    return handle


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main(make, trades="agg_trade")

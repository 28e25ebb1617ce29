"""Our parser of Binance's frames, and for books the keeper that applies and checks them."""

from pathlib import Path

import msgspec

from bench.peers.frames import Handle, main
from ingestors.binance.parse import Parser
from ingestors.books.keeper import BookKeeper, BookRules
from schemas.books import BookDifference


def make(kind: str, folder: Path) -> Handle:
    parse = Parser({"BTCUSDT": "BTC-USDT"}, "binance").parse
    if kind != "book":
        return lambda frame: parse(frame, 1)
    keeper = BookKeeper(BookRules("asked"), lambda *changed: None, _broken)
    data = msgspec.json.decode((folder / "snapshot").read_bytes())
    number, bids, asks = data["lastUpdateId"], [tuple(level) for level in data["bids"]], [tuple(level) for level in data["asks"]]
    keeper.apply(BookDifference("BTC-USDT", "binance", 1, 1, number, number, bids, asks, snapshot=True))

    def handle(frame: bytes) -> None:
        difference = parse(frame, 1)
        assert isinstance(difference, BookDifference)
        keeper.apply(difference)

    return handle


def _broken(*told: object) -> None:
    raise RuntimeError(f"the book broke: {told}")


if __name__ == "__main__":
    main(make)

"""Trades of one taker may be just the same: each counts, and has one name over the stream and the REST interface."""

import json
from typing import Any

from ingestors.kraken.client import Listed
from ingestors.kraken_v1.client import KrakenV1History
from ingestors.kraken_v1.parse import Parser

ROW = ["5541.20000", "0.15850568", "1534614057.321597", "s", "l", ""]
OTHER = ["5541.20000", "0.15850568", "1534614057.321598", "s", "l", ""]
SAME_ID = "1534614057321597000-5541.2-0.15850568-s"


class Client:
    """Two that are the same, then another one; the page is asked for again from its last time on."""

    async def trades(self, pair: str, since_ns: int) -> list[list[Any]]:
        return [[*ROW[:2], "1534614057.3215975", "s", "l", "", 7], [*ROW[:2], "1534614057.3215979", "s", "l", "", 8], [*OTHER, 9]]


def streamed(*rows: list[str]) -> list[Any]:
    frame = json.dumps([0, rows, "trade", "XBT/USD"]).encode()
    events: Any = Parser({"XBT/USD": "BTC-USD"}, "kraken-v1").parse(frame, 1)
    return [event.trade_id for event in events]


async def test_equal_trades_of_a_frame_are_several_and_are_named_alike_over_rest() -> None:
    names = streamed(ROW, ROW, OTHER)
    assert names[:2] == [SAME_ID, f"{SAME_ID}-1"]
    history: Any = KrakenV1History(Client(), {"BTC-USD": Listed("XXBTZUSD", "XBT/USD", (1, 8))})  # type: ignore[arg-type]
    assert [trade.trade_id for trade in await history.trades_since("BTC-USD", 1)] == names


def test_a_frame_that_comes_again_gives_the_same_names() -> None:
    assert streamed(ROW, ROW) == streamed(ROW, ROW)

"""The order book at what has been played: the recorded snapshot, the differences after it, and the newest best prices."""

from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from ingestors.exchange_server.material import Frame

_KEPT_DIFFERENCES = 200  # a snapshot is asked for while differences already come: those after it are applied again


class _Difference(msgspec.Struct):
    u: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class _Ticker(msgspec.Struct):
    u: int
    b: str
    B: str
    a: str
    A: str


class _DifferenceFrame(msgspec.Struct):
    data: _Difference


class _TickerFrame(msgspec.Struct):
    data: _Ticker


class Snapshot(msgspec.Struct):
    """A recorded REST answer."""

    lastUpdateId: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


_decode_difference = msgspec.json.Decoder(_DifferenceFrame).decode
_decode_ticker = msgspec.json.Decoder(_TickerFrame).decode
decode_snapshot = msgspec.json.Decoder(Snapshot).decode


class PlayedBook:
    """One symbol. Frames that do not decode are garbage in the capture and change nothing."""

    def __init__(self) -> None:
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}
        self._recent: deque[bytes] = deque(maxlen=_KEPT_DIFFERENCES)  # as played: a fifth of what they take as objects
        self._ticker = b""
        self.last_update_id = 0

    def load(self, snapshot: Snapshot) -> None:
        """Starts again from a snapshot."""
        self._bids, self._asks = dict(snapshot.bids), dict(snapshot.asks)
        self.last_update_id = snapshot.lastUpdateId
        for difference in map(_decode_difference, self._recent):
            if difference.data.u > snapshot.lastUpdateId:
                self._apply(difference.data)

    def difference(self, payload: bytes) -> None:
        try:
            difference = _decode_difference(payload).data
        except msgspec.DecodeError:
            return
        self._recent.append(payload)
        self._apply(difference)

    def ticker(self, frame: Frame) -> None:
        """Only kept: it is looked at when somebody asks."""
        self._ticker = frame.payload

    def _apply(self, difference: _Difference) -> None:
        for side, changes in ((self._bids, difference.b), (self._asks, difference.a)):
            for price, size in changes:
                if size.strip("0."):
                    side[price] = size
                else:
                    side.pop(price, None)
        self.last_update_id = max(self.last_update_id, difference.u)

    def answer(self) -> dict[str, Any]:
        """As REST gives it, best prices first. lastUpdateId covers the newest book ticker too, as at the exchange."""
        newest = self.last_update_id
        try:
            ticker = _decode_ticker(self._ticker).data
        except msgspec.DecodeError:
            ticker = None
        if ticker and ticker.u > newest:
            newest = ticker.u
            self._bids = {price: size for price, size in self._bids.items() if Decimal(price) < Decimal(ticker.b)} | {ticker.b: ticker.B}
            self._asks = {price: size for price, size in self._asks.items() if Decimal(price) > Decimal(ticker.a)} | {ticker.a: ticker.A}
        bids = sorted(self._bids.items(), key=lambda level: Decimal(level[0]), reverse=True)
        asks = sorted(self._asks.items(), key=lambda level: Decimal(level[0]))
        return {"lastUpdateId": newest, "bids": bids, "asks": asks}

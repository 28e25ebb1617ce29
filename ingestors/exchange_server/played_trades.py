"""The trades of one symbol that were played, as the exchange tells them on request."""

from itertools import chain

import msgspec

from ingestors.exchange_server.material import Frame, TradeRow


class _TradeData(msgspec.Struct, gc=False):
    t: int
    p: str
    q: str
    T: int
    m: bool


class _TradeFrame(msgspec.Struct, gc=False):
    data: _TradeData


_decode_trade = msgspec.json.Decoder(_TradeFrame).decode


class PlayedTrades:
    """Frames are kept as they are, and read when somebody asks: most replays never do, and playing must cost little."""

    def __init__(self) -> None:
        self._rows: list[TradeRow] = []
        self._unread: list[bytes] = []

    def add(self, frame: Frame) -> None:
        self._unread.append(frame.payload)

    def after(self, from_id: int, limit: int) -> list[TradeRow]:
        """At most `limit` with from_id <= id, ascending as the exchange numbers them."""
        rows = self._read()
        return rows[_first(rows, from_id) :][:limit]

    def newest(self, limit: int) -> list[TradeRow]:
        return self._read()[-limit:]

    def newest_id(self) -> int | None:
        unread = (data.t for data in map(_decoded, self._unread) if data)
        return max(chain((row.trade_id for row in self._rows), unread), default=None)

    def _read(self) -> list[TradeRow]:
        unread, self._unread = self._unread, []
        self._rows += [TradeRow(data.t, data.p, data.q, data.T, data.m) for data in map(_decoded, unread) if data]
        return self._rows


def _decoded(payload: bytes) -> _TradeData | None:
    """None for garbage in a capture: it is played as it is, but is no trade that the exchange knows."""
    try:
        return _decode_trade(payload).data
    except msgspec.DecodeError:
        return None


def _first(rows: list[TradeRow], from_id: int) -> int:
    """Index of the first row with that id or a later one."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if rows[middle].trade_id < from_id else (low, middle)
    return low

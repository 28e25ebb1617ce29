"""The trades that were played, as the exchange tells them on request."""

import zlib
from collections.abc import Iterator

import msgspec

from ingestors.exchange_server.material import Frame, TradeRow


class _TradeData(msgspec.Struct, gc=False):
    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool


class _TradeFrame(msgspec.Struct, gc=False):
    data: _TradeData


_decode_trade = msgspec.json.Decoder(_TradeFrame).decode
_PACKED_FRAMES = 4_096  # at a time; frames of a feed are so alike that they come to a tenth


class PlayedTrades:
    """By the venue's symbol. Frames are kept packed, and read when somebody asks: most replays never do, and playing must cost little."""

    def __init__(self) -> None:
        self._rows: dict[str, list[TradeRow]] = {}
        self._packed: list[bytes] = []
        self._unread: list[bytes] = []

    def add(self, frame: Frame) -> None:
        self._unread.append(frame.payload)
        if len(self._unread) == _PACKED_FRAMES:
            self._packed.append(zlib.compress(b"\n".join(self._unread), 1))
            self._unread.clear()

    def _frames(self) -> Iterator[bytes]:
        """All that were not read yet. A frame is one line of a capture, so none holds a line's end."""
        for packed in self._packed:
            yield from zlib.decompress(packed).split(b"\n")
        yield from self._unread

    def after(self, venue: str, from_id: int, limit: int) -> list[TradeRow]:
        """At most `limit` with from_id <= id, ascending as the exchange numbers them."""
        self._read()
        rows = self._rows.get(venue, [])
        return rows[_first(rows, from_id) :][:limit]

    def newest(self, venue: str, limit: int) -> list[TradeRow]:
        """The last `limit`, ascending."""
        self._read()
        return self._rows.get(venue, [])[-limit:]

    def first_at(self, venue: str, time_ms: int) -> int | None:
        """The id of the first trade at or after a time."""
        self._read()
        return next((row.trade_id for row in self._rows.get(venue, []) if row.time_ms >= time_ms), None)

    def newest_ids(self) -> dict[str, int]:
        """Of every symbol. Reads the frames without keeping rows of them."""
        newest = {venue: max(row.trade_id for row in rows) for venue, rows in self._rows.items()}
        for data in filter(None, map(_decoded, self._frames())):
            newest[data.s] = max(data.t, newest.get(data.s, data.t))
        return newest

    def _read(self) -> None:
        for data in filter(None, map(_decoded, self._frames())):
            self._rows.setdefault(data.s, []).append(TradeRow(data.t, data.p, data.q, data.T, data.m))
        self._packed.clear()
        self._unread.clear()


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

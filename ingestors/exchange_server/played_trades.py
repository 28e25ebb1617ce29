"""The trades that were played, as the exchange tells them on request."""

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


class PlayedTrades:
    """By the venue's symbol. Frames are kept as they are, and read when somebody asks: most replays never do, and playing must cost little."""

    def __init__(self) -> None:
        self._rows: dict[str, list[TradeRow]] = {}
        self._unread: list[bytes] = []

    def add(self, frame: Frame) -> None:
        self._unread.append(frame.payload)

    def after(self, venue: str, from_id: int, limit: int) -> list[TradeRow]:
        """At most `limit` with from_id <= id, ascending as the exchange numbers them."""
        self._read()
        rows = self._rows.get(venue, [])
        return rows[_first(rows, from_id) :][:limit]

    def newest(self, venue: str, limit: int) -> list[TradeRow]:
        """The last `limit`, ascending."""
        self._read()
        return self._rows.get(venue, [])[-limit:]

    def newest_ids(self) -> dict[str, int]:
        """Of every symbol. Reads the frames without keeping rows of them."""
        newest = {venue: max(row.trade_id for row in rows) for venue, rows in self._rows.items()}
        for data in filter(None, map(_decoded, self._unread)):
            newest[data.s] = max(data.t, newest.get(data.s, data.t))
        return newest

    def _read(self) -> None:
        unread, self._unread = self._unread, []
        for data in filter(None, map(_decoded, unread)):
            self._rows.setdefault(data.s, []).append(TradeRow(data.t, data.p, data.q, data.T, data.m))


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

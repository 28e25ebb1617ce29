"""Recorded frames: `<receive time, ns> <raw JSON>` a line, combined-stream framing, plain or .gz; a REST depth snapshot may stand among them."""

import gzip
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from ingestors.exchange_server.book import PlayedBook, decode_snapshot
from ingestors.exchange_server.material import Frame, ListedSymbol, TradeRow, listed
from runtime.errors import UserError

_PREFIX = b'{"stream":"'
_SNAPSHOT = b'{"lastUpdateId"'


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


@dataclass(slots=True)
class Contents:
    """What the files hold: frames by stream ("" for those without one), the first and last receive time."""

    streams: Counter[str] = field(default_factory=Counter)
    first_ns: int = 0
    last_ns: int = 0

    @property
    def frames(self) -> int:
        return self.streams.total()

    def venue_symbols(self) -> list[str]:
        """BTCUSDT, ..., sorted."""
        return sorted({stream.partition("@")[0].upper() for stream in self.streams if "@" in stream and not stream.startswith("!")})

    def stream_names(self) -> list[str]:
        """trade, bookTicker, ..., sorted."""
        return sorted({stream.partition("@")[2] for stream in self.streams if "@" in stream})


def scan(paths: Sequence[Path]) -> Contents:
    """Reads all files once. Raises UserError for one that is missing or is no capture."""
    contents = Contents()
    for ts_ns, stream, _ in _lines(paths):
        contents.first_ns = contents.first_ns or ts_ns
        contents.last_ns = ts_ns
        if stream is not None:
            contents.streams[stream] += 1
    if not contents.frames:
        raise UserError(f"no frames in {', '.join(map(str, paths))}; a capture has `<receive time, ns> <raw JSON>` a line")
    return contents


class Capture:
    """Plays files one after the other. Each frame gets `ts_capture_ns` into its wrapper; nothing else in it changes.

    Played trades stay in memory, about 200 bytes each: REST answers from them.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.contents = scan(self._paths)
        self.symbols: Sequence[ListedSymbol] = [listed(venue) for venue in self.contents.venue_symbols()]
        self._rows: dict[str, list[TradeRow]] = {symbol.venue: [] for symbol in self.symbols}
        self._books = {symbol.venue: PlayedBook() for symbol in self.symbols}
        self._snapshots: deque[tuple[int, bytes]] = deque()

    def frames(self) -> Iterator[Frame]:
        for ts_ns, stream, payload in _lines(self._paths):
            if stream is None:
                self._snapshots.append((ts_ns, payload))
            else:
                yield Frame(ts_ns, stream, stamped(payload, ts_ns) if stream else payload)

    def played(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            venue, _, kind = frame.stream.partition("@")
            if kind == "bookTicker":
                self._books[venue.upper()].ticker(frame.payload)
            elif kind == "trade":
                self._trade(frame.payload)
            elif kind.startswith("depth"):
                self._load_snapshots(frame.ts_ns)
                self._books[venue.upper()].difference(frame.payload)
        self._load_snapshots(frames[-1].ts_ns)

    def _trade(self, payload: bytes) -> None:
        try:
            data = _decode_trade(payload).data
        except msgspec.DecodeError:
            return  # garbage in a capture is played as it is, but is no trade that the exchange knows
        self._rows.setdefault(data.s, []).append(TradeRow(data.t, data.p, data.q, data.T, data.m))

    def _load_snapshots(self, now_ns: int) -> None:
        """Those recorded up to now. A snapshot does not say whose it is: the book with the nearest update id takes it."""
        while self._snapshots and self._snapshots[0][0] <= now_ns:
            snapshot = decode_snapshot(self._snapshots.popleft()[1])
            min(self._books.values(), key=lambda book: abs(book.last_update_id - snapshot.lastUpdateId)).load(snapshot)

    def trades(self, venue: str, from_id: int | None, limit: int) -> list[TradeRow]:
        rows = self._rows.get(venue, [])
        if from_id is None:
            return rows[-limit:]
        return rows[_first(rows, from_id) :][:limit]

    def newest_trade_ids(self) -> dict[str, int]:
        """By the venue's name, of what has been played."""
        return {venue: max(row.trade_id for row in rows) for venue, rows in self._rows.items() if rows}

    def depth(self, venue: str) -> dict[str, Any]:
        return self._books[venue].answer()


def stamped(payload: bytes, ts_ns: int) -> bytes:
    """The frame with `ts_capture_ns` as its wrapper's last field; a broken frame as it is."""
    return b'%b,"ts_capture_ns":%d}' % (payload[:-1], ts_ns) if payload.endswith(b"}}") else payload


def _first(rows: list[TradeRow], from_id: int) -> int:
    """Index of the first row with that id or a later one. Rows are ascending, as the exchange numbers them."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if rows[middle].trade_id < from_id else (low, middle)
    return low


def _lines(paths: Sequence[Path]) -> Iterator[tuple[int, str | None, bytes]]:
    """(receive time, stream or None for a depth snapshot, payload) of each line."""
    for path in paths:
        try:
            with _open(path) as file:
                for number, line in enumerate(file, 1):
                    stamp, _, payload = line.rstrip(b"\r\n").partition(b" ")
                    if not stamp.isdigit():
                        raise UserError(f"{path}:{number} does not begin with a receive time in ns: not a capture")
                    yield int(stamp), _stream(payload), payload
        except (OSError, EOFError) as error:
            raise UserError(f"cannot read the capture {path}: {error}") from None


def _open(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _stream(payload: bytes) -> str | None:
    if payload.startswith(_SNAPSHOT):
        return None
    if not payload.startswith(_PREFIX):
        return ""
    return payload[len(_PREFIX) : payload.find(b'"', len(_PREFIX))].decode("utf-8", "replace")

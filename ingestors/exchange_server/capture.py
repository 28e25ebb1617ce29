"""Recorded frames: `<receive time, ns> <raw JSON>` a line, combined-stream framing, plain or .gz; a REST depth snapshot may stand among them."""

import gzip
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ingestors.exchange_server.book import PlayedBook, decode_snapshot
from ingestors.exchange_server.material import Frame, ListedSymbol, TradeRow, listed
from ingestors.exchange_server.played_trades import PlayedTrades
from runtime.errors import UserError

_PREFIX = b'{"stream":"'
_NAME_START = len(_PREFIX)
_SNAPSHOT = b'{"lastUpdateId"'


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

    Played trade frames stay in memory, packed, about 25 bytes each: REST answers from them.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self.contents = scan(self._paths)
        self.symbols: Sequence[ListedSymbol] = [listed(venue) for venue in self.contents.venue_symbols()]
        self._trades = PlayedTrades()
        self._books = {symbol.venue: PlayedBook() for symbol in self.symbols}
        self._snapshots: deque[tuple[int, bytes]] = deque()
        self._players: dict[str, Callable[[Frame], None]] = {}

    def frames(self) -> Iterator[Frame]:
        for ts_ns, stream, payload in _lines(self._paths):
            if stream is None:
                self._snapshots.append((ts_ns, payload))
            else:
                yield Frame(ts_ns, stream, stamped(payload, ts_ns) if stream else payload)

    def played(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            (self._players.get(frame.stream) or self._player(frame.stream))(frame)
        self._load_snapshots(frames[-1].ts_ns)

    def _player(self, stream: str) -> Callable[[Frame], None]:
        """Who remembers the frames of a stream."""
        venue, _, kind = stream.partition("@")
        book = self._books.get(venue.upper())
        player: Callable[[Frame], None] = _forget
        if book and kind == "bookTicker":
            player = book.ticker
        elif kind == "trade":
            player = self._trades.add
        elif book and kind.startswith("depth"):
            player = partial(self._difference, book)
        return self._players.setdefault(stream, player)

    def _difference(self, book: PlayedBook, frame: Frame) -> None:
        self._load_snapshots(frame.ts_ns)
        book.difference(frame.payload)

    def _load_snapshots(self, now_ns: int) -> None:
        """Those recorded up to now. A snapshot does not say whose it is: the book with the nearest update id takes it."""
        while self._snapshots and self._snapshots[0][0] <= now_ns:
            snapshot = decode_snapshot(self._snapshots.popleft()[1])
            min(self._books.values(), key=lambda book: abs(book.last_update_id - snapshot.lastUpdateId)).load(snapshot)

    def trades(self, venue: str, from_id: int | None, limit: int) -> list[TradeRow]:
        return self._trades.newest(venue, limit) if from_id is None else self._trades.after(venue, from_id, limit)

    def first_at(self, venue: str, time_ms: int) -> int | None:
        return self._trades.first_at(venue, time_ms)

    def newest_trade_ids(self) -> dict[str, int]:
        """By the venue's name, of what has been played."""
        return self._trades.newest_ids()

    def depth(self, venue: str) -> dict[str, Any]:
        return self._books[venue].answer()


def stamped(payload: bytes, ts_ns: int) -> bytes:
    """The frame with `ts_capture_ns` as its wrapper's last field; a broken frame as it is."""
    return b'%b,"ts_capture_ns":%d}' % (payload[:-1], ts_ns) if payload[-2:] == b"}}" else payload


def _forget(_frame: Frame) -> None:
    """A stream that REST says nothing about."""


def _lines(paths: Sequence[Path]) -> Iterator[tuple[int, str | None, bytes]]:
    """(receive time, stream or None for a depth snapshot, payload) of each line."""
    names: dict[bytes, str] = {}
    for path in paths:
        try:
            with _open(path) as file:
                for number, line in enumerate(file, 1):
                    stamp, _, payload = line.partition(b" ")
                    if not stamp.isdigit():
                        raise UserError(f"{path}:{number} does not begin with a receive time in ns: not a capture")
                    head = payload[: payload.find(b'"', _NAME_START)]
                    name = names.get(head)
                    if name is None:
                        name = _stream(payload)
                        if name:
                            names[head] = name
                    yield int(stamp), name, payload.rstrip(b"\r\n")
        except (OSError, EOFError) as error:
            raise UserError(f"cannot read the capture {path}: {error}") from None


def _open(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _stream(payload: bytes) -> str | None:
    if payload.startswith(_SNAPSHOT):
        return None
    if not payload.startswith(_PREFIX):
        return ""
    return payload[_NAME_START : payload.find(b'"', _NAME_START)].decode("utf-8", "replace")

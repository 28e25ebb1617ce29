"""The trades that were played, as the exchange tells them on request."""

import weakref
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import NamedTuple

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


class _Run(NamedTuple):
    """Trades of one symbol that stand together in the file, in the order of play: where, and the newest id and time among them."""

    offset: int
    size: int
    newest_id: int
    newest_ms: int


_decode_frame = msgspec.json.Decoder(_TradeFrame).decode
_encode_run = msgspec.msgpack.Encoder().encode
_decode_run = msgspec.msgpack.Decoder(list[_TradeData]).decode
_UNWRITTEN_FRAMES = 2_048
_MEMORY_BYTES = 1024 * 1024  # a short capture's trades need no file


class PlayedTrades:
    """By the venue's symbol. A capture may be larger than the memory: played trades go to a temporary file, gone with this object, and only where they
    stand is kept. Ids and times of a symbol ascend, as the exchange gives them.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115 (open as long as this object lives)
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._runs: dict[str, list[_Run]] = {}
        self._unwritten: list[bytes] = []

    def add(self, frame: Frame) -> None:
        self._unwritten.append(frame.payload)
        if len(self._unwritten) == _UNWRITTEN_FRAMES:
            self._write()

    def after(self, venue: str, from_id: int, limit: int) -> list[TradeRow]:
        """At most `limit` with from_id <= id, ascending."""
        runs, rows = self._runs_of(venue), list[TradeRow]()
        for run in runs[bisect_left(runs, from_id, key=lambda run: run.newest_id) :]:
            rows += [row for row in self._rows(run) if row.trade_id >= from_id]
            if len(rows) >= limit:
                break
        return rows[:limit]

    def newest(self, venue: str, limit: int) -> list[TradeRow]:
        """The last `limit`, ascending."""
        pages, found = list[list[TradeRow]](), 0
        for run in reversed(self._runs_of(venue)):
            pages.append(self._rows(run))
            found += len(pages[-1])
            if found >= limit:
                break
        return [row for page in reversed(pages) for row in page][-limit:]

    def first_at(self, venue: str, time_ms: int) -> int | None:
        """The id of the first trade at or after a time."""
        run = next((run for run in self._runs_of(venue) if run.newest_ms >= time_ms), None)
        return next((row.trade_id for row in self._rows(run) if row.time_ms >= time_ms), None) if run else None

    def newest_ids(self) -> dict[str, int]:
        """Of every symbol."""
        self._write()
        return {venue: max(run.newest_id for run in runs) for venue, runs in self._runs.items()}

    def _runs_of(self, venue: str) -> list[_Run]:
        self._write()
        return self._runs.get(venue, [])

    def _rows(self, run: _Run) -> list[TradeRow]:
        self._file.seek(run.offset)
        return [TradeRow(data.t, data.p, data.q, data.T, data.m) for data in _decode_run(self._file.read(run.size))]

    def _write(self) -> None:
        trades: dict[str, list[_TradeData]] = {}
        for data in _trades(self._unwritten):
            trades.setdefault(data.s, []).append(data)
        self._unwritten.clear()
        self._file.seek(self._end)
        for venue, some in trades.items():
            size = self._file.write(_encode_run(some))
            run = _Run(self._end, size, max(data.t for data in some), max(data.T for data in some))
            self._runs.setdefault(venue, []).append(run)
            self._end += size


def _trades(payloads: Iterable[bytes]) -> Iterator[_TradeData]:
    """Without garbage in a capture: it is played as it is, but is no trade that the exchange knows."""
    for payload in payloads:
        try:
            yield _decode_frame(payload).data
        except msgspec.DecodeError:
            continue

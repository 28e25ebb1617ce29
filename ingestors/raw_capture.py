"""Raw frames of an ingestor, kept on disk as they came: a bug report is a capture. Compressed, rotated, bounded; read again by `read_capture`.

A file is a gzip stream of records, each a length of four bytes and a MessagePack value: first the head, then one a frame, or one where a connection began or
ended. Every file has a head of its own, so any of them can be played alone. What a killed process wrote last may be cut off: reading ends there.
"""

import gzip
import heapq
import queue
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from ingestors.frame_queue import Marker, Stamped
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError

log = structlog.get_logger()

SUFFIX = ".frames.gz"
_WAITING_BATCHES = 1_000  # a disk that does not keep up costs frames of the capture, counted, never of the feed
_FLUSH_S = 1.0
_MOST_BYTES = 256 * 1024 * 1024  # of one record; more is no capture of ours
_MOST_CONNECTIONS = 1 << 32  # of a process
Kind = Literal["frame", "opened", "closed", "broken"]


class Head(msgspec.Struct):
    """names: canonical symbols to the provider's. part: which process of several wrote it, as 1/2; "": there was no other."""

    provider: str
    source: str
    names: dict[str, str]
    v: int = 1
    part: str = ""


class Record(msgspec.Struct, array_like=True):
    """connection: frames of one number came over one connection at a time; received_ns: the machine's clock."""

    received_ns: int
    connection: int
    kind: Kind
    payload: bytes = b""


_decode_head = msgspec.msgpack.Decoder(Head).decode
_decode_record = msgspec.msgpack.Decoder(Record).decode
_encode = msgspec.msgpack.Encoder().encode


class RawCapture:
    """Writes on a thread of its own. `write` never waits."""

    def __init__(self, folder: Path, head: Head, clock: Clock, file_bytes: int, keep_files: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._head, self._clock = folder, head, clock
        self._file_bytes, self._keep_files = file_bytes, keep_files
        self._batches: queue.Queue[tuple[int, list[Stamped]] | None] = queue.Queue(_WAITING_BATCHES)
        self._count = {result: metrics.CAPTURED_FRAMES.labels(head.source, result) for result in ("kept", "dropped")}
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def write(self, connection: int, frames: list[Stamped]) -> None:
        """Frames of one connection in order."""
        try:
            self._batches.put_nowait((connection, frames))
        except queue.Full:
            self._count["dropped"].inc(len(frames))

    def close(self) -> None:
        """Writes what waits. Blocks."""
        self._batches.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._one_file():
                self._forget_old()
        except OSError as error:
            log.error("capture_ended", folder=str(self._folder), error=str(error))

    def _one_file(self) -> bool:
        """Until it is full (True) or the capture ends. Takes one batch at least."""
        path = self._folder / f"{self._head.provider}-{self._clock.now_ns()}{SUFFIX}"
        with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1) as file:
            file.write(_framed(_encode(self._head)))
            flushed_s = self._clock.monotonic_s()
            while True:
                try:
                    batch = self._batches.get(timeout=_FLUSH_S)
                except queue.Empty:
                    batch = (0, [])
                if batch is None:
                    return False
                file.write(b"".join(_framed(_encode(_record(batch[0], *stamped))) for stamped in batch[1]))
                self._count["kept"].inc(len(batch[1]))
                if batch[1] and raw.tell() >= self._file_bytes:
                    return True
                if self._clock.monotonic_s() - flushed_s >= _FLUSH_S:
                    file.flush()
                    flushed_s = self._clock.monotonic_s()
        return True

    def _forget_old(self) -> None:
        files = sorted(self._folder.glob(f"{self._head.provider}-*{SUFFIX}"))
        for path in files[: max(0, len(files) - self._keep_files)]:
            path.unlink()


def _record(connection: int, received_ns: int, frame: bytes | Marker) -> Record:
    if isinstance(frame, Marker):
        return Record(received_ns, connection, frame.kind)
    return Record(received_ns, connection, "frame", frame)


def _framed(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def is_capture(path: Path) -> bool:
    """By its name."""
    return path.name.endswith(SUFFIX)


def head_of(path: Path) -> Head:
    """Raises UserError where the file is no capture."""
    try:
        with gzip.open(path, "rb") as file:
            return _decode_head(_next(file) or b"")
    except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
        raise UserError(f"{path} is no capture of raw frames ({error}); they end in {SUFFIX}") from None


def read_capture(paths: Iterable[Path]) -> Iterator[Record]:
    """All records of the files, one file after the other; those of processes beside each other in order of time, for event time goes on only once."""
    parts: dict[str, list[Path]] = {}
    for path in paths:
        parts.setdefault(head_of(path).part, []).append(path)
    return heapq.merge(*(_part(number, files) for number, files in enumerate(parts.values())), key=lambda record: record.received_ns)


def _part(number: int, paths: Iterable[Path]) -> Iterator[Record]:
    """Of one process. Its connections get numbers that no other's have."""
    for path in paths:
        with gzip.open(path, "rb") as file:
            _next(file)
            for record in _records(file, path):
                record.connection += number * _MOST_CONNECTIONS
                yield record


def _records(file: gzip.GzipFile, path: Path) -> Iterator[Record]:
    try:
        while value := _next(file):
            yield _decode_record(value)
    except (EOFError, zlib.error, msgspec.DecodeError) as error:
        log.warning("capture_is_cut_off", path=str(path), error=str(error))


def _next(file: gzip.GzipFile) -> bytes:
    """The next value; b"" at the end."""
    length = int.from_bytes(file.read(4), "big")
    if length > _MOST_BYTES:
        raise EOFError("a record is too large")
    return file.read(length) if length else b""


def merged_names(paths: Iterable[Path]) -> Mapping[str, str]:
    """The names of all files together."""
    names: dict[str, str] = {}
    for path in paths:
        names |= head_of(path).names
    return names

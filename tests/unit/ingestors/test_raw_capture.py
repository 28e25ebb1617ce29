"""Captures of raw frames: whole, rotated, bounded, and readable though the writer was killed."""

from pathlib import Path

import msgspec
import pytest

from ingestors.frame_queue import Marker
from ingestors.raw_capture import Head, RawCapture, head_of, read_capture
from runtime.clock import SystemClock
from runtime.errors import UserError

HEAD = Head("coinbase", "coinbase", {"BTC-USD": "BTC-USD"})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    capture = RawCapture(tmp_path, HEAD, SystemClock(), 1 << 20, 4)
    capture.write(1, [(10, Marker("opened")), (11, b"a"), (12, b"")])
    capture.write(2, [(13, bytes(range(256))), (14, Marker("broken"))])
    capture.close()
    [path] = tmp_path.iterdir()
    assert head_of(path) == HEAD
    found = [(one.received_ns, one.connection, one.kind, one.payload) for one in read_capture([path])]
    assert found == [
        (10, 1, "opened", b""),
        (11, 1, "frame", b"a"),
        (12, 1, "frame", b""),
        (13, 2, "frame", bytes(range(256))),
        (14, 2, "broken", b""),
    ]


def test_files_rotate_and_old_ones_go(tmp_path: Path) -> None:
    capture = RawCapture(tmp_path, HEAD, SystemClock(), 1, 3)
    for number in range(10):
        capture.write(1, [(number, b"x" * 100_000)])
    capture.close()
    files = sorted(tmp_path.iterdir())
    assert 1 <= len(files) <= 4
    kept = [one.received_ns for one in read_capture(files)]
    assert kept == list(range(10 - len(kept), 10))


def test_a_file_that_is_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    capture = RawCapture(tmp_path, HEAD, SystemClock(), 1 << 30, 4)
    capture.write(1, [(number, bytes([number % 251]) * 1_000) for number in range(1_000)])
    capture.close()
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = [one.received_ns for one in read_capture([path])]
    assert 0 < len(found) < 1_000
    assert found == list(range(len(found)))


def test_captures_of_processes_beside_each_other_are_read_as_one_in_order_of_time(tmp_path: Path) -> None:
    """A connection of one is none of the other, though each counts from 1."""
    for part, times in (("1/2", (1, 4, 5, 9)), ("2/2", (2, 3, 7))):
        capture = RawCapture(tmp_path, msgspec.structs.replace(HEAD, part=part), SystemClock(), 1 << 20, 4)
        capture.write(1, [(times[0], Marker("opened")), *((number, part.encode()) for number in times[1:])])
        capture.close()
    found = list(read_capture(sorted(tmp_path.iterdir())))
    assert [one.received_ns for one in found] == [1, 2, 3, 4, 5, 7, 9]
    connections = {one.payload: one.connection for one in found if one.payload}
    assert connections.keys() == {b"1/2", b"2/2"}
    assert len(set(connections.values())) == len({one.connection for one in found}) == 2


def test_another_file_is_no_capture(tmp_path: Path) -> None:
    path = tmp_path / "x.frames.gz"
    path.write_text("no")
    with pytest.raises(UserError, match="no capture of raw frames"):
        head_of(path)

"""What was fetched of one symbol and window, on disk: the pages one after the other, each with where the next one begins.

So the file itself is the checkpoint: a page is there whole or not at all, and whoever comes after a kill goes on behind the last one.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from runtime.errors import UserError
from tickerplant.backfill.past import Page
from tickerplant.importing.ticks import Event

_LENGTH_BYTES = 4


class _Block(Struct, array_like=True):
    """A page. next: None where the window ends."""

    next: int | None
    reached_ns: int
    events: list[Event]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Block).decode


class Spool:
    """One file. next, reached_ns: of the last page, None and 0 where there is none. rows: events in it. complete: the window has no more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next: int | None = None
        self.reached_ns = 0
        self.rows = 0
        self.complete = False
        self.first_ns = 0  # event time of the oldest event, 0 without any
        self.last_ns = 0
        self._load()

    def append(self, page: Page) -> None:
        """On disk when it returns. Raises UserError where the disk does not take it."""
        block = _encode(_Block(page.next, page.reached_ns, page.events))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(len(block).to_bytes(_LENGTH_BYTES, "big") + block)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f"{self.path} cannot be written ({error}); make room and run the same command again") from None
        self._note(page.next, page.reached_ns, page.events)

    def events(self) -> Iterator[Event]:
        """All, ascending by at_ns: an event that a venue dates before the one ahead of it comes at that one's place."""
        at_ns = 0
        with self.path.open("rb") as file:
            for block, _ in _blocks(file):
                for event in block.events:
                    at_ns = event.at_ns = max(event.at_ns, at_ns)
                    yield event

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def _load(self) -> None:
        """What a kill cut off in the middle of a page is cut away."""
        try:
            with self.path.open("r+b") as file:
                whole = 0
                for block, ends_at in _blocks(file):
                    self._note(block.next, block.reached_ns, block.events)
                    whole = ends_at
                file.truncate(whole)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UserError(f"{self.path} cannot be read ({error}); delete it and run the same command again") from None

    def _note(self, following: int | None, reached_ns: int, events: list[Event]) -> None:
        self.next, self.reached_ns, self.complete = following, reached_ns, following is None
        self.rows += len(events)
        if events:
            times = [event.at_ns for event in events]
            self.first_ns = min(times) if not self.first_ns else min(self.first_ns, *times)
            self.last_ns = max(self.last_ns, *times)


def _blocks(file: BinaryIO) -> Iterator[tuple[_Block, int]]:
    """Whole pages, each with where it ends in the file."""
    ends_at = 0
    while len(head := file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        length = int.from_bytes(head, "big")
        body = file.read(length)
        if len(body) < length:
            return
        try:
            block = _decode(body)
        except msgspec.DecodeError:
            return
        ends_at += _LENGTH_BYTES + length
        yield block, ends_at

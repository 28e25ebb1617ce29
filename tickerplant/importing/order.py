"""Events in order of time, whatever the order of files and rows, in bounded memory.

Files that are in order and follow each other are read one after the other. Anything else is sorted outside memory: sorted portions in temporary
files, merged. Equal times keep the order of the files as given, and of their rows.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from runtime.errors import UserError
from tickerplant.importing.files import Table
from tickerplant.importing.reading import Refused, Survey, events
from tickerplant.importing.recipe import Recipe
from tickerplant.importing.scratch import remove_left, sorting_folder
from tickerplant.importing.ticks import Event

PORTION_ROWS = 100_000  # about 50 MB of events
_BLOCK_ROWS = 500
_MAX_PORTIONS = 400  # each is an open file while they are merged
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Event]).decode


def ordered(
    tables: Sequence[Table], surveys: Sequence[Survey], recipe: Recipe, folder: Path, portion_rows: int = PORTION_ROWS
) -> Iterator[Event | Refused]:
    """Refused rows come where they stand, or first if the rows have to be sorted. Raises UserError for more than can be sorted here."""
    remove_left(folder)
    known = sorted((one for one in zip(surveys, tables, strict=True) if one[0].rows), key=lambda one: one[0].first_ns)
    follow = all(before.last_ns < after.first_ns for (before, _), (after, _) in pairwise(known))
    if recipe.columns.kind != "bars" and follow and all(one.in_order for one, _ in known):
        for _, table in known:
            yield from events(table, recipe)
        return
    if sum(one.rows for one in surveys) > portion_rows * _MAX_PORTIONS:
        raise UserError(
            "these files are too large to be sorted here; sort their rows by time, or import them one by one from the oldest on"
        )
    with sorting_folder(folder) as portions:
        yield from _sorted(tables, recipe, portions, portion_rows)


def _sorted(tables: Sequence[Table], recipe: Recipe, folder: Path, portion_rows: int) -> Iterator[Event | Refused]:
    portion: list[Event] = []
    paths: list[Path] = []
    for table in tables:
        for event in events(table, recipe):
            if isinstance(event, Refused):
                yield event
                continue
            portion.append(event)
            if len(portion) >= portion_rows:
                paths.append(_write(portion, folder / str(len(paths))))
                portion = []
    portion.sort(key=_at_ns)
    yield from heapq.merge(*(_read(path) for path in paths), iter(portion), key=_at_ns)


def _write(portion: list[Event], path: Path) -> Path:
    portion.sort(key=_at_ns)
    with path.open("wb") as file:
        for start in range(0, len(portion), _BLOCK_ROWS):
            block = _encode(portion[start : start + _BLOCK_ROWS])
            file.write(len(block).to_bytes(4, "big") + block)
    return path


def _read(path: Path) -> Iterator[Event]:
    with path.open("rb") as file:
        while size := file.read(4):
            yield from _decode(file.read(int.from_bytes(size, "big")))


_at_ns: Callable[[Event], int] = lambda event: event.at_ns  # noqa: E731

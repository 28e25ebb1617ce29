"""The files of one import as events and refused rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from runtime.errors import InvalidRecord
from schemas.reasons import Reason
from tickerplant.importing.bars import bars
from tickerplant.importing.columns import Kind
from tickerplant.importing.files import Place, Table, Unclosed
from tickerplant.importing.recipe import Recipe, cell
from tickerplant.importing.ticks import Event, MakeEvent, quotes, time_ns, trades

_MAKERS: dict[Kind, Callable[..., MakeEvent]] = {"trades": trades, "quotes": quotes, "bars": bars}


class Refused(NamedTuple):
    """A row that is no event, whatever its values are worth."""

    place: Place
    reason: Reason
    detail: str
    text: str


class Survey(Struct):
    """What one pass over the times of a file tells. first_ns, last_ns: -1 where no time could be read; in_order: no time is before the one above it."""

    rows: int = 0
    first_ns: int = -1
    last_ns: int = -1
    in_order: bool = True

    def see(self, at_ns: int) -> None:
        if self.first_ns < 0:
            self.first_ns = self.last_ns = at_ns
        elif at_ns < self.last_ns:
            self.in_order = False
            self.first_ns = min(self.first_ns, at_ns)
        else:
            self.last_ns = at_ns


def survey(table: Table, recipe: Recipe) -> Survey:
    """Reads the whole file."""
    found, read = Survey(), recipe.times().read
    time = cell(recipe.columns.positions(table.header), "time")
    for _, row in table.rows(recipe.columns.names["time"]):
        found.rows += 1
        try:
            found.see(time_ns(read, time(row)))
        except (InvalidRecord, IndexError):
            continue  # told when the row is read as a whole
    return found


def events(table: Table, recipe: Recipe) -> Iterator[Event | Refused]:
    """The rows as they stand in the file."""
    make = _MAKERS[recipe.columns.kind](recipe, recipe.columns.positions(table.header))
    for number, row in table.rows(recipe.columns.wanted()):
        try:
            if isinstance(row, Unclosed):
                raise InvalidRecord(Reason.INVALID_FIELD, "a quote is opened and not closed on its line")
            yield make(row)
        except InvalidRecord as error:
            yield Refused(Place(table.path, number), Reason(error.reason), error.detail, _text(row))
        except IndexError:
            detail = f"the row has {len(row)} of {len(table.header)} columns"
            yield Refused(Place(table.path, number), Reason.MISSING_FIELD, detail, _text(row))


def _text(row: Sequence[str]) -> str:
    return ",".join(row)

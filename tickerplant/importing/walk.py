"""One way through the files of an import, and what is told on it."""

from collections.abc import Iterator, Sequence

from runtime.settings import Settings
from tickerplant.importing.files import Table
from tickerplant.importing.ledger import name_of
from tickerplant.importing.order import ordered
from tickerplant.importing.passed import Tell
from tickerplant.importing.plan import check_source
from tickerplant.importing.reading import Refused, Survey, survey
from tickerplant.importing.recipe import Recipe
from tickerplant.importing.ticks import Event

CHUNK_ROWS = 5_000
Items = Iterator[Event | Refused]


class Walk:
    """The rows of an import in order, with what it tells on the way."""

    def __init__(self, settings: Settings, tables: Sequence[Table], recipe: Recipe, tell: Tell) -> None:
        self.settings = settings
        self.tables = tables
        self.recipe = recipe
        self.tell = tell
        self._bytes = max(sum(table.size for table in tables), 1)

    def labels(self) -> list[str]:
        """What is imported, for people."""
        return [table.path.name for table in self.tables]

    def name(self) -> str:
        """By which the import is known again: see ledger."""
        return name_of([table.path for table in self.tables], self.recipe)

    def check(self, source: str) -> None:
        """Before the first event of a source. Raises UserError for one that is not a file's to write."""
        check_source(source, self.recipe.columns.kind == "bars", self.settings)

    def surveys(self) -> list[Survey]:
        """Reads the times of all files."""
        return [self._surveyed(table) for table in self.tables]

    def _surveyed(self, table: Table) -> Survey:
        self.tell(f"looking through {table.path.name}")
        found = survey(table, self.recipe)
        table.read_bytes = 0
        return found

    def items(self, surveys: Sequence[Survey]) -> Items:
        return ordered(self.tables, surveys, self.recipe, self.settings.data_dir / "imports")

    def show(self, what: str, rows: int) -> None:
        """A bar of progress; what is sorted first is read whole before the first row comes."""
        share = min(sum(table.read_bytes for table in self.tables) / self._bytes, 1.0)
        self.tell(f"|{'#' * int(share * 20):<20}| {share:4.0%} of the files read, {what} {rows:,} rows")

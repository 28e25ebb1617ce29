"""What was fetched of one window as an import sees it: the same way into the line, with its order, watermarks, pace and ledger."""

import heapq
from collections.abc import Mapping, Sequence

from runtime.errors import UserError
from runtime.settings import Settings
from tickerplant.backfill.ask import Ask, Window
from tickerplant.backfill.spool import Spool
from tickerplant.importing.columns import Columns
from tickerplant.importing.ledger import name_of
from tickerplant.importing.passed import Tell
from tickerplant.importing.plan import check_source
from tickerplant.importing.reading import Survey
from tickerplant.importing.recipe import Options, Recipe
from tickerplant.importing.walk import Items, Walk


class FetchedWalk(Walk):
    """spools: by symbol, each complete. Nothing is missing up to the window's end, so bars that end by then close."""

    def __init__(self, settings: Settings, ask: Ask, window: Window, spools: Mapping[str, Spool], tell: Tell) -> None:
        options = Options(
            source=ask.source,
            contiguous=ask.timeframe is None,
            complete_until_ns=window.to_ns,
            asset_classes=settings.process.asset_classes,
        )
        super().__init__(settings, [], Recipe(options, Columns(ask.kind, {}, ()), "ns", ask.what), tell)
        self._spools = dict(sorted(spools.items()))
        self._window = window
        self._rows = max(sum(spool.rows for spool in spools.values()), 1)

    def labels(self) -> list[str]:
        return list(self._spools)

    def name(self) -> str:
        return name_of([spool.path for spool in self._spools.values()], self.recipe)

    def check(self, source: str) -> None:
        """Bars of a provider that only has bars go to its own source."""
        published = self.settings.process.provider_bars
        if self.recipe.columns.kind != "bars":
            check_source(source, False, self.settings)
        elif source not in published:
            listed = ", ".join(f'"{name}"' for name in (*published, source))
            raise UserError(
                f"bars of {source} are not published: name it in the settings, as process.provider_bars = [{listed}], and start the stage bars again"
            )

    def surveys(self) -> list[Survey]:
        """From its beginning on, so that what the source has of the window is known, though nobody traded at once."""
        return [Survey(spool.rows, self._window.from_ns, spool.last_ns) for spool in self._spools.values() if spool.rows]

    def items(self, surveys: Sequence[Survey]) -> Items:
        return heapq.merge(*(spool.events() for spool in self._spools.values()), key=lambda event: event.at_ns)

    def show(self, what: str, rows: int) -> None:
        self.tell(f"|{'#' * int(rows / self._rows * 20):<20}| {what} {rows:,} of {self._rows:,} rows")

"""One file of the drop folder through the import, with the recipe of the settings."""

from collections.abc import Callable
from pathlib import Path

from runtime.addresses import Addresses, resolve
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.settings import Settings
from runtime.settings.providers.csv_drop import CsvDropSettings
from tickerplant.importing.plan import check_source, recipe_of, tables_of
from tickerplant.importing.recipe import Options
from tickerplant.importing.run import Job, Outcome
from tickerplant.importing.walk import Walk

_LINE_TIMEOUT_S = 90.0
Tell = Callable[[str], None]


def import_file(path: Path, settings: Settings, clock: Clock, tell: Tell) -> Outcome:
    """Until the line has taken it in; a run that was cut goes on where it was. tell: is told how far it is, and may raise to end it.

    Blocks. Raises UserError for a file that cannot be read so, TransientError while the line is in the way, FatalError.
    """
    drop = settings.providers.csv_drop
    tables = tables_of([path], list(drop.columns))
    recipe = recipe_of(tables, _roles(drop), drop.kind or None, _options(drop, settings))
    if "source" not in recipe.columns.names:
        check_source(recipe.source(), recipe.columns.kind == "bars", settings)
    outcome = Job(Walk(settings, tables, recipe, tell), settings, _addresses(settings), clock, _LINE_TIMEOUT_S).run()
    if outcome.left:
        raise TransientError(f"the line has not taken in {sum(outcome.left.values())} records of {path.name} yet")
    return outcome


def _addresses(settings: Settings) -> Addresses:
    """A stack that is down is no fault of the file: it waits. Raises TransientError."""
    try:
        return resolve(settings)
    except UserError as error:
        raise TransientError(str(error)) from error


def _roles(drop: CsvDropSettings) -> dict[str, str]:
    from tickerplant.importing.columns import NAMES

    return {name: name for name in drop.columns if name in NAMES} | drop.map


def _options(drop: CsvDropSettings, settings: Settings) -> Options:
    return Options(
        symbol=drop.symbol,
        source=drop.rows_source,
        timeframe=drop.timeframe,
        rename=drop.rename,
        unit=drop.time_unit or None,
        zone=drop.time_zone,
        form=drop.time_format,
        bars_end=drop.bars_end,
        asset_classes=settings.process.asset_classes,
    )

"""From files and options to a recipe: what is guessed is found out here, and told."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

from ingestors.registry import PROVIDERS
from runtime.errors import InvalidRecord, UserError
from runtime.settings import Settings
from tickerplant.importing.columns import Kind, columns_of
from tickerplant.importing.files import Table
from tickerplant.importing.recipe import Options, Recipe, cell, timeframe_from, zone_named
from tickerplant.importing.ticks import time_ns
from tickerplant.importing.values import unit_of
from tickerplant.sources import section_of

_SAMPLE_ROWS = 200


def tables_of(paths: Sequence[Path], names: Sequence[str]) -> list[Table]:
    """Raises UserError for what is no file, or is given twice."""
    absent = [path for path in paths if not path.is_file()]
    if absent:
        raise UserError(f"there is no file {absent[0]}")
    twice = [path for path in paths if [one.resolve() for one in paths].count(path.resolve()) > 1]
    if twice:
        raise UserError(f"{twice[0]} is given twice")
    return [Table(path, names) for path in paths]


def recipe_of(tables: Sequence[Table], mapping: Mapping[str, str], kind: Kind | None, options: Options) -> Recipe:
    """Guesses from the first rows of the first file. Raises UserError with what to write where they do not tell."""
    zone_named(options.zone)
    columns = columns_of(tables[0].header, mapping, kind)
    for table in tables[1:]:
        columns.positions(table.header)
    time = cell(columns.positions(tables[0].header), "time")
    texts = [time(row) for _, row in islice(tables[0].rows(columns.wanted()), _SAMPLE_ROWS) if len(row) == len(tables[0].header)]
    unit = options.unit or ("text" if options.form else "ms" if options.day else unit_of(next(iter(texts), "").strip()))
    recipe = Recipe(options, columns, unit, options.timeframe)
    if "symbol" not in columns.names and not options.symbol:
        raise UserError("whose rows are these? Write --symbol BTC-USDT, or --map symbol=NAME for a column that says it")
    if columns.kind != "bars" or options.timeframe or "timeframe" in columns.names:
        return recipe
    return Recipe(options, columns, unit, timeframe_from(_times(recipe, texts)))


def _times(recipe: Recipe, texts: Sequence[str]) -> list[int]:
    read, found = recipe.times().read, list[int]()
    for text in texts:
        try:
            found.append(time_ns(read, text))
        except InvalidRecord:
            continue  # told when its row is read
    return found


def check_source(source: str, is_bars: bool, settings: Settings) -> None:
    """Raises UserError for a source that is not a file's to write, or whose bars the line would not publish."""
    live = {*PROVIDERS, *(section_of(settings, name).source for name, one in PROVIDERS.items() if one.transport != "files")}
    if source in live or any(source.startswith(f"{name}-simulated") for name in live):
        raise UserError(
            f"{source} is a live source, whose time goes on by itself; give the rows one of their own, as --source {source}-file"
        )
    published = settings.process.provider_bars
    if is_bars and source not in published:
        listed = ", ".join(f'"{name}"' for name in (*published, source))
        raise UserError(
            f"bars of {source} are not published: name it in the settings, as process.provider_bars = [{listed}], and start the stage bars again;"
            f" or leave --source out"
        )
    if not is_bars and source in published:
        raise UserError(f"{source} is a source of bars (process.provider_bars); give ticks another --source")

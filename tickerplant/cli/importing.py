"""`tickerplant import FILE...`: ticks and bars of CSV and Parquet files through a running line."""

import json
import sys
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for, time_ns_of

if TYPE_CHECKING:
    from runtime.settings import Settings
    from tickerplant.importing.recipe import Options, Recipe
    from tickerplant.importing.walk import Walk


class KindName(StrEnum):
    TRADES = "trades"
    QUOTES = "quotes"
    BARS = "bars"


class UnitName(StrEnum):
    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"


Files = Annotated[list[Path], typer.Argument(help="CSV (also .gz, or .zip with one file in it) and Parquet files with the same columns.")]
Symbol = Annotated[str, typer.Option("--symbol", help="Of rows that name none, as BTC-USDT.")]
Source = Annotated[str, typer.Option("--source", help="Of rows that name none. Default: `file`, for bars `file-bars`.")]
Of = Annotated[str, typer.Option("--timeframe", help="Of bars that name none, 1m to 1M. Default: the usual step between their times.")]
Mapped = Annotated[
    list[str] | None, typer.Option("--map", metavar="NAME=COLUMN", help="Which column is what, as price=px, or time=Date+Time.")
]
Names = Annotated[
    str, typer.Option("--columns", metavar="NAMES", help="Columns of a file without a header, with commas; `-` to leave one out.")
]
Renamed = Annotated[list[str] | None, typer.Option("--rename", metavar="FILE=OURS", help="A symbol's canonical name, as BTCUSDT=BTC-USDT.")]
Zone = Annotated[str, typer.Option("--tz", metavar="ZONE", help="Of times that name none, as America/New_York.")]
Unit = Annotated[UnitName | None, typer.Option("--time-unit", help="Of times that are numbers. Default: by their size.")]
Form = Annotated[str, typer.Option("--time-format", metavar="FORMAT", help="Of times as text, as strptime writes it. Default: ISO 8601.")]
Day = Annotated[
    str | None, typer.Option("--date", metavar="DAY", help="Times count from this day's midnight, in ms unless --time-unit says else.")
]
PriceScale = Annotated[str | None, typer.Option("--price-scale", metavar="NUMBER", help="What prices are multiplied by, as 0.0001.")]
SizeScale = Annotated[str | None, typer.Option("--size-scale", metavar="NUMBER", help="What sizes and volumes are multiplied by.")]
BarsEnd = Annotated[bool, typer.Option("--bars-end/--bars-begin", help="What the time of a bar is.")]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="TIME",
        help="When all these bars became known (or `file`: when the files were last changed). Default: each at its close.",
    ),
]
Contiguous = Annotated[bool, typer.Option("--contiguous-ids", help="The venue numbers its trades without holes: missing numbers are gaps.")]
Until = Annotated[
    str | None, typer.Option("--complete-until", metavar="TIME", help="Nothing is missing up to there: bars that end by then close.")
]
As = Annotated[KindName | None, typer.Option("--kind", help="What the rows are. Default: by their columns.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Send nothing: say what would go in, what would be refused and why.")]
Timeout = Annotated[float, typer.Option(min=1, max=3600, help="Seconds without progress after which the line counts as stuck.")]


def register(app: typer.Typer) -> None:
    app.command("import", epilog="Example: tickerplant import trades.csv.gz --symbol BTC-USDT --map price=px --dry-run")(import_files)


def import_files(
    files: Files,
    symbol: Symbol = "",
    source: Source = "",
    timeframe: Of = "",
    mapping: Mapped = None,
    columns: Names = "",
    rename: Renamed = None,
    tz: Zone = "UTC",
    time_unit: Unit = None,
    time_format: Form = "",
    day: Day = None,
    price_scale: PriceScale = None,
    size_scale: SizeScale = None,
    bars_end: BarsEnd = False,
    known_at: KnownAt = None,
    contiguous_ids: Contiguous = False,
    complete_until: Until = None,
    kind: As = None,
    dry_run: DryRun = False,
    drain_timeout: Timeout = 90.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Send trades, quotes or bars of files through a running stack, as an ingestor would, wait until all is stored, and print what came out.

    An import that was ended goes on with the same command; the same files again change nothing. Rows may be in any order.
    """
    from tickerplant.importing.columns import NAMES
    from tickerplant.importing.recipe import Options

    settings = settings_for(data_dir)
    told = {**{name: name for name in columns.split(",") if name in NAMES}, **_pairs("--map", mapping)}
    options = Options(
        symbol=symbol,
        source=source,
        timeframe=timeframe,
        rename=_pairs("--rename", rename),
        unit=time_unit.value if time_unit else None,
        zone=tz,
        form=time_format,
        day=_day_of(day),
        price_scale=_scale_of("--price-scale", price_scale),
        size_scale=_scale_of("--size-scale", size_scale),
        bars_end=bars_end,
        known_at_ns=_known_at_ns(known_at, files),
        contiguous=contiguous_ids,
        complete_until_ns=time_ns_of("--complete-until", complete_until) if complete_until else 0,
        asset_classes=settings.process.asset_classes,
    )
    names = [name.strip() for name in columns.split(",")] if columns else []
    recipe, walk = _prepared(settings, files, names, told, kind, options)
    raise typer.Exit(_try_out(recipe, walk, settings, as_json) if dry_run else _import(recipe, walk, settings, drain_timeout, as_json))


def _prepared(
    settings: "Settings", files: list[Path], names: list[str], told: dict[str, str], kind: KindName | None, options: "Options"
) -> "tuple[Recipe, Walk]":
    from tickerplant.importing.plan import check_source, recipe_of, tables_of
    from tickerplant.importing.walk import Walk
    from tickerplant.replay.printing import teller

    tables = tables_of(files, names)
    recipe = recipe_of(tables, told, kind.value if kind else None, options)
    if "source" not in recipe.columns.names:
        check_source(recipe.source(), recipe.columns.kind == "bars", settings)
    return recipe, Walk(settings, tables, recipe, teller())


def _try_out(recipe: "Recipe", walk: "Walk", settings: "Settings", as_json: bool) -> int:
    from tickerplant.importing.printing import trial_document, trial_text
    from tickerplant.importing.trial import try_out

    findings = try_out(walk, settings)
    _print(trial_document(recipe, findings) if as_json else trial_text(recipe, findings))
    return 0


def _import(recipe: "Recipe", walk: "Walk", settings: "Settings", timeout_s: float, as_json: bool) -> int:
    """Exit code 1 if the line did not take everything in."""
    from runtime.addresses import resolve
    from runtime.clock import SystemClock
    from tickerplant.importing.printing import left_text, outcome_document, outcome_text
    from tickerplant.importing.run import Job

    outcome = Job(walk, settings, resolve(settings), SystemClock(), timeout_s).run()
    _print(outcome_document(recipe, outcome) if as_json else outcome_text(recipe, outcome))
    if outcome.left:
        typer.echo(left_text(outcome), err=True)
    return 1 if outcome.left else 0


def _print(answer: str | dict[str, Any]) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")  # the bar of progress has none
    typer.echo(answer if isinstance(answer, str) else json.dumps(answer, indent=2))


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts or []]
    wrong = [name for name, sign, value in pairs if not (name and sign and value)]
    if wrong:
        raise UserError(f"{option} {wrong[0]}: write it with an equals sign, as {option} a=b")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UserError(f"--date {text} is no day; write it as 2024-08-09") from None


def _scale_of(option: str, text: str | None) -> Decimal | None:
    try:
        scale = Decimal(text) if text else None
    except InvalidOperation:
        scale = Decimal(0)
    if scale is not None and not (scale.is_finite() and Decimal("1e-12") <= scale <= Decimal("1e12")):
        raise UserError(f"{option} {text}: give a positive number, as 0.0001")
    return scale


def _known_at_ns(text: str | None, files: list[Path]) -> int | None:
    if text == "file":
        return max((path.stat().st_mtime_ns for path in files if path.is_file()), default=0)
    return time_ns_of("--known-at", text) if text else None

"""`tickerplant dataset`: how complete, accurate, fresh and consistent a stored series of bars is."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from history.dataset import Metrics

SHOWN = 20

Symbol = Annotated[str, typer.Option("--symbol", help="As BTC-USDT.")]
Source = Annotated[str | None, typer.Option("--source", help="As binance; may be left out where the symbol has only one.")]
Of = Annotated[str, typer.Option("--timeframe", help="1m to 1M.")]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From this UTC time on (2024-08-09 or 2024-08-09T00:00:00). Default: the first bar."),
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="To before this UTC time. Default: the end of the last bar.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: tickerplant dataset --symbol BTC-USDT --timeframe 1m --from 2024-08-08 --to 2024-08-10")(dataset)


def dataset(
    symbol: Symbol,
    data_dir: DataDir = None,
    source: Source = None,
    timeframe: Of = "1m",
    from_: From = None,
    to: To = None,
    as_json: AsJson = False,
) -> None:
    """Completeness, accuracy, freshness, consistency and missing periods of stored bars. Closed markets are not missing.

    An interval in which nothing traded has no bar: in a thin market a missing period need not be a loss. Exit code 2: no such bars.
    """
    from dataclasses import asdict

    name, metrics = _metrics(data_dir, symbol, source, timeframe, from_, to)
    typer.echo(json.dumps({**name, **asdict(metrics)}) if as_json else _text(name, metrics))


def _metrics(data_dir: Any, symbol: str, source: str | None, timeframe: str, start: str | None, end: str | None) -> tuple[Any, "Metrics"]:
    _require_pyarrow()
    from history import History
    from history.catalogue import timeframe_named
    from history.dataset import COLUMNS, measured
    from history.times import moment, ns_of
    from runtime.clock import SystemClock
    from schemas.sessions import calendar_of
    from schemas.symbols import asset_class_of

    settings = settings_for(data_dir)
    with History(data_dir=settings.data_dir) as history:
        selection = history.bars(symbol, source, timeframe, start=start, end=end, columns=COLUMNS)
        bars = selection.pandas("float")
    start_ns = int(bars.index[0].value) if start is None else ns_of(moment(start, "--from"))
    end_ns = int(bars["close_time"].iloc[-1].value) if end is None else ns_of(moment(end, "--to"))
    asset_class = asset_class_of(symbol, settings.process.asset_classes)
    series = {"symbol": symbol, "source": selection.question.source, "timeframe": timeframe, "asset_class": asset_class}
    name = {**series, "from_ns": start_ns, "to_ns": end_ns}
    calendar = calendar_of(asset_class)
    return name, measured(bars, calendar, timeframe_named(timeframe), start_ns, end_ns, SystemClock().now_ns())


def _require_pyarrow() -> None:
    """It is large and only this needs it, so the image of the processes does without."""
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise UserError('reading history needs pyarrow; install it with pip install "tickerplant[backtest]"')


def _text(name: dict[str, Any], metrics: "Metrics") -> str:
    lines = [
        f"{name['symbol']} {name['source']} {name['timeframe']} ({name['asset_class']}), {_time(name['from_ns'])} to {_time(name['to_ns'])}",
        f"  completeness  {metrics.completeness:.4%}  ({metrics.stored:,} bars stored, {metrics.expected:,} intervals of open market)",
        f"  accuracy      {metrics.accuracy:.4f}  (mean quality score; {metrics.marked:,} bars with a reason)",
        f"  consistency   {metrics.consistency:.4%}",
        f"  freshness     {metrics.freshness_s:,.0f} s of open market since the newest bar's close",
        f"  missing       {sum(one.bars for one in metrics.missing):,} bars in {len(metrics.missing):,} periods",
    ]
    lines += [f"    {_time(one.from_ns)} to {_time(one.to_ns)}: {one.bars:,}" for one in metrics.missing[:SHOWN]]
    if len(metrics.missing) > SHOWN:
        lines.append(f"    and {len(metrics.missing) - SHOWN:,} more: --json lists all")
    return "\n".join(lines)


def _time(ts_ns: int) -> str:
    from history.times import moment

    return f"{moment(ts_ns, 'time'):%Y-%m-%dT%H:%M:%SZ}"

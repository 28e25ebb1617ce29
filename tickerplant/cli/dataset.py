"""`tickerplant dataset`: how complete, accurate, fresh and consistent a stored series of bars is."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    import pandas as pd

    from history import History
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

    An interval in which nothing traded has no bar: in a thin market a missing period need not be a loss. Exit code 2: no such series.
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
        whole = history.bars(symbol, source, timeframe, columns=COLUMNS)
        source = whole.question.source
        bars = _bars(history, symbol, source, timeframe, start, end)
        start_ns = ns_of(whole.start if start is None else moment(start, "--from"))
        end_ns = ns_of(moment(end, "--to")) if end is not None else int(bars["close_time"].iloc[-1].value) if len(bars) else start_ns
        gaps = history.gaps(symbol, source, start_ns, end_ns) if start_ns < end_ns else []
    asset_class = asset_class_of(symbol, settings.process.asset_classes)
    series = {"symbol": symbol, "source": source, "timeframe": timeframe, "asset_class": asset_class}
    name = {**series, "from_ns": start_ns, "to_ns": end_ns}
    calendar = calendar_of(asset_class)
    return name, measured(bars, calendar, timeframe_named(timeframe), start_ns, end_ns, SystemClock().now_ns(), gaps)


def _bars(history: "History", symbol: str, source: str, timeframe: str, start: str | None, end: str | None) -> "pd.DataFrame":
    """Of a series that there is; a range without any has a completeness too."""
    from history.dataset import COLUMNS, nothing
    from history.errors import NoRows

    try:
        return history.bars(symbol, source, timeframe, start=start, end=end, columns=COLUMNS).pandas("float")
    except NoRows:
        return nothing()


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
        f"  freshness     {_freshness(metrics)}",
        f"  missing       {sum(one.bars for one in metrics.missing):,} bars in {len(metrics.missing):,} periods; {metrics.gaps:,} known gaps were not filled",
    ]
    lines += [
        f"    {_time(one.from_ns)} to {_time(one.to_ns)}: {one.bars:,}{', lost' if one.lost else ''}" for one in metrics.missing[:SHOWN]
    ]
    if len(metrics.missing) > SHOWN:
        lines.append(f"    and {len(metrics.missing) - SHOWN:,} more: --json lists all")
    return "\n".join(lines)


def _freshness(metrics: "Metrics") -> str:
    return (
        "no bar in the range"
        if metrics.freshness_s is None
        else f"{metrics.freshness_s:,.0f} s of open market since the newest bar's close"
    )


def _time(ts_ns: int) -> str:
    from history.times import moment

    return f"{moment(ts_ns, 'time'):%Y-%m-%dT%H:%M:%SZ}"

"""Options of `tickerplant alerts`: one a field of a rule."""

from pathlib import Path
from typing import Annotated

import typer

RuleId = Annotated[str, typer.Argument(metavar="ID", help="The rule's id.")]
OwnId = Annotated[str | None, typer.Argument(metavar="[ID]", help="The rule's id; not with --file.")]
File = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="A JSON file with one rule or a list of rules, instead of the options.")
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="price_level, price_change, volume_spike, indicator_level, indicator_cross, quality_below, gap_open, source_down or primary_changed.",
    ),
]
Symbols = Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="As BTC-USDT,ETH-USDT. Default: all.")]
Source = Annotated[str | None, typer.Option("--source", help="As binance. Default: all.")]
TimeframeName = Annotated[str | None, typer.Option("--timeframe", help="Of the bars: 1m to 1M. Default: 1m.")]
DirectionName = Annotated[str | None, typer.Option("--direction", help="above or below; price_change: either as well.")]
Threshold = Annotated[
    str | None, typer.Option("--threshold", help="A price, percent, a multiple of the median volume, an indicator's value.")
]
Hysteresis = Annotated[str | None, typer.Option("--hysteresis", help="How far it must come back before it raises again. Default: 0.")]
Bars = Annotated[int | None, typer.Option("--bars", help="How many bars price_change (default 1) and volume_spike (20) look back.")]
Field = Annotated[str | None, typer.Option("--field", help="Price of the bar: close, high or low. Default: close.")]
Indicator = Annotated[str | None, typer.Option("--indicator", help="An indicator's key, as rsi_14.")]
OutputName = Annotated[str | None, typer.Option("--output", help="Its output, as value, macd, signal. Default: value.")]
OtherIndicator = Annotated[str | None, typer.Option("--other-indicator", help="indicator_cross: the other one. Default: the same.")]
OtherOutput = Annotated[
    str | None, typer.Option("--other-output", help="indicator_cross: the output that is crossed. Default: the threshold.")
]
Channels = Annotated[str | None, typer.Option("--channels", metavar="A,B", help="gap_open: trade, quote, book, record. Default: trade.")]
Of = Annotated[
    str | None, typer.Option("--of", help="quality_below: bars, or source for its last seconds (market.quality). Default: bars.")
]
MinimumSize = Annotated[int | None, typer.Option("--minimum-size", help="gap_open: smaller gaps raise nothing. Default: 0.")]
SilentS = Annotated[float | None, typer.Option("--silent-s", help="source_down: seconds without a bar.")]
SeverityName = Annotated[str | None, typer.Option("--severity", help="low, medium, high or critical. Default: medium.")]
CooldownS = Annotated[
    float | None, typer.Option("--cooldown-s", help="Event time after a raise without another of the same series. Default: 0.")
]
Message = Annotated[str | None, typer.Option("--message", help="Template, as '{symbol} is {measured}'.")]
Disabled = Annotated[bool, typer.Option("--disabled", help="Keep the rule, but judge nothing by it.")]
Records = Annotated[int, typer.Option("--records", min=1, max=1_000_000, help="The newest of each topic and partition that are judged.")]

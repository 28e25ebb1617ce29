"""FMP's own answers, those of the interface that it calls stable. Numbers are read as their text; unknown fields are ignored, a missing one is an error."""

from typing import Any

from msgspec import Struct

from ingestors.parsing import TimeText


class Bar(Struct):
    """A row of historical-price-eod and historical-chart. date: of a day, or the exchange's clock at the bar's start. vwap: of days only."""

    date: TimeText
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any = 0
    vwap: Any = None

"""Yahoo's own answers, as its users know them: there is no contract. Numbers are read as their text; unknown fields are ignored, any entry of a column may be
null."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

Seconds = Annotated[int, Meta(ge=0, le=9_000_000_000)]


class ChartMeta(Struct):
    """exchangeTimezoneName: whose dates its daily bars have. dataGranularity: what it gives, which is not always what it was asked for."""

    symbol: str
    exchangeTimezoneName: str = "UTC"
    dataGranularity: str = ""


class Columns(Struct):
    open: list[Any] = []
    high: list[Any] = []
    low: list[Any] = []
    close: list[Any] = []
    volume: list[Any] = []


class AdjustedColumn(Struct):
    adjclose: list[Any] = []


class Indicators(Struct):
    quote: list[Columns] = []
    adjclose: list[AdjustedColumn] = []


class Dividend(Struct):
    amount: Any
    date: Seconds


class Split(Struct):
    date: Seconds
    numerator: Any
    denominator: Any


class Events(Struct):
    dividends: dict[str, Dividend] = {}
    splits: dict[str, Split] = {}


class ChartResult(Struct):
    """timestamp: starts of the bars; absent where there is none."""

    meta: ChartMeta
    timestamp: list[Seconds] = []
    indicators: Indicators = field(default_factory=Indicators)
    events: Events = field(default_factory=Events)


class ErrorBody(Struct):
    code: str = ""
    description: str = ""


class Chart(Struct):
    result: list[ChartResult] | None
    error: ErrorBody | None = None


class ChartAnswer(Struct):
    chart: Chart

"""One price for a bar."""

from processors.indicators.formulas.prices import AveragePrice, MedianPrice, TypicalPrice, WeightedClose
from processors.indicators.spec import IndicatorSpec

SPECS = (
    IndicatorSpec(
        name="avgprice",
        make=lambda _: AveragePrice(),
        inputs=("open", "high", "low", "close"),
        first_bar=lambda _: 1,
        formula="(open + high + low + close) / 4",
        oracle="talib.AVGPRICE(open, high, low, close)",
        source="TA-Lib, price transforms",
    ),
    IndicatorSpec(
        name="medprice",
        make=lambda _: MedianPrice(),
        inputs=("high", "low"),
        first_bar=lambda _: 1,
        formula="(high + low) / 2",
        oracle="talib.MEDPRICE(high, low)",
        source="TA-Lib, price transforms",
    ),
    IndicatorSpec(
        name="typprice",
        make=lambda _: TypicalPrice(),
        inputs=("high", "low", "close"),
        first_bar=lambda _: 1,
        formula="(high + low + close) / 3",
        oracle="talib.TYPPRICE(high, low, close)",
        source="TA-Lib, price transforms",
    ),
    IndicatorSpec(
        name="wclprice",
        make=lambda _: WeightedClose(),
        inputs=("high", "low", "close"),
        first_bar=lambda _: 1,
        formula="(high + low + 2 * close) / 4",
        oracle="talib.WCLPRICE(high, low, close)",
        source="TA-Lib, price transforms",
    ),
)

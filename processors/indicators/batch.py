"""The same indicators over a whole history at once: for tools and notebooks, never inside a running stage, because TA-Lib and numpy cost memory.

TA-Lib computes what the catalogue names a call of it for; processors/indicators/arrays.py the others, by numpy. Same names, parameters and values as in
the stream.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import talib

from processors.indicators.arrays import ARRAYS
from processors.indicators.catalogue import Chosen, parse
from runtime.errors import UserError

if TYPE_CHECKING:
    import pandas

Floats = npt.NDArray[np.float64]
Columns = Mapping[str, npt.NDArray[Any]]
_CALL = re.compile(r"talib\.(\w+)\(([^)]*)\)")


def calculate(choice: Chosen | str, columns: Columns) -> dict[str, Floats]:
    """Outputs by name, as long as the columns, NaN where there is no value yet.

    columns: what the indicator reads of `open`, `high`, `low`, `close`, `volume` as float64 and `ts_open_ns` as int64, oldest bar first, one series,
    no NaN. Raises UserError for an unknown indicator and a missing column.
    """
    choice = parse(choice) if isinstance(choice, str) else choice
    if missing := [name for name in choice.spec.inputs if name not in columns]:
        raise UserError(f"{choice.key} reads the columns {', '.join(choice.spec.inputs)}; {', '.join(missing)} missing")
    by_numpy = ARRAYS.get(choice.spec.name)
    if not len(columns[choice.spec.inputs[0]]):
        return {output: np.empty(0) for output in choice.spec.outputs}
    arrays = by_numpy(columns, choice.parameters) if by_numpy else _by_ta_lib(choice, columns)
    return dict(zip(choice.spec.outputs, arrays, strict=True))


def frame(bars: "pandas.DataFrame", choices: Iterable[Chosen | str]) -> "pandas.DataFrame":
    """One column an output, named `rsi_14.value`, with the index of the bars. bars: the columns of `calculate`; decimals and text are converted."""
    import pandas

    columns = {
        str(name): bars[name].to_numpy(np.int64 if name == "ts_open_ns" else np.float64)
        for name in ("open", "high", "low", "close", "volume", "ts_open_ns")
        if name in bars
    }
    found = {}
    for choice in (parse(one) if isinstance(one, str) else one for one in choices):
        found.update({f"{choice.key}.{output}": values for output, values in calculate(choice, columns).items()})
    return pandas.DataFrame(found, index=bars.index)


def _by_ta_lib(choice: Chosen, columns: Columns) -> list[Floats]:
    """The outputs of all calls that the catalogue names, in order."""
    outputs: list[Floats] = []
    for function, arguments in _CALL.findall(choice.spec.oracle):
        given = [_argument(text.strip(), choice, columns) for text in arguments.split(",")]
        result = getattr(talib, function)(*given)
        outputs += result if isinstance(result, tuple) else [result]
    return outputs


def _argument(text: str, choice: Chosen, columns: Columns) -> Any:
    if text in choice.parameters:
        return choice.parameters[text]
    return columns[text] if text in columns else int(text)

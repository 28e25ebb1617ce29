"""A column of exact numbers does what a column of Decimal objects does, whether its objects are made yet or not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history.exact import ExactArray

numbers = st.decimals(-(10**9), 10**9, allow_nan=False, places=5)
few = settings(max_examples=20)
columns = st.lists(st.none() | numbers, min_size=1, max_size=12)


def exact(values: list[Decimal | None]) -> Any:
    return pd.Series(ExactArray(pa.array([None if value is None else str(value) for value in values], pa.string())))


def plain(values: Any) -> list[Any]:
    return [None if value is None or value is pd.NA or value != value else value for value in values]


WAYS: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda column: column,
    "backwards": lambda column: column.iloc[::-1],
    "a piece": lambda column: column.iloc[1:3],
    "every second": lambda column: column.iloc[1::2],
    "nothing": lambda column: column.iloc[3:1],
    "by positions": lambda column: column.iloc[[0, -1, 0]],
    "by a mask": lambda column: column[column.notna()],
    "joined": lambda column: pd.concat([column, column]),
    "moved": lambda column: column.shift(1),
    "doubled": lambda column: column * 2,
    "plus itself": lambda column: column + column,
    "from ten": lambda column: Decimal(10) - column,
    "turned": lambda column: -column,
    "differences": lambda column: column.diff(),
    "sorted": lambda column: column.dropna().sort_values(),
    "without twins": lambda column: column.drop_duplicates(),
    "through a frame": lambda column: pd.DataFrame({"a": column, "b": 1})[lambda frame: frame["b"] == 1]["a"],
}


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("way", WAYS)
@few
@given(columns)
def test_the_same_as_objects(way: str, looked_at: bool, values: list[Decimal | None]) -> None:
    column = exact(values)
    if looked_at:
        assert list(column) == values
    if way in ("doubled", "plus itself", "from ten", "turned", "differences"):  # which objects with None cannot do
        objects = pd.Series([Decimal("NaN") if value is None else value for value in values], dtype=object)
        expected = plain(None if value is not None and Decimal(value).is_nan() else value for value in map(_decimal, WAYS[way](objects)))
    else:
        expected = plain(WAYS[way](pd.Series(values, dtype=object)))
    found = WAYS[way](column)
    assert found.dtype == "exact"
    assert plain(found) == expected
    assert [str(one) for one in plain(found)] == [str(one) for one in expected]  # the digits too


def _decimal(value: Any) -> Decimal:
    return Decimal("NaN") if value is None or value != value else value


@few
@given(columns)
def test_sums_means_and_extremes_are_exact(values: list[Decimal | None]) -> None:
    column, known = exact(values), [value for value in values if value is not None]
    assert column.sum() == sum(known)
    if known:
        assert (column.min(), column.max(), column.mean()) == (min(known), max(known), sum(known) / len(known))
        assert (column > known[0]).tolist() == [value is not None and value > known[0] for value in values]
        assert exact(known).cumsum().iloc[-1] == sum(known)


@few
@given(columns)
def test_floats_are_the_nearest(values: list[Decimal | None]) -> None:
    expected = [np.nan if value is None else float(value) for value in values]
    np.testing.assert_array_equal(exact(values).astype(float), expected)
    np.testing.assert_array_equal(exact(values).to_numpy(dtype=float), expected)
    assert exact([Decimal(1), Decimal(2), Decimal(4)]).std() == pytest.approx(np.std([1, 2, 4], ddof=1))


def test_what_uses_columns_takes_it() -> None:
    frame = pd.DataFrame({"price": exact([Decimal("1.10"), None, Decimal("3.30")]), "kind": ["a", "b", "a"]})
    assert frame.groupby("kind")["price"].sum()["a"] == Decimal("4.40")
    assert frame["price"].map(str).tolist() == ["1.10", "None", "3.30"]
    assert frame["price"].pct_change().iloc[2] is None
    assert "1.10" in repr(frame)
    assert pa.Table.from_pandas(frame)["price"].to_pylist() == [Decimal("1.10"), None, Decimal("3.30")]
    frame.loc[1, "price"] = Decimal("2.5")
    assert frame["price"].rolling(2).mean().tolist()[1:] == [1.8, 2.9]
    assert frame["price"].tolist() == [Decimal("1.10"), Decimal("2.5"), Decimal("3.30")]


@pytest.mark.parametrize("looked_at", [False, True])
def test_a_piece_changed_leaves_the_whole_alone(looked_at: bool) -> None:
    column = ExactArray(pa.array(["1.10", "2.20", "3.30"]))
    if looked_at:
        assert list(column)
    piece = column[1:]
    piece[0] = Decimal(9)
    assert (list(piece), list(column)) == ([Decimal(9), Decimal("3.30")], [Decimal("1.10"), Decimal("2.20"), Decimal("3.30")])


def test_a_float_is_no_exact_number() -> None:
    with pytest.raises(TypeError):
        exact([Decimal(1)]) * 1.5

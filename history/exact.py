"""Exact numbers as a pandas column: Decimals with the table's own digits, made the first time they are looked at. No I/O.

A year of minutes holds 2.6 million numbers. As objects they take 0.5 s to make and 290 MB; as text a tenth of that, and a column that is only cut,
filtered or turned into floats never needs the objects.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionArray, ExtensionDtype, register_extension_dtype

from history.exact_operators import NAMES, number, operated

_EXACT_REDUCTIONS: dict[str, Callable[[Any], Any]] = {"sum": sum, "min": min, "max": max}
_RUNNING = {"cumsum": np.add, "cumprod": np.multiply, "cummin": np.minimum, "cummax": np.maximum}


@register_extension_dtype
class ExactDtype(ExtensionDtype):
    """`exact`: decimal.Decimal, None where there is no number."""

    name = "exact"
    type = Decimal
    kind = "O"
    na_value: Any = None
    _is_numeric = True

    @classmethod
    def construct_array_type(cls) -> Any:
        return ExactArray


class ExactArray(ExtensionArray):
    """One column. Arithmetic is that of Decimal objects, so a float as the other side is refused; ask for astype(float) first."""

    def __init__(self, texts: Any = None, objects: Any = None) -> None:
        """texts: Arrow strings, each a number or null; objects: an array of Decimals and None, where texts is None."""
        self._texts = texts
        self._made = objects

    @classmethod
    def _from_sequence(cls, scalars: Sequence[Any], *, dtype: Any = None, copy: bool = False) -> Self:
        values = np.empty(len(scalars), dtype=object)
        values[:] = [number(value) for value in scalars]
        return cls(objects=values)

    @classmethod
    def _from_scalars(cls, scalars: Any, *, dtype: Any) -> Self:
        if not all(value is None or isinstance(value, Decimal) for value in scalars):
            raise TypeError("not all are Decimals")
        return cls._from_sequence(scalars)

    @classmethod
    def _from_factorized(cls, values: Any, original: Any) -> Self:
        return cls._from_sequence(values)

    @classmethod
    def _concat_same_type(cls, to_concat: Any) -> Self:
        if all(one._texts is not None for one in to_concat):
            return cls(pa.chunked_array([chunk for one in to_concat for chunk in _chunks(one._texts)], pa.string()))
        return cls(objects=np.concatenate([one._objects for one in to_concat]))

    @property
    def dtype(self) -> Any:
        return ExactDtype()

    @property
    def nbytes(self) -> int:
        return int(self._texts.nbytes if self._texts is not None else self._made.nbytes)

    @property
    def _objects(self) -> Any:
        if self._made is None:
            texts = self._texts.to_pylist()
            numbers = (None if text is None else Decimal(text) for text in texts) if self._texts.null_count else map(Decimal, texts)
            self._made = np.fromiter(numbers, dtype=object, count=len(texts))
        return self._made

    def __len__(self) -> int:
        return len(self._made if self._texts is None else self._texts)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._objects)

    def __getitem__(self, item: Any) -> Any:
        item = pd.api.indexers.check_array_indexer(self, item)
        if isinstance(item, int | np.integer):
            return self._objects[item] if self._made is not None else number(self._texts[int(item)].as_py())
        return self._cut(item) if isinstance(item, slice) else self._picked(np.arange(len(self))[item])

    def __setitem__(self, key: Any, value: Any) -> None:
        key = pd.api.indexers.check_array_indexer(self, key)
        values = self._objects.copy()
        values[key] = number(value) if np.ndim(value) == 0 else [number(one) for one in value]
        self._texts, self._made = None, values

    def take(self, indices: Any, *, allow_fill: bool = False, fill_value: Any = None) -> Any:
        if not allow_fill:
            return self._picked(np.arange(len(self))[np.asarray(indices, dtype=np.intp)])
        taken = pd.api.extensions.take(self._objects, np.asarray(indices), allow_fill=True, fill_value=number(fill_value))
        return type(self)(objects=taken)

    def _cut(self, part: slice) -> Self:
        """Without a copy: pandas cuts whole columns several times while it makes a frame, and nothing here is ever changed in place."""
        start, stop, step = part.indices(len(self))
        if self._made is not None:
            return type(self)(objects=self._made[part])
        if step != 1:
            return self._picked(np.arange(start, stop, step))
        return type(self)(self._texts.slice(start, max(0, stop - start)))

    def _picked(self, positions: Any) -> Self:
        if self._made is not None:
            return type(self)(objects=self._made[positions])
        return type(self)(self._texts.take(pa.array(positions)))

    def isna(self) -> Any:
        if self._texts is not None:
            return np.asarray(self._texts.is_null())
        return np.fromiter((value is None for value in self._made), dtype=bool, count=len(self))

    def copy(self) -> Any:
        return type(self)(self._texts, None if self._made is None else self._made.copy())

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        if isinstance(pd.api.types.pandas_dtype(dtype), ExactDtype):
            return self.copy() if copy else self
        return super().astype(dtype, copy)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if dtype is not None and np.issubdtype(dtype, np.floating):
            return self._floats().astype(dtype, copy=False)
        return self._objects.astype(object if dtype is None else dtype)

    def _floats(self) -> Any:
        """Each the nearest float64; NaN for None."""
        if self._texts is not None:
            return np.array(self._texts.cast(pa.float64()).to_numpy(zero_copy_only=False))
        return np.array([np.nan if value is None else float(value) for value in self._made], dtype=float)

    def to_numpy(self, dtype: Any = None, copy: bool = False, na_value: Any = None) -> Any:
        values = np.asarray(self, dtype=dtype)
        if na_value is not None and values.dtype == object:
            values[self.isna()] = na_value
        return values

    def __arrow_array__(self, type: Any = None) -> Any:
        return pa.array(self._objects, type=type, from_pandas=True)

    def _values_for_factorize(self) -> tuple[Any, Any]:
        return self._objects, None

    def _values_for_argsort(self) -> Any:
        return self._objects

    def _formatter(self, boxed: bool = False) -> Callable[[Any], str]:
        return str

    def _reduce(self, name: str, *, skipna: bool = True, keepdims: bool = False, **more: Any) -> Any:
        """Sums and means are decimals of the current context's digits, extremes exact; what needs roots or ranks is of the nearest floats."""
        result = self._reduced(name, skipna, more)
        return type(self)._from_sequence([result]) if keepdims else result

    def _reduced(self, name: str, skipna: bool, more: dict[str, Any]) -> Any:
        if name not in (*_EXACT_REDUCTIONS, "mean"):
            return getattr(pd.Series(self._floats()), name)(skipna=skipna, **more)
        known = self._objects[~self.isna()]
        if (len(known) < len(self) and not skipna) or not len(known):
            return Decimal(0) if name == "sum" and skipna else None
        return sum(known) / len(known) if name == "mean" else _EXACT_REDUCTIONS[name](known)

    def _accumulate(self, name: str, *, skipna: bool = True, **more: Any) -> Self:
        if self.isna().any():
            raise TypeError(f"{name} of a column without some numbers; drop those rows first")
        return type(self)(objects=_RUNNING[name].accumulate(self._objects))


def _chunks(texts: Any) -> Any:
    return texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]


for _name in NAMES:
    setattr(ExactArray, _name, operated(_name, ExactArray))

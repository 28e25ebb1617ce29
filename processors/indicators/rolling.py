"""Windows over arrays, for the batch formulas."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]


def padded(values: Floats, length: int) -> Floats:
    """With NaN before, to this length."""
    return np.concatenate([np.full(length - len(values), np.nan), values])


def windows(values: Floats, period: int) -> Floats:
    """One row a window; none if there are fewer values."""
    return sliding_window_view(values, period) if len(values) >= period else np.empty((0, period))


def spread(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Mean and population deviation over the windows."""
    rows = windows(values, period)
    is_flat = rows.min(axis=1) == rows.max(axis=1)
    return rows.mean(axis=1), np.where(is_flat, 0.0, rows.std(axis=1))


def quotient(part: Floats, whole: Floats, otherwise: Floats | float = 0.0) -> Floats:
    """`otherwise` where the whole is 0."""
    quotient: Floats = np.divide(part, whole, out=np.broadcast_to(otherwise, part.shape).copy(), where=whole != 0.0)
    return quotient

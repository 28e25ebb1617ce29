"""Two sorted rows of things side by side."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Left = TypeVar("Left")
Right = TypeVar("Right")


def paired(
    left: Iterable[Left], right: Iterable[Right], left_key: Callable[[Left], int], right_key: Callable[[Right], int]
) -> Iterator[tuple[int, Left | None, Right | None]]:
    """(key, left, right) by key, None where a side has nothing; both sides sorted by key, each key once a side."""
    lefts, rights = iter(left), iter(right)
    a, b = next(lefts, None), next(rights, None)
    while a is not None or b is not None:
        keys = [key for key in (left_key(a) if a is not None else None, right_key(b) if b is not None else None) if key is not None]
        first = min(keys)
        a_now = a if a is not None and left_key(a) == first else None
        b_now = b if b is not None and right_key(b) == first else None
        yield first, a_now, b_now
        a = next(lefts, None) if a_now is not None else a
        b = next(rights, None) if b_now is not None else b

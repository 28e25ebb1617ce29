"""One side of a book against the simplest thing that could be right: a dictionary of exact numbers, sorted when asked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.books.side import BadLevel, BookSide, scaled

PRICES = st.integers(1, 10**9).map(lambda number: format(Decimal(number).scaleb(-4), "f"))
CHANGES = st.lists(
    st.tuples(PRICES | st.sampled_from(["1.0", "1.00", "1", "2.5"]), st.sampled_from(["0", "0.00", "1", "7.5", "0.0001"])), max_size=400
)


def plainly(changes: list[tuple[str, str]]) -> dict[Decimal, Decimal]:
    levels: dict[Decimal, Decimal] = {}
    for price, size in changes:
        levels[Decimal(price)] = Decimal(size)
        if not Decimal(size):
            del levels[Decimal(price)]
    return levels


@given(CHANGES, st.integers(1, 60), st.sampled_from([1, -1]))
def test_the_best_levels_are_those_of_a_sorted_dictionary(changes: list[tuple[str, str]], depth: int, sign: int) -> None:
    side = BookSide(sign)
    for start in range(0, len(changes), 7):
        side.change(changes[start : start + 7])
    wanted = sorted(plainly(changes).items(), reverse=sign > 0)[:depth]
    assert [(Decimal(price), Decimal(size)) for price, size in side.best(depth)] == wanted
    assert len(side) == len(plainly(changes))


@given(CHANGES, st.integers(1, 20))
def test_what_falls_out_of_the_venues_depth_is_forgotten(changes: list[tuple[str, str]], depth: int) -> None:
    side, levels = BookSide(-1, depth), dict[Decimal, Decimal]()
    for start in range(0, len(changes), 5):
        some = changes[start : start + 5]
        side.change(some)
        for price, size in some:
            levels.pop(Decimal(price), None)
            if Decimal(size):
                levels[Decimal(price)] = Decimal(size)
        levels = dict(sorted(levels.items())[:depth])
    assert [(Decimal(price), Decimal(size)) for price, size in side.best(depth)] == list(levels.items())


def test_a_thousand_levels_that_melt_away_stay_in_order() -> None:
    side = BookSide(1)
    side.change([(str(price), "1") for price in range(1, 1_001)])
    for price in range(1_000, 10, -1):
        assert side.best(3)[0] == (str(price), "1")
        side.change([(str(price), "0")])
    assert [price for price, _ in side.best(20)] == [str(price) for price in range(10, 0, -1)]


@given(st.decimals(0, 10**9, allow_nan=False, places=18).filter(bool), st.decimals(0, 10**9, allow_nan=False, places=3).filter(bool))
def test_scaled_prices_compare_as_the_prices_do(one: Decimal, other: Decimal) -> None:
    first, second = scaled(format(one, "f")), scaled(format(other, "f"))
    assert (first < second, first == second) == (one < other, one == other)


@pytest.mark.parametrize("price", ["", ".", "0", "-1", "1e5", "abc", "1_000", " 1", "1.", "nan", "0.0000000000000"])
def test_no_price(price: str) -> None:
    with pytest.raises(BadLevel):
        BookSide(1).change([(price, "1")])


@pytest.mark.parametrize("size", ["", "-1", "abc", "nan", "inf", "-0.1"])
def test_no_size(size: str) -> None:
    with pytest.raises(BadLevel):
        BookSide(1).change([("1", size)])

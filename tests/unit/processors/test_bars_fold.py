from decimal import Decimal
from functools import reduce
from itertools import permutations

import msgspec

from processors.bars.fold import Fold
from schemas.ticks import Trade
from tests.unit.processors.inputs import T0_NS, trade

# number, second, price, size: the second and third trade share their event time
TRADES = [
    trade(1, 1, "100.0", "0.5"),
    trade(2, 2, "103.5", "0.25", quality=0.9, reasons=("out_of_order",)),
    trade(3, 2, "99.25", "2"),
    trade(4, 3, "101", "0.125", quality=0.65, reasons=("sequence_gap", "gap_filled")),
]


def fold_of(one: Trade) -> Fold:
    return Fold.of(one, Decimal(one.price), Decimal(one.size))


def added(trades: tuple[Trade, ...]) -> Fold:
    fold = fold_of(trades[0])
    for one in trades[1:]:
        fold.add(one, Decimal(one.price), Decimal(one.size))
    return fold


def merged(left: Fold, right: Fold) -> Fold:
    left.merge(right)
    return left


def test_by_hand() -> None:
    fold = added(tuple(TRADES))
    assert (fold.open, fold.high, fold.low, fold.close) == ("100.0", Decimal("103.5"), Decimal("99.25"), "101")
    assert (fold.volume, fold.count) == (Decimal("2.875"), 4)
    assert fold.quote_volume == Decimal("287.0000")  # 50 + 25.875 + 198.5 + 12.625
    assert (fold.first_ns, fold.last_ns) == (T0_NS + 10**9, T0_NS + 3 * 10**9)
    assert fold.reasons == ("gap_filled", "out_of_order", "sequence_gap")
    assert fold.score() == 3.55 / 4


def test_every_order_of_adding_and_merging_gives_the_same() -> None:
    expected = added(tuple(TRADES))
    for order in permutations(TRADES):
        assert added(order) == expected
        assert reduce(merged, map(fold_of, order)) == expected
        assert merged(added(order[:2]), added(order[2:])) == expected


def test_trades_of_one_time_are_ordered_by_their_number() -> None:
    fold = added((TRADES[2], TRADES[1]))
    assert (fold.open, fold.close) == ("103.5", "99.25")


def test_merging_leaves_the_other_alone() -> None:
    other = fold_of(TRADES[3])
    merged(fold_of(TRADES[0]), other)
    assert other == fold_of(TRADES[3])


def test_stored_and_read_again_it_is_the_same() -> None:
    fold = added(tuple(TRADES))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(fold), type=Fold) == fold

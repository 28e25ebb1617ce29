from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.validate.limits import DEFAULTS
from processors.validate.reading import Reading, read
from processors.validate.rules import fault_of
from schemas.ticks import Tick, Trade
from tests.unit.processors.inputs import quote, trade

AHEAD_NS = DEFAULTS.ahead_ns
DIGITS = st.text("0123456789", max_size=26)
NUMBERS = st.builds("{}.{}".format, DIGITS, DIGITS) | DIGITS
ODD = ["", "1,2", "1],[2", "[1]", " 1", "1e5", "-1", "0", "-0.0", "null", '"1"', "01", "1.", ".5", "٣", "1\n", "9" * 24, "9" * 25, "1.5,"]
TEXTS = st.sampled_from(["61652.00", "1", "0.00000001", "999999999999999999999999"]) | NUMBERS | st.sampled_from(ODD)
TRADES = st.builds(trade, price=TEXTS, size=TEXTS, trade_id=st.sampled_from([1, -1, 2**63, "a", "", "a b"]))
QUOTES = st.builds(
    quote, number=st.sampled_from([1, 2]), bid=TEXTS, ask=TEXTS, bid_size=TEXTS, ask_size=TEXTS, update_id=st.sampled_from([1, -1, 2**63])
)


def expected(ticks: Sequence[Tick]) -> Reading:
    """Each tick by itself."""
    good = [tick for tick in ticks if fault_of(tick, AHEAD_NS) is None]
    trades = [(float(tick.price), float(tick.size)) for tick in good if isinstance(tick, Trade)]
    quotes = [tuple(map(float, (tick.bid, tick.ask, tick.bid_size, tick.ask_size))) for tick in good if not isinstance(tick, Trade)]
    faults = {index: fault for index, tick in enumerate(ticks) if (fault := fault_of(tick, AHEAD_NS))}
    return Reading(faults, iter(trades), iter(quotes))


def listed(reading: Reading) -> tuple[object, ...]:
    return reading.faults, list(reading.trades), list(reading.quotes)


GOOD: list[Tick] = [trade(9), quote(9), trade(10), quote(10)]  # enough that all are read at once


@given(st.lists(TRADES | QUOTES, max_size=4), st.sampled_from([[], GOOD]))
def test_ticks_read_together_are_the_same_as_one_by_one(ticks: list[Tick], more: list[Tick]) -> None:
    ticks = ticks + more
    assert listed(read(ticks, AHEAD_NS)) == listed(expected(ticks))


@pytest.mark.parametrize("text", ODD)
def test_an_odd_number_is_judged_the_same_in_every_field(text: str) -> None:
    fields = [trade(price=text), trade(size=text), quote(bid=text), quote(ask=text), quote(bid_size=text), quote(ask_size=text)]
    for ticks in ([tick, *more] for tick in fields for more in ([], GOOD)):
        assert listed(read(ticks, AHEAD_NS)) == listed(expected(ticks))


@given(
    st.lists(
        st.floats(1e-12, 1e12).map("{:.11f}".format) | st.from_regex(r"[1-9][0-9]{0,15}\.[0-9]{1,7}", fullmatch=True),
        min_size=4,
        max_size=40,
    )
)
def test_short_numbers_are_those_of_float_to_the_last_bit(texts: list[str]) -> None:
    ticks = [trade(price=text, size="1") for text in texts]
    assert [price for price, _ in read(ticks, AHEAD_NS).trades] == [float(text) for text in texts if float(text)]


@pytest.mark.parametrize(
    "ticks", [[trade(price="1,2", size="3")], [trade(price="1", size=""), trade(price="", size="1")], [quote(bid="1,2,3", ask="4")]]
)
def test_a_comma_in_a_number_moves_no_other(ticks: list[Tick]) -> None:
    assert sorted(read([*ticks, *GOOD], AHEAD_NS).faults) == list(range(len(ticks)))


def test_nothing_is_read_of_nothing() -> None:
    assert listed(read([], AHEAD_NS)) == ({}, [], [])

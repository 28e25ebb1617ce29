import pytest

from processors.validate.quality import oddities, quote_oddities, score_of
from schemas.timeframes import SECOND_NS
from tests.unit.processors.inputs import T0_NS, quote, trade


@pytest.mark.parametrize(
    ("reasons", "score"),
    [
        ((), 1.0),
        (("out_of_order",), 0.9),
        (("sequence_gap",), 0.7),
        (("out_of_order", "gap_filled"), 0.85),
        (("out_of_order", "sequence_gap", "late"), 0.5),
        (("crossed_quote", "crossed_quote", "crossed_quote"), 0.0),
    ],
)
def test_score_is_one_less_the_weights_and_never_negative(reasons: tuple[str, ...], score: float) -> None:
    assert score_of(reasons) == score


def test_oddities_of_a_trade() -> None:
    assert oddities(trade(), T0_NS, False) == ()
    assert oddities(trade(), T0_NS + 1, False) == ("out_of_order",)
    assert oddities(trade(), 0, True) == ("sequence_gap",)
    assert oddities(trade(filled=True), T0_NS + 1, False) == ("out_of_order", "gap_filled")


@pytest.mark.parametrize(("delay_ns", "late"), [(60 * SECOND_NS, False), (60 * SECOND_NS + 1, True)])
def test_late_is_more_than_a_minute_and_not_filled(delay_ns: int, late: bool) -> None:
    assert oddities(trade(ts_ingest_ns=T0_NS + delay_ns), 0, False) == (("late",) if late else ())
    assert oddities(trade(ts_ingest_ns=T0_NS + delay_ns, filled=True), 0, False) == ("gap_filled",)


@pytest.mark.parametrize(
    ("bid", "ask", "crossed"),
    [
        ("99", "100", False),
        ("100", "100.0", True),
        ("101", "100", True),
        ("0.10000000000000000001", "0.10000000000000000002", False),  # one float, two decimals
        ("0.10000000000000000002", "0.10000000000000000001", True),
    ],
)
def test_a_quote_is_crossed_when_the_bid_is_not_below_the_ask(bid: str, ask: str, crossed: bool) -> None:
    assert quote_oddities(quote(bid=bid, ask=ask)) == (("crossed_quote",) if crossed else ())


@pytest.mark.parametrize(("bid_size", "ask_size", "crossed"), [("0", "0.00", False), ("0", "1", True), ("1", "0", True)])
def test_a_value_without_sizes_is_not_crossed(bid_size: str, ask_size: str, crossed: bool) -> None:
    one = quote(bid="5", ask="5.0", bid_size=bid_size, ask_size=ask_size)
    assert quote_oddities(one) == (("crossed_quote",) if crossed else ())
    assert quote_oddities(quote(bid="5.1", ask="5", bid_size="0", ask_size="0")) == ("crossed_quote",)

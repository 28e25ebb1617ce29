"""Quotes that are odd by what was usual before them: prices, spreads, sizes."""

import random
from dataclasses import replace
from statistics import median
from typing import Any

import pytest

from processors.validate.core import ValidateCore
from processors.validate.limits import DEFAULTS, Limits
from processors.validate.usual_quotes import EVERY, UsualQuotes
from runtime.settings import QualitySettings
from schemas.ticks import Tick
from tests.unit.processors.inputs import kept_ticks, needs_recordings, quote, recorded_ticks, run, ticks_record, trade

NARROW = Limits.of(QualitySettings(anomaly_window=16))
BLOCK = 16 * EVERY


def calm(number: int) -> Tick:
    """About 100, with a spread of 0.02 to 0.04."""
    half = 0.01 + number % 3 * 0.005
    return quote(number, f"{100 - half:.3f}", f"{100 + half:.3f}", bid_size=f"{1 + number % 4}", ask_size="2")


CALM = [calm(number) for number in range(1, BLOCK + 1)]


def marks(ticks: list[Tick], core: ValidateCore | None = None) -> list[tuple[str, ...]]:
    return [tick.reasons for tick in kept_ticks(run(core or ValidateCore(NARROW), [ticks_record(ticks)]))]


def after_calm(*quotes: tuple[str, str], **more: Any) -> list[tuple[str, ...]]:
    following = [quote(BLOCK + n, bid, ask, **more) for n, (bid, ask) in enumerate(quotes, 1)]
    return marks([*CALM, *following])[BLOCK:]


def around(price: float) -> tuple[str, str]:
    return f"{price - 0.01:.3f}", f"{price + 0.01:.3f}"


PRICE, SPREAD, SIZE = ("quote_price_anomaly",), ("spread_anomaly",), ("quote_size_anomaly",)


def test_calm_quotes_are_not_odd() -> None:
    assert set(marks([*CALM, *(calm(number) for number in range(BLOCK + 1, 5 * BLOCK))])) == {()}


def test_one_wild_quote_is_odd_and_the_next_is_not() -> None:
    assert after_calm(around(100), around(103), around(100), around(97), around(100)) == [(), PRICE, (), PRICE, ()]


def test_a_market_that_moved_for_good_is_odd_for_three_quotes() -> None:
    assert after_calm(*[around(103)] * 5, around(106), around(103)) == [PRICE] * 3 + [()] * 2 + [PRICE, ()]


def test_a_price_within_the_least_width_is_no_anomaly() -> None:
    """The MAD is nothing; the least width is 0.5 % of the price."""
    assert after_calm(around(100.49), around(99.51), around(100.51)) == [(), (), PRICE]


def test_a_spread_far_above_the_usual_is_odd_though_its_middle_is_not() -> None:
    """A hundred times the median of 0.03 is 3; eight deviations of its logarithm would be less."""
    assert after_calm(("95", "105"), ("98.4", "101.6"), ("98.6", "101.4"), ("99.98", "100.02")) == [SPREAD, SPREAD, (), ()]


def test_a_spread_within_a_share_of_the_price_is_never_odd() -> None:
    tight = [quote(number, "99.99999", "100.00001") for number in range(1, BLOCK + 1)]
    following = [quote(BLOCK + 1, "99.76", "100.24"), quote(BLOCK + 2, "99.74", "100.26")]
    assert marks([*tight, *following])[BLOCK:] == [(), SPREAD]


def test_a_quote_may_be_odd_in_more_than_one_way() -> None:
    (*_, last) = kept_ticks(run(ValidateCore(NARROW), [ticks_record([*CALM, quote(BLOCK + 1, "120", "140")])]))
    assert (last.reasons, last.quality) == (("quote_price_anomaly", "spread_anomaly"), 0.5)


def test_a_crossed_quote_is_judged_by_its_middle_and_does_not_count() -> None:
    assert after_calm(("100.01", "99.99"), ("103.01", "102.99")) == [("crossed_quote",), ("crossed_quote", *PRICE)]
    usual = UsualQuotes()
    for bid, ask, size in ((2.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 2.0, 0.0)):
        usual.count(bid, ask, size, DEFAULTS)
    assert usual.sums == []


def test_sizes_are_judged_of_the_quotes_that_count() -> None:
    large = after_calm(*[around(100)] * EVERY, bid_size="1000000")
    assert large == [()] * (EVERY - 1) + [SIZE]
    assert set(after_calm(*[around(100)] * EVERY, bid_size="2400", ask_size="0.00000001")) == {()}


def test_nothing_is_judged_before_the_first_block_is_full() -> None:
    assert marks([*CALM[: BLOCK - 1], quote(BLOCK, "400", "600", bid_size="1000000")])[-1] == ()


def test_trades_between_the_quotes_move_what_counts_and_nothing_else() -> None:
    """Trades and quotes by turns, so that only quotes with an even seq could count: 31 is odd."""
    ticks: list[Tick] = []
    for number in range(1, 2 * BLOCK):
        ticks += [trade(number, number), calm(number)]
    assert marks([*ticks, quote(10 * BLOCK, *around(103))])[-1] == PRICE


def test_the_range_is_that_of_median_and_mad() -> None:
    chosen = random.Random(4)
    usual = UsualQuotes()
    pairs = [(price - 0.5, price + chosen.uniform(0.1, 2)) for price in (100 + chosen.gauss(0, 1) for _ in range(64))]
    for bid, ask in pairs:
        usual.count(bid, ask, 1.0, replace(DEFAULTS, price_width=5))
    middles = [(bid + ask) / 2 for bid, ask in pairs]
    mad = median(abs(middle - median(middles)) for middle in middles)
    assert usual.low / 2 == pytest.approx(median(middles) - 5 * 1.4826 * mad)
    assert usual.high / 2 == pytest.approx(median(middles) + 5 * 1.4826 * mad)
    assert (usual.large, usual.wide) == (pytest.approx(10_000), pytest.approx(100 * median(ask - bid for bid, ask in pairs), rel=1e-3))
    assert usual.low / 2 <= usual.least < usual.most <= usual.high / 2


def test_marks_are_the_same_however_often_the_stage_restarts() -> None:
    chosen = random.Random(7)
    ticks = [
        quote(n, f"{price - chosen.choice([0.01, 0.02, 9]):.2f}", f"{price + 0.01:.2f}", bid_size=chosen.choice(["1", "2", "900000"]))
        for n, price in enumerate((100 + chosen.choice([0, 0, 0, 0.2, 5]) for _ in range(1_200)), 1)
    ]
    expected = marks(ticks)
    assert {*PRICE, *SPREAD, *SIZE} <= {reason for reasons in expected for reason in reasons}
    core, found = ValidateCore(NARROW), list[tuple[str, ...]]()
    for tick in ticks:
        found += marks([tick], core)
        state = core.snapshot()
        core = ValidateCore(NARROW)
        core.restore(state)
    assert found == expected


@needs_recordings
def test_of_recorded_quotes_none_is_odd() -> None:
    ticks = list(recorded_ticks("binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz"))
    reasons = {reason for tick in kept_ticks(run(ValidateCore(), [ticks_record(ticks)])) for reason in tick.reasons}
    assert not reasons & {*PRICE, *SPREAD, *SIZE}

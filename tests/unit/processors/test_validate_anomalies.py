"""Prices, sizes and sources that are odd: by median and MAD of what came before, and against each other."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median

import pytest

from processors.validate.core import ValidateCore
from processors.validate.limits import DEFAULTS, Limits
from processors.validate.usual import Usual
from runtime.settings import QualitySettings
from schemas.ticks import Tick, Trade
from tests.unit.processors.inputs import kept_ticks, needs_recordings, quote, recorded_ticks, run, ticks_record, trade

NS = 1_000_000_000
NARROW = Limits.of(QualitySettings(anomaly_window=16))
CALM = [trade(number, number, f"{100 + number % 3 * 0.01:.2f}", f"{1 + number % 4}") for number in range(16)]


def marks(ticks: list[Tick], limits: Limits = NARROW, core: ValidateCore | None = None) -> list[tuple[str, ...]]:
    return [tick.reasons for tick in kept_ticks(run(core or ValidateCore(limits), [ticks_record(ticks)]))]


def after_calm(*prices: str, size: str = "1", **more: object) -> list[tuple[str, ...]]:
    return marks([*CALM, *(trade(16 + n, 16 + n, price, size, **more) for n, price in enumerate(prices))])[16:]


def test_one_wild_price_is_odd_and_the_next_is_not() -> None:
    assert after_calm("100.01", "103", "100.00", "97", "100.02") == [(), ("price_anomaly",), (), ("price_anomaly",), ()]


def test_a_market_that_moved_for_good_is_odd_for_three_trades() -> None:
    assert after_calm("103", "103", "103", "103", "103.1") == [("price_anomaly",)] * 3 + [()] * 2


def test_a_price_within_the_least_width_is_no_anomaly() -> None:
    """The MAD is 0.01; ten deviations would be 0.15 of a price of 100, the least width is 0.5."""
    assert after_calm("100.50", "99.52") == [(), ()]
    assert after_calm("100.52", "99.50") == [("price_anomaly",)] * 2


def test_a_restless_market_allows_more() -> None:
    restless = [trade(number, number, str(100 + number % 5)) for number in range(16)]
    assert marks([*restless, trade(16, 16, "111"), trade(17, 17, "130")])[16:] == [(), ("price_anomaly",)]


def test_sizes_are_judged_by_their_magnitude_and_only_upwards() -> None:
    assert after_calm("100", size="0.00000001") == [()]
    assert after_calm("100", size="2400") == [()]
    assert after_calm("100", size="1000000") == [("volume_anomaly",)]


def test_nothing_is_judged_before_the_first_block_is_full() -> None:
    assert marks([trade(0, 0), trade(1, 1, "500", "1000000"), trade(2, 2, "1")]) == [(), (), ()]
    assert marks([*CALM[:15], trade(16, 16, "500")], DEFAULTS)[-1] == ("sequence_gap",)


def test_trades_fetched_later_are_neither_judged_nor_counted() -> None:
    fetched = [trade(100 + n, 16 + n, "500", "1000000", filled=True) for n in range(40)]
    found = marks([*CALM, *fetched, trade(16, 99, "100")])
    assert {reason for reasons in found[17:-1] for reason in reasons} == {"gap_filled"}
    assert found[-1] == ()


def test_an_odd_trade_loses_the_weight_of_its_reasons() -> None:
    (*_, tick) = kept_ticks(run(ValidateCore(NARROW), [ticks_record([*CALM, trade(16, 16, "500", "1000000")])]))
    assert (tick.reasons, tick.quality) == (("price_anomaly", "volume_anomaly"), 0.65)


def test_the_range_is_that_of_median_and_mad() -> None:
    chosen = random.Random(4)
    prices = [100 + chosen.gauss(0, 1) for _ in range(63)]
    usual = Usual(prices=list(prices), sizes=[1.0] * 63)
    usual.close(replace(DEFAULTS, price_width=5), 0)
    mad = median(abs(price - median(prices)) for price in prices)
    assert usual.low == pytest.approx(median(prices) - 5 * 1.4826 * mad)
    assert usual.high == pytest.approx(median(prices) + 5 * 1.4826 * mad)
    assert usual.large == pytest.approx(10_000)


def test_a_few_wild_trades_in_a_block_do_not_widen_the_range() -> None:
    wild = [*CALM[:13], *(trade(n, n, "5000", "1000000") for n in range(13, 16))]
    assert marks([*wild, trade(16, 16, "103", "1000000")])[-1] == ("price_anomaly", "volume_anomaly")


@pytest.mark.parametrize(("price", "odd"), [("100.9", False), ("101.1", True), ("98.9", True)])
def test_sources_of_a_symbol_are_compared(price: str, odd: bool) -> None:
    core = ValidateCore()
    run(
        core,
        [ticks_record([trade(1, 0, "100")], source="coinbase"), ticks_record([trade(1, 0, "100", symbol="ETH-USDT")], source="kraken")],
    )
    (tick,) = kept_ticks(run(core, [ticks_record([trade(7, 5, price)])]))
    assert tick.reasons == (("cross_source_deviation",) if odd else ())
    assert tick.quality == (0.8 if odd else 1.0)


def test_sources_are_not_compared_over_time_nor_with_themselves() -> None:
    core = ValidateCore()
    run(core, [ticks_record([trade(1, 0, "100")], source="coinbase")])
    assert marks([trade(1, 10.1, "200"), trade(2, 10.2, "100"), quote(1)], core=core) == [(), (), ()]


def test_of_three_sources_the_odd_one_stands_out_also_after_a_restart() -> None:
    first, core = ValidateCore(), ValidateCore()
    for source, price in (("binance", "100"), ("kraken", "100.2"), ("coinbase", "150")):
        run(first, [ticks_record([trade(1, 0, price)], source=source)])
    core.restore(first.snapshot())
    for source, price, reasons in (("binance", "100.1", ()), ("coinbase", "150", ("cross_source_deviation",))):
        (tick,) = kept_ticks(run(core, [ticks_record([trade(2, 1, price)], source=source)]))
        assert tick.reasons == reasons


@pytest.mark.parametrize(
    ("symbol", "event", "ingest", "reasons"),
    [
        ("BTC-USDT", "2024-07-05T00:00:00", "2024-07-05T00:15:00", ("late",)),
        ("BTC-USDT", "2024-07-05T00:00:00", "2024-07-05T00:15:01", ("late", "stale_quote")),
        ("AAPL", "2024-07-03T16:59:59", "2024-07-05T13:30:00", ("late",)),  # early close at 17:00 UTC, then a holiday
        ("AAPL", "2024-07-03T16:59:00", "2024-07-05T13:45:00", ("late", "stale_quote")),
        ("EUR-USD", "2024-07-05T20:59:00", "2024-07-07T21:10:00", ("late",)),  # the weekend
        ("EUR-USD", "2024-07-04T20:59:00", "2024-07-05T03:00:00", ("late", "stale_quote")),
    ],
)
def test_a_quote_is_stale_after_a_quarter_of_an_hour_of_open_market(symbol: str, event: str, ingest: str, reasons: tuple[str, ...]) -> None:
    assert marks([quote(1, symbol=symbol, ts_event_ns=at(event), ts_ingest_ns=at(ingest))]) == [reasons]


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * NS


def test_the_tail_of_marks_is_cut_the_same_way_by_restarts() -> None:
    chosen = random.Random(7)
    ticks = [trade(n, n / 10, f"{100 + chosen.gauss(0, 1) ** 3:.2f}", chosen.choice(["1", "2", "3", "90000"])) for n in range(200)]
    expected = marks(ticks)
    assert {"price_anomaly", "volume_anomaly"} <= {reason for reasons in expected for reason in reasons}
    core, found = ValidateCore(NARROW), []
    for tick in ticks:
        found += marks([tick], core=core)
        state = core.snapshot()
        core = ValidateCore(NARROW)
        core.restore(state)
    assert found == expected


@needs_recordings
def test_a_real_market_has_none() -> None:
    ticks = recorded_ticks("binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz")
    trades = [tick for tick in ticks if isinstance(tick, Trade)]
    sizes = sorted(float(tick.size) for tick in trades)
    assert sizes[-1] > 10_000 * sizes[len(sizes) // 2]  # the market's own extremes
    assert set(marks(list(trades), DEFAULTS)) == {()}

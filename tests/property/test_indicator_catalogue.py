"""The whole catalogue: the stream goes on exactly after a restart anywhere, a correction leaves what a corrected history would have made, nothing else."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.indicators.catalogue import CATALOGUE, Chosen, choose
from processors.indicators.core import IndicatorsCore
from processors.indicators.spec import Ohlcv
from processors.indicators.streaming import States, peek
from runtime.settings import IndicatorSettings, ProcessSettings
from schemas.bars import Bar
from schemas.indicators import IndicatorRecord
from schemas.timeframes import MINUTE_NS
from tests.unit.processors.inputs import T0_NS
from tests.unit.processors.test_indicators_core import bar, feed

EVERYTHING = ProcessSettings(indicators=IndicatorSettings(also=("all",)))
SHORT = tuple(name if len(spec.parameters) != 1 or "period" not in spec.parameters else f"{name}_4" for name, spec in CATALOGUE.items())
EVERYTHING_SHORT = ProcessSettings(indicators=IndicatorSettings(also=SHORT))

# Few different prices, so that ties, bars without extent and stretches without a move are common.
PRICES = st.one_of(st.sampled_from([1.0, 99.99, 100.0, 100.01]), st.integers(1, 10_000_000).map(lambda cents: cents / 100))
VOLUMES = st.one_of(st.just(0.0), st.integers(1, 10**9).map(lambda units: units / 10_000))


@st.composite
def ohlcv(draw: st.DrawFn) -> tuple[float, float, float, float, float]:
    prices = sorted(draw(st.lists(PRICES, min_size=4, max_size=4)))
    inner = draw(st.permutations(prices[1:3]))
    return inner[0], prices[3], prices[0], inner[1], draw(VOLUMES)


HISTORY = st.one_of(st.lists(ohlcv(), min_size=2, max_size=8), st.lists(ohlcv(), min_size=60, max_size=90))


def whole_bar(number: int, values: tuple[float, ...], revision: int = 0) -> Bar:
    open_, high, low, close, volume = map(str, values)
    made = bar(number, close, revision)
    made.open, made.high, made.low, made.volume = open_, high, low, volume
    return made


def chosen_settings(is_short: bool) -> ProcessSettings:
    return EVERYTHING_SHORT if is_short else EVERYTHING


@given(HISTORY, st.sets(st.integers(0, 90), max_size=3), st.booleans())
@settings(max_examples=25)
def test_a_restart_anywhere_changes_nothing_and_all_values_are_finite(
    history: list[tuple[float, ...]], restarts: set[int], is_short: bool
) -> None:
    configured = chosen_settings(is_short)
    core, other = IndicatorsCore(configured), IndicatorsCore(configured)
    for number, values in enumerate(history):
        if number in restarts:
            again = IndicatorsCore(configured)
            again.restore(core.snapshot())
            core = again
        records = feed(core, whole_bar(number, values))
        assert records == feed(other, whole_bar(number, values))
        assert all(math.isfinite(value) for one in records[0].indicators.values() for value in one.values.values())
    assert core.snapshot() == other.snapshot()


@given(HISTORY, st.booleans(), st.data())
@settings(max_examples=25)
def test_after_a_correction_the_records_are_those_of_the_corrected_history(
    history: list[tuple[float, ...]], is_short: bool, data: st.DataObject
) -> None:
    configured = chosen_settings(is_short)
    core, newest = IndicatorsCore(configured), dict[int, IndicatorRecord]()
    at = data.draw(st.integers(max(0, len(history) - 64), len(history) - 1))
    corrected = [*history[:at], data.draw(ohlcv()), *history[at + 1 :]]
    for one in [*(whole_bar(*item) for item in enumerate(history)), whole_bar(at, corrected[at], revision=1)]:
        newest.update({record.ts_open_ns: record for record in feed(core, one)})
    fresh = feed(IndicatorsCore(configured), *(whole_bar(*item) for item in enumerate(corrected)))
    assert [newest[record.ts_open_ns].indicators for record in fresh] == [record.indicators for record in fresh]
    assert [newest[record.ts_open_ns].revision for record in fresh] == [0] * at + [1] * (len(history) - at)
    following = whole_bar(len(history), history[0])
    assert feed(core, following)[0].indicators == feed(_fed(configured, corrected), following)[0].indicators


def _fed(configured: ProcessSettings, history: list[tuple[float, ...]]) -> IndicatorsCore:
    core = IndicatorsCore(configured)
    feed(core, *(whole_bar(*item) for item in enumerate(history)))
    return core


@given(HISTORY, ohlcv())
@settings(max_examples=25)
def test_a_look_at_the_forming_bar_is_what_its_close_would_give_and_changes_nothing(
    history: list[tuple[float, ...]], forming: tuple[float, ...]
) -> None:
    core = _fed(EVERYTHING_SHORT, history)
    before = core.snapshot()
    one = whole_bar(len(history), forming)
    seen = core.peek(one)
    assert core.snapshot() == before
    assert seen == {key: value.values for key, value in feed(core, one)[0].indicators.items()}
    assert core.peek(one) == {}  # closed by now


@given(st.sampled_from([choose(name) for name in CATALOGUE]), HISTORY)
@settings(max_examples=60)
def test_a_window_forgets(choice: Chosen, history: list[tuple[float, ...]]) -> None:
    """An indicator that is said to depend on a window has, after as many bars as its first value needs, no memory of what came before."""
    if choice.spec.memory != "window":
        return
    bars = [Ohlcv(*values, T0_NS + number * MINUTE_NS) for number, values in enumerate(history)]
    first, second = States.empty([choice]), States.empty([choice])
    for one in bars:
        first.update(one)
    tail = (bars * 60)[: choice.spec.first_bar(choice.parameters)]
    for one in tail:
        before = peek(first, one)
        assert first.update(one) == before
        second.update(one)
    assert first.update(bars[0]) == second.update(bars[0])

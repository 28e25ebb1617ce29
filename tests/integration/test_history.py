"""Point in time: what the tables said before a correction, told again by the functions, however records come, repeat and are cut into batches."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from schemas.bars import ProviderBar
from schemas.topics import Topic
from tests.sink_events import SOURCE, SYMBOL, T0_NS, bar, indicators, record, signal
from tests.sinks_world import checksums, execute, query, timescale_store
from tests.unit.processors.inputs import as_inputs, run

pytestmark = pytest.mark.stack
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = EPOCH + timedelta(microseconds=T0_NS // 1000)
CLOSED = START + timedelta(seconds=61)  # revision 0 of bar 0 is known at this very moment; revision n is n seconds younger
MAKE = {Topic.BARS: bar, Topic.INDICATORS: indicators, Topic.SIGNALS: signal}
TABLES = {"market_ohlcv": Topic.BARS, "technical_indicators": Topic.INDICATORS, "trading_signals": Topic.SIGNALS}
REVISION_NS = 1_000_000_000


def revised(topic: Topic, minute: int, revision: int) -> Any:
    """An event whose revisions become known a second apart."""
    event = MAKE[topic](minute, revision)
    event.known_at_ns = T0_NS + (minute + 1) * 60 * REVISION_NS + REVISION_NS + revision * REVISION_NS
    return event


def write(line: Any, topic: Topic, versions: list[tuple[int, int]], cuts: frozenset[int] = frozenset()) -> None:
    """(minute, revision) in the order of the log; a batch ends before each position in cuts."""
    store = timescale_store(line)
    start = store.begin([(topic, 0)])[(topic, 0)]
    for at, version in enumerate(versions):
        if at in cuts:
            store.flush()
        store.take(record(topic, start + at, revised(topic, *version)))
    store.flush()
    store.close()


def as_of(line: Any, known_at: datetime, function: str = "ohlcv_as_of", what: str = "revision", minutes: int = 60) -> list[Any]:
    end = START + timedelta(minutes=minutes)
    call = f"{function}('{SYMBOL}', '{SOURCE}', '1m', '{START.isoformat()}', '{end.isoformat()}', '{known_at.isoformat()}')"
    return [row[0] if len(row) == 1 else row for row in query(line, f"SELECT {what} FROM {call}")]


def test_before_and_after_a_correction(line: Any) -> None:
    write(line, Topic.BARS, [(0, 0)])
    write(line, Topic.BARS, [(0, 1)])
    moments = [CLOSED - timedelta(microseconds=1), CLOSED, CLOSED + timedelta(microseconds=999_999), CLOSED + timedelta(seconds=1)]
    assert [as_of(line, moment, what="close_price::text, kind, revision") for moment in moments] == [
        [],
        [("61710.63", "final", 0)],
        [("61710.63", "final", 0)],
        [("61711.63", "corrected", 1)],
    ]
    assert query(line, "SELECT close_price::text, revision FROM market_ohlcv") == [("61711.63", 1)]
    assert query(line, f"SELECT revision FROM ohlcv_as_of('{SYMBOL}', '{SOURCE}', '1m', '-infinity', 'infinity', 'infinity')") == [(1,)]


def test_before_and_after_a_provider_restates_its_bar(line: Any) -> None:
    """What the stage publishes of two answers, and of a repeat of both."""
    answers = [_answer(0), _answer(1), _answer(0), _answer(1)]
    published = run(BarsCore(ProcessSettings(provider_bars=(SOURCE,))), [record(Topic.BARS_RAW, at, one) for at, one in enumerate(answers)])
    store = timescale_store(line)
    start = store.begin([(Topic.BARS, 0)])[(Topic.BARS, 0)]
    for at, one in enumerate(as_inputs(published, Topic.BARS)):
        one.offset = start + at
        store.take(one)
    store.flush()
    store.close()
    moments = [CLOSED, CLOSED + timedelta(seconds=1)]
    assert [as_of(line, moment, what="close_price::text, kind, revision") for moment in moments] == [
        [("61710.63", "provider", 0)],
        [("61711.63", "provider", 1)],
    ]


def _answer(number: int) -> ProviderBar:
    fields = structs.asdict(revised(Topic.BARS, 0, number)) | {"kind": "provider", "revision": 0, "again": number > 0}
    return ProviderBar(**fields)


def test_the_columns_are_those_of_the_table_and_the_range_is_half_open(line: Any) -> None:
    write(line, Topic.BARS, [(0, 0), (1, 0), (2, 0), (2, 1)])
    known = as_of(line, CLOSED + timedelta(minutes=2), what="*")
    execute(line, "DELETE FROM market_ohlcv WHERE revision = 1")
    execute(line, "INSERT INTO market_ohlcv SELECT * FROM market_ohlcv_history")
    assert known == query(line, 'SELECT * FROM market_ohlcv ORDER BY "timestamp"')
    assert len(as_of(line, CLOSED + timedelta(minutes=9), minutes=2)) == 2


@pytest.mark.parametrize(("function", "topic"), [("signals_as_of", Topic.SIGNALS), ("indicators_as_of", Topic.INDICATORS)])
def test_signals_and_indicators(line: Any, function: str, topic: Topic) -> None:
    write(line, topic, [(0, 0), (1, 0), (0, 1), (1, 1), (1, 2)])
    rows = 1 if topic is Topic.SIGNALS else 5  # an indicator record has five outputs here
    late = CLOSED + timedelta(minutes=1)
    for moment, expected in [(CLOSED, [0]), (late - timedelta(seconds=1), [1]), (late, [1, 0]), (late + timedelta(seconds=2), [1, 2])]:
        assert as_of(line, moment, function) == [revision for revision in expected for _ in range(rows)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations([(0, 0), (0, 0), (0, 1), (0, 2), (0, 2), (1, 0), (1, 1)]), cuts=st.frozensets(st.integers(1, 6)))
def test_any_order_and_any_cut_into_batches_gives_the_same_history(line: Any, order: list[tuple[int, int]], cuts: frozenset[int]) -> None:
    execute(line, "TRUNCATE market_ohlcv, market_ohlcv_history, kafka_offsets")
    write(line, Topic.BARS, order, cuts)
    every = "SELECT revision FROM {} ORDER BY ts_open_ns, revision"
    assert query(line, every.format("market_ohlcv")) == [(2,), (1,)]
    assert query(line, every.format("market_ohlcv_history")) == [(0,), (1,), (0,)]
    assert [as_of(line, CLOSED + timedelta(seconds=second)) for second in (0, 1, 2, 60, 61)] == [[0], [1], [2], [2, 0], [2, 1]]


@pytest.mark.parametrize("table", list(TABLES))
def test_a_replay_leaves_history_unchanged(line: Any, table: str) -> None:
    versions = [(minute, revision) for minute in range(6) for revision in range(1 + minute % 3)]
    write(line, TABLES[table], versions)
    before = checksums(line)
    assert before[f"{table}_history"][0] > 0
    for _ in range(2):
        write(line, TABLES[table], versions, frozenset({3, 7}))
        execute(line, "TRUNCATE kafka_offsets")
    assert checksums(line) == before


def test_what_is_known_never_changes_later(line: Any) -> None:
    """The answer for a moment is the same whether it is asked then or after everything."""
    versions = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2), (3, 0), (0, 3)]
    moments, at_the_time = [], []
    for version in sorted(versions, key=lambda one: revised(Topic.BARS, *one).known_at_ns):
        write(line, Topic.BARS, [version])
        moments.append(EPOCH + timedelta(microseconds=revised(Topic.BARS, *version).known_at_ns // 1000))
        at_the_time.append(query(line, 'SELECT revision FROM market_ohlcv ORDER BY "timestamp"'))
    assert all(earlier <= later for earlier, later in pairwise(moments))
    assert [[(revision,) for revision in as_of(line, moment)] for moment in moments] == at_the_time

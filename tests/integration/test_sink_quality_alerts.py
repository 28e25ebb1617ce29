"""market_quality and market_alerts: every column, each event once."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas.alerts import Alert
from schemas.codec import decode_alert, decode_quality, encode
from schemas.quality import QualityRecord
from schemas.topics import Topic
from tests.sink_events import record
from tests.sinks_world import checksums, execute, query, timescale_store

pytestmark = pytest.mark.stack
EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"


def examples(kind: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((EXAMPLES / kind / "valid").glob("*.json"))]


def store_all(line: Any, topic: Topic, *events: Any) -> None:
    store = timescale_store(line)
    first = store.begin([(topic, 0)])[(topic, 0)]
    for offset, event in enumerate(events):
        store.take(record(topic, first + offset, event))
    store.flush()
    store.close()


def quality() -> QualityRecord:
    return decode_quality(examples("quality")[0])


def alert(**changes: Any) -> Alert:
    return msgspec.structs.replace(decode_alert(examples("alert")[0]), **changes)


def test_every_column_of_a_window(line: Any) -> None:
    of = quality()
    store_all(line, Topic.QUALITY, of)
    renamed = {"quality_score": of.score, "is_primary": of.primary}
    [stored] = query(line, "SELECT row_to_json(market_quality) FROM market_quality")
    expected = {name: getattr(of, name) for name in of.__struct_fields__ if name not in ("v", "score", "primary")} | renamed
    assert {name: value for name, value in stored[0].items() if name != "timestamp"} == expected
    assert query(line, 'SELECT (extract(epoch FROM "timestamp") * 1000000000)::bigint FROM market_quality') == [(of.ts_from_ns,)]


def test_every_column_of_an_alert(line: Any) -> None:
    exact = "60899.500000000000000000000000001"
    of = alert(measured=exact, message="tab\there, \\N and a\nline")
    store_all(line, Topic.ALERTS, of, alert(alert_id="nothing-measured", measured=""))
    [(stored,)] = query(line, f"SELECT row_to_json(a) FROM market_alerts AS a WHERE alert_id = '{of.alert_id}'")
    texts = {name: getattr(of, name) for name in of.__struct_fields__ if name not in ("v", "measured", "threshold")}
    assert {name: value for name, value in stored.items() if name not in ("timestamp", "measured", "threshold")} == texts
    numbers = query(line, "SELECT measured::text, threshold::text FROM market_alerts ORDER BY measured NULLS LAST")
    assert numbers == [(exact, of.threshold), (None, of.threshold)]


def test_events_again_under_new_offsets_change_nothing(line: Any) -> None:
    alerts, windows = examples("alert"), examples("quality")
    store_all(line, Topic.ALERTS, *alerts)
    store_all(line, Topic.QUALITY, *windows)
    before = checksums(line)
    assert before["market_alerts"][0] == len(alerts)
    execute(line, "TRUNCATE kafka_offsets")
    again = msgspec.structs.replace(quality(), valid=0, duplicate=quality().total - quality().invalid)  # what validate says of a replay
    store_all(line, Topic.ALERTS, *alerts, *alerts)
    store_all(line, Topic.QUALITY, *windows, encode(again))
    assert checksums(line) == before


def test_a_window_that_cannot_be_is_a_dead_letter_and_the_others_land(line: Any) -> None:
    wrong = msgspec.structs.replace(quality(), total=7, ts_from_ns=quality().ts_from_ns + 5_000_000_000)
    store_all(line, Topic.QUALITY, quality(), wrong, b"no json")
    assert query(line, "SELECT total FROM market_quality") == [(quality().total,)]
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(3,)]

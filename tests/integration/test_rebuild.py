"""`tickerplant rebuild bars` on real tables and topics: late trades get into bars, indicators and signals, the gap is closed, and the audit agrees."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from confluent_kafka import KafkaException
from typer.testing import CliRunner

from runtime.records import headers_of
from runtime.settings import Settings
from runtime.stage import InputRecord
from schemas.topics import Topic
from tests.feeds import read_topic
from tests.sinks_world import timescale_store
from tests.support import eventually
from tests.unit.rebuild.late_trades import TIMEFRAMES, trades
from tests.verify_world import World, audit, envelope
from tickerplant.cli.main import build
from tickerplant.verify.store import open_store

pytestmark = pytest.mark.stack
STORED = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS, Topic.GAPS)
RANGE = ("--symbol", "BTC-USDT", "--from", "2024-08-09", "--to", "2024-08-09T01:00")


def test_late_trades_get_into_everything(make_line: Any) -> None:
    line = make_line(process={"timeframes": TIMEFRAMES})
    world = World(line.settings)
    world.feed(*(envelope([trade]) for trade in trades()))
    store = timescale_store(line)
    offsets: Counter[Topic] = Counter()
    _put(store, world.records, offsets)

    with_days = _rebuild(line, timeframes='["1m", "1d"]')
    assert {gap["state"] for gap in with_days["gaps"]} == {"partial"}
    dry = _rebuild(line)
    assert (len(dry["changed"]), dry["written"], len(dry["gaps"])) == (8, 0, 4)
    done = _rebuild(line, "--apply")
    assert done["written"] == 8 + done["indicator_records"] + 4
    written = [record for topic in (Topic.BARS, Topic.INDICATORS, Topic.GAPS) for record in _topic(line, topic)]
    assert len(written) == done["written"]
    before = len(world.records)
    for record in written:  # the running stages take them too
        world.take(record)
    _put(store, world.records[before:], offsets)

    again = _rebuild(line, "--apply")
    assert (again["changed"], again["gaps"], again["written"]) == ([], [], 0)
    assert _differences(line.settings) == []


def _put(store: Any, records: Iterable[InputRecord], offsets: Counter[Topic]) -> None:
    if not offsets:
        store.begin([(topic, 0) for topic in STORED])
    for record in records:
        if record.topic in STORED:
            store.take(InputRecord(record.topic, 0, offsets[record.topic], record.key, record.value, record.headers))
            offsets[record.topic] += 1
    store.flush()


def _rebuild(line: Any, *words: str, timeframes: str = '["1m", "5m", "1h"]') -> Any:
    result = CliRunner().invoke(
        build(), ["rebuild", "bars", *RANGE, "--json", *words], env={**line.env(), "TICKERPLANT_PROCESS__TIMEFRAMES": timeframes}
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _topic(line: Any, topic: Topic) -> list[InputRecord]:
    def read() -> list[Any]:
        try:
            return read_topic(line.settings, line.addresses.kafka, topic)
        except KafkaException as error:  # a partition of a topic that was just made has no leader yet
            raise AssertionError(str(error)) from error

    found = eventually(read)
    return [InputRecord(topic, 0, 0, one.key(), one.value(), headers_of(one.headers())) for one in found]


def _differences(settings: Settings) -> list[str]:
    with open_store(settings) as store:
        return [difference.sentence() for difference in audit(store, settings).differences]

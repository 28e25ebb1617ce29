"""A broker that is away: the socket is held up, never the event loop."""

from typing import Any

import pytest

from ingestors.process_shard import ProcessShard
from ingestors.publisher import HIGH_WATER_BYTES, HIGH_WATER_RECORDS, MAX_TICKS, EventPublisher
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from runtime.settings import KafkaSettings, load_settings
from schemas.partitioner import partition_of
from tests.memory_output import MemoryOutput


def publisher() -> EventPublisher:
    """Towards a port where nobody listens."""
    points = KillPoints("ingest-binance")
    return EventPublisher(
        Publisher(KafkaSettings(), "127.0.0.1:1"), "binance", "ingest.binance", 4, trade_ids_contiguous=True, kill_points=points
    )


def test_watermarks_and_offers_go_to_its_own_partitions_alone() -> None:
    output, shard = MemoryOutput(), ProcessShard(5, 2, 2)
    own: Any = {"trade_ids_contiguous": True, "kill_points": KillPoints("ingest-binance"), "own": shard.own}
    told = EventPublisher(output.publisher(), "binance", "ingest.binance", 5, **own)
    told.watermark(1, 2, 3)
    told.bar_offers(shard.of_these(["BTC-USDT", "ETH-USDT", "SOL-USDT"]), ("1m",), 1, 2)
    assert [mark.partition for mark in output.watermarks] == [1, 3]
    assert {offer.partition: offer.symbols for offer in output.offers} == {
        partition: tuple(one for one in ("BTC-USDT", "ETH-USDT", "SOL-USDT") if partition_of(one, 5) == partition) for partition in (1, 3)
    }


def test_few_large_records_congest_as_many_small_ones_do() -> None:
    away, frame = publisher(), b"x" * 262_144
    sent = 0
    while not away.congested():
        away.refuse(frame, "broken_json", "", 0, 0)
        sent += 1
    assert HIGH_WATER_BYTES // len(frame) // 2 < sent < HIGH_WATER_RECORDS // 4


def test_many_small_records_congest() -> None:
    """The client counts its own reports among what waits, so the limit is met to within a few records."""
    away, sent = publisher(), 0
    while not away.congested():
        away.refuse(b"x", "broken_json", "", 0, 0)
        sent += 1
    assert HIGH_WATER_RECORDS - 50 < sent <= HIGH_WATER_RECORDS + 1


def test_a_broker_that_is_away_does_not_answer() -> None:
    assert not publisher().answers(0.05)


def test_no_setting_asks_for_more_than_an_envelope_takes() -> None:
    assert load_settings(ingest={"flush_ticks": MAX_TICKS}).ingest.flush_ticks == MAX_TICKS
    with pytest.raises(UserError, match="flush_ticks"):
        load_settings(ingest={"flush_ticks": MAX_TICKS + 1})

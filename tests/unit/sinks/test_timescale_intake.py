"""Records are taken into a batch in the order of the log, each once; what cannot be stored is a dead letter, what is gone from the log a gap."""

import pytest

from runtime.clock import ManualClock
from runtime.errors import FatalError
from schemas.headers import IDENTITY
from schemas.identity import Identity
from schemas.topics import Topic
from sinks.timescale.batch import Batch
from sinks.timescale.intake import Intake
from sinks.timescale.offsets import Position
from sinks.timescale.table_writers import table_writers
from tests.sink_events import T0_NS, envelope, record, ticks

PLACE = (Topic.TICKS, 0)


@pytest.fixture
def intake() -> Intake:
    intake = Intake("sink-timescale", table_writers(), ManualClock(T0_NS))
    intake.begin({PLACE: Position(7, {})})
    return intake


@pytest.fixture
def batch() -> Batch:
    return Batch(writer.table for writer in table_writers().values())


def test_records_move_their_place_and_rows_come_of_them(intake: Intake, batch: Batch) -> None:
    for offset in (7, 8):
        intake.take(record(Topic.TICKS, offset, envelope(ticks(1, 5))), batch)
    assert (batch.records, batch.rows, batch.ends, batch.letters) == (2, 10, {PLACE: 9}, {})


def test_a_repeat_is_passed_over_and_moves_its_place_also_after_a_start(intake: Intake, batch: Batch) -> None:
    headers = {IDENTITY: Identity("stage", "input", 0, 3, 0).encode()}
    for offset in (7, 8):
        intake.take(record(Topic.TICKS, offset, envelope(ticks(1, 5)), headers=headers), batch)
    assert (batch.rows, batch.ends) == (5, {PLACE: 9})
    intake.begin({PLACE: Position(9, intake.seen(PLACE))})
    intake.take(record(Topic.TICKS, 9, envelope(ticks(1, 5)), headers=headers), batch)
    assert (batch.rows, batch.ends) == (5, {PLACE: 10})


@pytest.mark.parametrize(("value", "reason"), [(b"\xff", "undecodable"), (b'{"type":"ticks","v":1}', "invalid_schema")])
def test_what_is_no_event_is_a_dead_letter_and_moves_its_place(intake: Intake, batch: Batch, value: bytes, reason: str) -> None:
    intake.take(record(Topic.TICKS, 7, value), batch)
    assert [(letter.reason, letter.offset, letter.payload) for letter in batch.letters.values()] == [(reason, 7, value)]
    assert (batch.rows, batch.ends) == (0, {PLACE: 8})


def test_records_that_are_gone_are_one_gap(intake: Intake, batch: Batch) -> None:
    intake.take(record(Topic.TICKS, 12, envelope(ticks(1, 5))), batch)
    assert (batch.tables["market_gaps"].rows, batch.tables["market_ticks"].rows, batch.ends) == (1, 5, {PLACE: 13})


def test_a_log_that_starts_again_is_refused(intake: Intake, batch: Batch) -> None:
    with pytest.raises(FatalError, match="starts again at 6, but 7 was reached"):
        intake.take(record(Topic.TICKS, 6, envelope(ticks(1, 5))), batch)

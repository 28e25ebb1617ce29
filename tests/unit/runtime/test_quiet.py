"""A message that repeats is heard once in ten seconds, others at once."""

import logging

from runtime.clock import ManualClock
from runtime.faust_stage.quiet import RepeatFilter


def _record(name: str, message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, arguments, None)


def test_the_same_message_passes_once_in_ten_seconds() -> None:
    clock = ManualClock()
    repeats = RepeatFilter(clock)
    assert repeats.filter(_record("aiokafka.fetcher", "failed %s", 1))
    assert not repeats.filter(_record("aiokafka.fetcher", "failed %s", 2))
    assert repeats.filter(_record("aiokafka.fetcher", "other"))
    assert repeats.filter(_record("faust", "failed %s", 1))
    clock.advance_s(10)
    assert repeats.filter(_record("aiokafka.fetcher", "failed %s", 3))

"""What a dead letter becomes when it is replayed, and that a trade that comes again closes the gap that it left."""

from dataclasses import replace
from typing import Any

import pytest

from processors.validate.core import ValidateCore
from processors.validate.limits import DEFAULTS
from runtime.dead_letters import dead_letter
from schemas.codec import decode_dead_letter, encode
from schemas.ticks import Trade
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, gaps_of, kept_ticks, quote, ticks_record, trade
from tickerplant.dead_letters.reader import StoredLetter
from tickerplant.dead_letters.remedy import Again, Frame, LeftOut, Record, remedy_of


def stored(payload: bytes, **changes: Any) -> StoredLetter:
    """A letter of `validate` about the third tick of a record."""
    fields = {"stage": "validate", "topic": "market.ticks.raw", "partition": 2, "offset": 17, "index": 2, "reason": "late", "error": "?"}
    letter = dead_letter(**(fields | {"ts_ns": T0_NS, "source": "binance", "payload": payload} | changes))  # type: ignore[arg-type]
    return StoredLetter(0, 0, 0, letter, encode(letter), {})


def test_a_trade_goes_in_again_as_one_that_came_late() -> None:
    remedy = remedy_of(stored(encode(trade(7)), headers={"contiguous": b"1"}))
    assert isinstance(remedy, Again)
    assert (remedy.trade.trade_id, remedy.trade.filled, remedy.source, remedy.contiguous) == (7, True, "binance", True)
    unnumbered = remedy_of(stored(encode(trade(7))))
    assert isinstance(unnumbered, Again)
    assert not unnumbered.contiguous


def test_a_whole_record_goes_to_its_place_without_the_identity_of_a_repeat() -> None:
    headers = {"type": b"ticks", "trace": b"t-1", "id": b"5:7", "received": b"12"}
    remedy = remedy_of(stored(b"\xff not yet read", index=-1, headers=headers))
    assert remedy == Record(Topic.TICKS_RAW, 2, b"\xff not yet read", {"type": b"ticks", "trace": b"t-1", "received": b"12"})


def test_a_frame_is_for_its_providers_parser() -> None:
    remedy = remedy_of(stored(b"{}", stage="ingest.kraken", topic="socket", index=-1, source="kraken"))
    assert remedy == Frame("kraken", "kraken", b"{}", T0_NS)


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (stored(encode(quote(5))), "a quote: newer ones"),
        (stored(b"{"), "no tick that this version knows"),
        (stored(b"x" * 300_000, index=-1), "only the beginning"),
        (stored(b"row", stage="import", topic="socket", index=-1), "a row of an import"),
        (stored(b"{}", stage="sink-timescale", topic="market.ticks", index=3), "other processes have read the record"),
        (stored(b"{}", index=-1, headers={"type": b"watermark"}), "a watermark: later ones"),
        (StoredLetter(0, 0, 0, None, b"garbage", {}), "no dead letter"),
    ],
    ids=["quote", "unknown", "cut", "import", "sink", "watermark", "garbage"],
)
def test_the_others_are_left_out_with_the_reason(letter: StoredLetter, why: str) -> None:
    remedy = remedy_of(letter)
    assert isinstance(remedy, LeftOut)
    assert why in remedy.why


def test_a_trade_that_was_refused_closes_its_gap_once_it_is_let_through() -> None:
    """Our clock was slow, so a trade seemed to come from the future; then the limit is mended, and the process starts again."""
    strict = ValidateCore(replace(DEFAULTS, ahead_ns=1))
    ahead = trade(2, 2, ts_ingest_ns=T0_NS)
    outputs = list(strict.apply(ticks_record([trade(1), ahead, trade(3, 3)])))
    assert [tick.trade_id for tick in kept_ticks(outputs)] == [1, 3]
    (opened,) = gaps_of(outputs)
    letter = next(decode_dead_letter(output.value) for output in outputs if output.topic is Topic.DLQ)
    remedy = remedy_of(StoredLetter(0, 0, 0, letter, encode(letter), {}))
    assert isinstance(remedy, Again)
    mended = ValidateCore()
    mended.restore(strict.snapshot())
    again = ticks_record([remedy.trade], 1, contiguous=remedy.contiguous, source=remedy.source)
    outputs = list(mended.apply(again))
    (kept,) = kept_ticks(outputs)
    assert isinstance(kept, Trade)
    assert (kept.trade_id, kept.price, kept.filled) == (2, ahead.price, True)
    (closed,) = gaps_of(outputs)
    assert (closed.gap_id, opened.cause, closed.state) == (opened.gap_id, "dead_letter", "filled")
    assert list(mended.apply(again)) == []  # a second replay changes nothing

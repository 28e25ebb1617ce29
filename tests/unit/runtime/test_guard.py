"""Bad data, transient errors and bugs are three different things."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from runtime.errors import FatalError, InvalidRecord, TransientError
from runtime.guard import Guard
from runtime.stage import InputRecord, Output
from schemas.codec import decode_bar, decode_dead_letter
from schemas.headers import TRACE
from schemas.reasons import Reason
from schemas.topics import Topic

RECORD = InputRecord(Topic.TICKS, 3, 1234, b"BTC-USDT", b'{"v":', {TRACE: b"abc", "symbols": b"BTC-USDT"}, 1_723_161_600_000)


def _raising(error: Exception) -> Iterator[Output]:
    """As a generator: the error comes when the outputs are taken, not when apply returns."""
    yield Output(Topic.BARS, b"one")
    raise error


def test_outputs_of_a_generator_come_as_a_whole() -> None:
    outputs = [Output(Topic.BARS, b"one"), Output(Topic.BARS, b"two")]
    assert Guard("bars").apply(lambda _: iter(outputs), RECORD) == outputs


def test_a_refused_record_is_one_dead_letter_with_the_original_bytes() -> None:
    (output,) = Guard("bars").apply(lambda _: _raising(InvalidRecord(Reason.OHLC_VIOLATION, "high below low")), RECORD)
    assert (output.topic, output.key, output.headers) == (Topic.DLQ, b"BTC-USDT", {"type": b"dead_letter"})
    letter = decode_dead_letter(output.value)
    assert (letter.stage, letter.topic, letter.partition, letter.offset, letter.index) == ("bars", "market.ticks", 3, 1234, -1)
    assert (letter.reason, letter.error, letter.trace) == ("ohlc_violation", "high below low", "abc")
    assert (letter.payload, letter.size, letter.sha256) == (RECORD.value, 5, hashlib.sha256(RECORD.value).hexdigest())
    assert letter.headers == {"trace": "abc", "symbols": "BTC-USDT"}
    assert letter.ts_ns == 1_723_161_600_000_000_000


@pytest.mark.parametrize(("value", "reason"), [(b'{"v":', "undecodable"), (b'{"v":1}', "invalid_schema")])
def test_what_the_codec_refuses_is_bad_data(value: bytes, reason: str) -> None:
    def apply(record: InputRecord) -> Iterable[Output]:
        decode_bar(record.value)
        return ()

    record = InputRecord(Topic.BARS, 0, 0, None, value)
    (output,) = Guard("indicators").apply(apply, record)
    assert decode_dead_letter(output.value).reason == reason


def test_anything_else_is_a_bug() -> None:
    with pytest.raises(FatalError, match=r"bars failed on market\.ticks/3@1234: KeyError") as caught:
        Guard("bars").apply(lambda _: _raising(KeyError("x")), RECORD)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_transient_error_is_not_swallowed() -> None:
    with pytest.raises(TransientError):
        Guard("bars").apply(lambda _: _raising(TransientError("later")), RECORD)


async def test_a_transient_error_is_repeated_until_it_works() -> None:
    errors = [TransientError("one"), TransientError("two")]

    def apply(_: InputRecord) -> Iterable[Output]:
        if errors:
            raise errors.pop()
        return [Output(Topic.BARS, b"done")]

    assert await Guard("bars").apply_again(apply, RECORD) == [Output(Topic.BARS, b"done")]
    assert errors == []


async def test_a_transient_error_without_end_is_fatal() -> None:
    with pytest.raises(FatalError, match="still fails"):
        await Guard("bars", retry_timeout_s=0.1).apply_again(lambda _: _raising(TransientError("for ever")), RECORD)


def test_payloads_survive_the_codec() -> None:
    record = InputRecord(Topic.TICKS, 0, 0, None, bytes(range(256)))
    output = Guard("bars").dead_letter(record, Reason.UNDECODABLE, "binary")
    assert decode_dead_letter(output.value).payload == record.value
    assert msgspec.json.decode(output.value)["reason"] == "undecodable"

"""Headers as any producer may write them."""

import pytest

from runtime.errors import InvalidRecord
from runtime.guard import Guard
from runtime.records import check_identity, headers_of, is_repeat, received_ns_of, trace_of
from runtime.stage import InputRecord
from schemas.codec import decode_dead_letter
from schemas.identity import SeenIdentities
from schemas.topics import Topic

IDENTITY = b"bars|market.ticks|0|7|0"


def record(*pairs: tuple[str, bytes | None]) -> InputRecord:
    return InputRecord(Topic.BARS, 0, 7, None, b"{}", headers_of(pairs))


def test_null_values_are_empty_and_the_last_of_a_name_holds() -> None:
    assert headers_of([("id", None), ("trace", b"1"), ("trace", b"2")]) == {"id": b"", "trace": b"2"}
    assert headers_of(None) == headers_of(()) == {}


def test_trace_is_text_whatever_it_holds() -> None:
    assert [trace_of(record(*pairs)) for pairs in ([], [("trace", None)], [("trace", b"abc")])] == ["", "", "abc"]
    assert trace_of(record(("trace", b"a\xff"))) == "a\ufffd"


@pytest.mark.parametrize(
    ("value", "expected"), [(b"1723161255343000000", 1723161255343000000), (None, 0), (b"x\xff", 0), (b"-5", 0), (b"9" * 5000, 0)]
)
def test_receipt_is_a_time_or_unknown(value: bytes | None, expected: int) -> None:
    assert received_ns_of(headers_of([("received", value)])) == expected


def test_identity_is_remembered() -> None:
    seen = SeenIdentities()
    assert [is_repeat(record(("id", IDENTITY)), seen) for _ in range(2)] == [False, True]


@pytest.mark.parametrize("pairs", [[], [("id", None)], [("id", b"")]])
def test_record_without_identity_is_no_repeat(pairs: list[tuple[str, bytes | None]]) -> None:
    seen = SeenIdentities()
    assert not is_repeat(record(*pairs), seen)
    assert not is_repeat(record(*pairs), seen)
    check_identity(record(*pairs))


@pytest.mark.parametrize(
    "raw", [b"garbage", b"\xff", b"a|b|c|d|e", b"bars|t|0|-1|0", b"bars|t|0|" + b"9" * 5000 + b"|0"], ids=lambda raw: repr(raw[:20])
)
def test_broken_identity_is_bad_data_for_every_reader(raw: bytes) -> None:
    seen = SeenIdentities()
    for refuse in (check_identity, lambda one: is_repeat(one, seen)):
        with pytest.raises(InvalidRecord) as refused:
            refuse(record(("id", raw)))
        assert refused.value.reason == "undecodable"
    assert seen.snapshot() == {}


def test_dead_letter_of_a_record_with_null_headers() -> None:
    output = Guard("bars").dead_letter(record(("id", None), ("trace", None)), "undecodable", "why")
    letter = decode_dead_letter(output.value)
    assert (letter.headers, letter.trace) == ({"id": "", "trace": ""}, "")

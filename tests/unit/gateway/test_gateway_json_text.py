"""Numbers keep their digits; times are ISO 8601 in UTC."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.json_text import iso_time, json_number


@pytest.mark.parametrize("text", ["61652.00", "0", "-0.5", "0.00000001", "123456789012345678901234567890.123456789"])
def test_number_keeps_the_venues_digits(text: str) -> None:
    assert bytes(json_number(text)).decode() == text


@pytest.mark.parametrize(("text", "expected"), [(".5", "0.5"), ("1E+3", "1000"), ("007.10", "7.10"), ("+4", "4"), ("1.", "1")])
def test_decimal_text_that_is_no_json_number_is_rewritten(text: str, expected: str) -> None:
    assert bytes(json_number(text)).decode() == expected


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", '1,"x":2', "1 2", "１２x"])
def test_what_is_no_number_is_null(text: str) -> None:
    assert bytes(json_number(text)) == b"null"


@given(st.text() | st.decimals().map(str))
def test_every_text_gives_one_json_value(text: str) -> None:
    value = json.loads(msgspec.json.encode(json_number(text)), parse_float=Decimal, parse_int=Decimal)
    assert value is None or value == Decimal(text)


@pytest.mark.parametrize(
    ("ts_ns", "expected"),
    [
        (1_723_161_480_000_000_000, "2024-08-08T23:58:00Z"),
        (1_723_161_480_250_000_000, "2024-08-08T23:58:00.250Z"),
        (1_723_161_480_000_001_000, "2024-08-08T23:58:00.000001Z"),
        (1_723_161_480_000_000_001, "2024-08-08T23:58:00.000000001Z"),
    ],
)
def test_time_has_as_many_decimals_as_it_needs(ts_ns: int, expected: str) -> None:
    assert iso_time(ts_ns) == expected


@given(st.integers(min_value=0, max_value=4_102_444_800_000_000_000))
def test_time_comes_back_to_the_nanosecond(ts_ns: int) -> None:
    second, fraction = re.fullmatch(r"([^.Z]+)(?:\.(\d+))?Z", iso_time(ts_ns)).groups()  # type: ignore[union-attr]
    seconds = int(datetime.fromisoformat(second).replace(tzinfo=UTC).timestamp())
    assert seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0")) == ts_ns

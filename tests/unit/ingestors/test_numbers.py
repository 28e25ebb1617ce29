"""Times and numbers as providers write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.numbers import iso_ns


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 (Hypothesis wants them naive)
def test_iso_times_to_the_microsecond(moment: datetime) -> None:
    seconds = int(moment.replace(microsecond=0, tzinfo=UTC).timestamp())
    assert iso_ns(f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z") == seconds * 1_000_000_000 + moment.microsecond * 1000


@pytest.mark.parametrize(
    ("text", "rest_ns"), [("", 0), (".5", 500_000_000), (".000000001", 1), (".123456789", 123_456_789), (".1234567", 123_456_700)]
)
def test_any_number_of_decimals(text: str, rest_ns: int) -> None:
    assert iso_ns(f"2021-04-17T16:43:37{text}Z") == 1_618_677_817_000_000_000 + rest_ns


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2021-04-17T16:43:37",
        "2021-04-17T16:43:37+00:00",
        "2021-04-17T16:43:37.Z",
        "2021-04-17T16:43:37.1234567890Z",
        "2021-13-17T16:43:37Z",
    ],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|match"):
        iso_ns(text)

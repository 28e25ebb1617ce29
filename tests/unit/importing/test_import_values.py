"""Texts of files as exact prices and times."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.forms import is_number
from tickerplant.importing.values import TimeReader, Unit, decimal_text, unit_of

NEW_YORK = ZoneInfo("America/New_York")
NOON_NS = int(datetime(2024, 8, 9, 12, tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("text", "scale", "answer"),
    [
        ("61652.00", None, "61652.00"), (" 1.5 ", None, "1.5"), ("1e-7", None, "0.0000001"), ("1E+2", None, "100"), (".5", None, "0.5"),
        ("+3", None, "3"), ("007", None, "7"), ("6488000", "0.0001", "648.8"), ("100", "1", "100"), ("-2", None, "-2"),
        ("nan", None, "nan"), ("1_000", None, "1_000"), ("1,5", None, "1,5"), ("1e999999999", None, "1e999999999"), ("1e99", None, "1e99"),
    ],
)  # fmt: skip
def test_prices(text: str, scale: str | None, answer: str) -> None:
    assert decimal_text(text, Decimal(scale) if scale else None) == answer


@given(st.decimals(min_value=Decimal("1e-20"), max_value=Decimal("1e20"), places=20))
def test_no_form_of_a_number_changes_its_value(number: Decimal) -> None:
    for text in (str(number), f"{number:e}", f"{number:f}"):
        plain = decimal_text(text)
        assert is_number(plain) or Decimal(plain).adjusted() > 20
        assert Decimal(plain) == number


@pytest.mark.parametrize(
    ("text", "unit", "answer"),
    [
        (str(NOON_NS), "ns", NOON_NS), (str(NOON_NS // 1000), "us", NOON_NS), (str(NOON_NS // 10**6), "ms", NOON_NS),
        (f"{NOON_NS // 10**9}", "s", NOON_NS), (f"{NOON_NS // 10**9}.123456789", "s", NOON_NS + 123_456_789),
        ("2024-08-09T12:00:00Z", "text", NOON_NS), ("2024-08-09 08:00:00-04:00", "text", NOON_NS), ("2024-08-09 12:00", "text", NOON_NS),
        ("20240809 12:00:00.5", "text", NOON_NS + 500_000_000), ("2024-08-09T12:00:00.123456789+00:00", "text", NOON_NS + 123_456_789),
    ],
)  # fmt: skip
def test_times(text: str, unit: Unit, answer: int) -> None:
    assert unit_of(text) == unit
    assert TimeReader(unit, ZoneInfo("UTC")).read(text) == answer


def test_zones_forms_and_days() -> None:
    assert TimeReader("text", NEW_YORK).read("2024-08-09 08:00:00") == NOON_NS
    assert TimeReader("text", NEW_YORK, "%d/%m/%Y %H:%M").read("09/08/2024 08:00") == NOON_NS
    assert TimeReader("ms", NEW_YORK, day=date(2024, 8, 9)).read(str(8 * 3_600_000)) == NOON_NS
    assert unit_of("20240809") == "text"


@pytest.mark.parametrize(
    ("text", "said"),
    [("2024-11-03 01:30:00", "happens twice"), ("2024-03-10 02:30:00", "happens never"), ("soon", "is no time"), ("1e999", "is no time")],
)
def test_times_that_are_none(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TimeReader("text", NEW_YORK).read(text)


def test_numbers_that_are_none() -> None:
    for text in ("", "1e99999999", "x", "--1"):
        with pytest.raises(ValueError, match="is no number"):
            TimeReader("s", NEW_YORK).read(text)

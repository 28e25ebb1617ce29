from decimal import Decimal, Inexact, localcontext

import pytest

from processors.bars.exact import EXACT, quotient, stripped, text_of


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("77.14202000", "77.14202"),
        ("100", "100"),
        ("100.00", "100"),
        ("0.0", "0"),
        ("1E+3", "1000"),
        ("1E-10", "0.0000000001"),
        ("120", "120"),
    ],
)
def test_text_is_plain_and_without_zeros_at_the_end_of_the_fraction(number: str, text: str) -> None:
    assert text_of(Decimal(number)) == text
    assert stripped(format(Decimal(number), "f")) == text


def test_sums_never_round() -> None:
    with localcontext(EXACT):
        total = Decimal("9" * 24 + "." + "9" * 24) * Decimal("9" * 24 + "." + "9" * 24) + Decimal("1e-48")
        assert total == Decimal("9" * 24 + "." + "9" * 24) ** 2 + Decimal("1e-48")
        with pytest.raises(Inexact):
            Decimal(1) / Decimal(3)


@pytest.mark.parametrize(
    ("numerator", "denominator", "ratio"),
    [
        ("1", "3", "0.3333333333"),
        ("1", "20000000000", "0.0000000000"),
        ("3", "20000000000", "0.0000000002"),
        ("200", "2", "100"),
        ("2", "3", "0.6666666667"),
    ],
)
def test_ratios_are_rounded_half_even_to_ten_decimals(numerator: str, denominator: str, ratio: str) -> None:
    assert quotient(Decimal(numerator), Decimal(denominator)) == Decimal(ratio)

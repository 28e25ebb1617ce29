"""Exact decimal arithmetic and its text on the wire."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

# 500 digits hold the sum of 10^12 products of two numbers of 48 digits: if it ever had to round, that is an error, not a rounding.
EXACT = Context(prec=500, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
_DIVISION = Context(prec=50, rounding=ROUND_HALF_EVEN)
_TEN_DECIMALS = Decimal("1e-10")


def text_of(number: Decimal) -> str:
    """Plain text, no exponent, no zeros at the end of the fraction: `77.14202`, `100`."""
    return stripped(format(number, "f"))


def stripped(text: str) -> str:
    """Plain decimal text without zeros at the end of its fraction."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def quotient(numerator: Decimal, denominator: Decimal) -> Decimal:
    """numerator / denominator with 50 digits, rounded half-even to 10 decimals."""
    ratio = _DIVISION.divide(numerator, denominator)
    return ratio.quantize(_TEN_DECIMALS, context=Context(prec=500, rounding=ROUND_HALF_EVEN))

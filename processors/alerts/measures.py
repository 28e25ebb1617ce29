"""What a rule measures at one sample of a series: an exact number, or None where there is too little data."""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, localcontext
from statistics import median

from msgspec import Struct

from schemas.alerts import IndicatorCross, IndicatorLevel, PriceChange, PriceLevel, QualityBelow, SeriesRule, VolumeSpike

Value = str | float
_CONTEXT = Context(prec=28)
_rounded = Context(prec=12).plus  # percent and multiples, which need not come out even


class Sample(Struct, array_like=True):
    """One bar, or the indicators of one. offset: of the record that first told of it. values: decimal text of bars, floats of indicators."""

    ts_open_ns: int
    ts_close_ns: int
    known_at_ns: int
    offset: int
    revision: int
    values: dict[str, Value]


def measured(rule: SeriesRule, samples: Sequence[Sample], at: int) -> Decimal | None:
    """The rule's number at samples[at], exact but for percent and multiples, which have 12 digits; the samples before are looked back on. O(rule.bars)."""
    values = samples[at].values
    if isinstance(rule, PriceLevel):
        return _number(values, rule.field)
    if isinstance(rule, QualityBelow):
        return _number(values, "quality")
    if isinstance(rule, IndicatorLevel):
        return _number(values, f"{rule.indicator}.{rule.output}")
    with localcontext(_CONTEXT):
        if isinstance(rule, IndicatorCross):
            return _difference(rule, values)
        if at < getattr(rule, "bars", 0):
            return None
        return _change(rule, samples, at) if isinstance(rule, PriceChange) else _multiple(rule, samples, at)


def _number(values: Mapping[str, Value], name: str) -> Decimal | None:
    value = values.get(name)
    return None if value is None else Decimal(value if isinstance(value, str) else repr(value))


def _difference(rule: IndicatorCross, values: Mapping[str, Value]) -> Decimal | None:
    mine = _number(values, f"{rule.indicator}.{rule.output}")
    if mine is None or not rule.other_output:
        return mine
    other = _number(values, f"{rule.other_indicator or rule.indicator}.{rule.other_output}")
    return None if other is None else mine - other


def _change(rule: PriceChange, samples: Sequence[Sample], at: int) -> Decimal | None:
    now, before = _number(samples[at].values, "close"), _number(samples[at - rule.bars].values, "close")
    if not now or not before:
        return None
    percent = 100 * (now / before - 1)
    return _rounded(abs(percent) if rule.direction == "either" else percent)


def _multiple(rule: SeriesRule, samples: Sequence[Sample], at: int) -> Decimal | None:
    assert isinstance(rule, VolumeSpike)
    before = [_number(sample.values, "volume") or Decimal(0) for sample in samples[at - rule.bars : at]]
    usual, now = median(before), _number(samples[at].values, "volume")
    return _rounded(now / usual) if usual and now is not None else None


def subject_of(rule: SeriesRule) -> str:
    """The name of what is measured, for people."""
    if isinstance(rule, PriceLevel):
        return rule.field
    if isinstance(rule, PriceChange):
        return f"change over {rule.bars} bars in %"
    if isinstance(rule, VolumeSpike):
        return f"volume over the median of {rule.bars} bars"
    if isinstance(rule, IndicatorLevel | IndicatorCross):
        mine = f"{rule.indicator}.{rule.output}"
        other = getattr(rule, "other_output", "")
        return f"{mine} - {getattr(rule, 'other_indicator', '') or rule.indicator}.{other}" if other else mine
    return "quality"


def columns_of(rule: SeriesRule) -> set[str]:
    """The values that the rule needs of samples that are not the newest."""
    if isinstance(rule, PriceLevel):
        return {rule.field}
    if isinstance(rule, IndicatorLevel):
        return {f"{rule.indicator}.{rule.output}"}
    if isinstance(rule, IndicatorCross):
        return {f"{rule.indicator}.{rule.output}", f"{rule.other_indicator or rule.indicator}.{rule.other_output}"}
    return {"quality"} if isinstance(rule, QualityBelow) else set()


def text_of(number: Decimal) -> str:
    """Plain decimal text: no exponent, no zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

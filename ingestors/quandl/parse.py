"""Quandl's bytes to rows, or to what is wrong with them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ingestors.parsing import number_text, unknown
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row, day_ns
from ingestors.quandl.wire import Dataset, ErrorBody
from ingestors.rest import Trouble
from schemas.bars import ProviderActions

_NAMES = {
    "open": ("open",),
    "high": ("high",),
    "low": ("low",),
    "close": ("close", "last", "settle", "value", "price"),
    "volume": ("volume", "total volume"),
    "dividend": ("ex-dividend", "dividend"),
    "split": ("split ratio", "split"),
}
_decode = decoder(Dataset)
_decode_error = msgspec.json.Decoder(ErrorBody).decode
_DAILY, _DAY_S, _MINUTES_S = ("QELx01", "QELx02", "QELx03"), 3_600.0, 60.0  # a day's calls are looked at again each hour


def rows(body: bytes) -> list[Row]:
    """A dataset of one value a day gives bars with four equal prices. Raises InvalidRecord, or one of parsing.REFUSED."""
    answer: Dataset = _decode(body)
    dataset = answer.dataset_data
    if dataset.frequency != "daily":
        raise unknown(f"a dataset of {dataset.frequency} rows")
    columns = [name.lower() for name in dataset.column_names]
    at = {role: next((columns.index(name) for name in names if name in columns), -1) for role, names in _NAMES.items()}
    if at["close"] < 0 or columns[:1] not in (["date"], ["trade date"]):
        raise unknown(f"no price among the columns {dataset.column_names[:10]}")
    return [_row(row, at) for row in dataset.data if row[at["close"]] is not None]


def _row(row: Sequence[Any], at: Mapping[str, int]) -> Row:
    def told(role: str) -> str:
        return number_text(row[at[role]]) if at[role] >= 0 and row[at[role]] is not None else ""

    at_ns, close = day_ns(row[0]), told("close")
    split, dividend = told("split"), told("dividend")
    splits = ((at_ns, split),) if split not in ("", "1", "1.0") else ()
    paid = dividend if dividend not in ("", "0", "0.0") else ""
    actions = ProviderActions(splits, False, paid) if splits or paid else None
    return Row(at_ns, told("open") or close, told("high") or close, told("low") or close, close, told("volume"), actions=actions)


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"quandl_error": {"code", "message"}}: QEL limits, QEA keys, QEP plans, QEC names."""
    try:
        said = _decode_error(body).quandl_error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if said is None:
        return None
    if status == 429 or said.code in _DAILY or said.code in ("QELx04", "QELx05"):
        return Trouble("limited", said.message, _DAY_S if said.code in _DAILY else _MINUTES_S)
    return Trouble("unlisted" if said.code.startswith("QEC") else "refused", f"{said.code} {said.message}")

"""Twelve Data's bytes to rows, or to what is wrong with them. Pure."""

from zoneinfo import ZoneInfo

import msgspec

from ingestors.numbers import plain
from ingestors.parsing import unknown
from ingestors.polling.rows import Row, local_ns
from ingestors.rest import Trouble
from ingestors.twelve_data_rest.wire import Status, TimeSeries

_UTC = ZoneInfo("UTC")
_MINUTE_S, _DAY_S = 60.0, 3_600.0  # a day's credits are looked at again each hour
_decode = msgspec.json.Decoder(TimeSeries).decode
_decode_status = msgspec.json.Decoder(Status).decode


def rows(body: bytes, interval: str) -> list[Row]:
    """interval: what was asked for. No data for the dates is an error of its own kind: no rows. Raises InvalidRecord, or one of parsing.REFUSED."""
    if _has_no_data(body):
        return []
    answer: TimeSeries = _decode(body)
    if answer.meta.interval != interval:
        raise unknown(f"bars of {answer.meta.interval} where {interval} was asked for")
    return [
        Row(local_ns(one.datetime, _UTC), plain(one.open), plain(one.high), plain(one.low), plain(one.close), plain(one.volume))
        for one in answer.values
    ]


def _has_no_data(body: bytes) -> bool:
    return b'"code":400' in body.replace(b" ", b"") and b"No data is available" in body


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"code", "message", "status": "error"}, whatever the HTTP status is."""
    try:
        said = _decode_status(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if said.status != "error" or _has_no_data(body):
        return None
    if said.code == 429:
        return Trouble("limited", said.message, _DAY_S if "day" in said.message else _MINUTE_S)
    if said.code == 404:
        return Trouble("unlisted", said.message)
    return Trouble("later" if said.code >= 500 else "refused", f"{said.code} {said.message}")

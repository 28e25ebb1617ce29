"""What a client may say, and how it is refused. Pure: text in, an action or a BadMessage out.

A field that is not known is refused by name: a filter that would silently do nothing misleads.
"""

import math
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.series import TRAITS, Channel
from schemas.timeframes import Timeframe

Names = str | list[str]
# As large as every encoding can give it back.
RequestId = Annotated[str, Meta(max_length=128)] | Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None
MOST_SNAPSHOT_RECORDS = 5000
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,31}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_INDICATOR = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_SEQ = re.compile(r"(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,8})")
_FIELD = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")
_MISSING_FIELD = re.compile(r"missing required field `([^`]*)`")


class Filters(Struct, kw_only=True, forbid_unknown_fields=True):
    """min_volume: of a trade or bar. quality_threshold: 0..1. kind: of ticks. source, timeframe, indicator: as beside `filters`."""

    min_volume: Decimal | None = None
    quality_threshold: float | None = None
    kind: Literal["trade", "quote"] | None = None
    source: Names | None = None
    timeframe: Names | None = None
    indicator: Names | None = None


class SeriesPosition(Struct, kw_only=True, forbid_unknown_fields=True):
    """The last message that a client has of one series. source: none for the primary's."""

    symbol: str
    seq: str
    source: str | None = None
    timeframe: str | None = None


class Resume(Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a client goes on: the channel's epoch, and the last seq, of the only series or of each."""

    epoch: str
    seq: str | None = None
    series: list[SeriesPosition] = []


class Selection(Struct, kw_only=True, forbid_unknown_fields=True):
    """symbol, timeframe, source, indicator: one name, a list, or "*". Defaults: timeframe 1m, the primary source, all indicators.

    max_per_s: messages a second of each series. id: echoed in the answers.
    """

    channel: Channel
    symbol: Names | None = None
    timeframe: Names | None = None
    source: Names | None = None
    indicator: Names | None = None
    filters: Filters | None = None
    numbers: Literal["json", "string"] = "json"
    max_per_s: float | None = None
    id: RequestId = None


class Subscribe(Selection, kw_only=True, tag_field="action", tag="subscribe", forbid_unknown_fields=True):
    """snapshot: how many of the last records come first (default: the gateway's, 1 for symbol "*"). resume: what comes instead of a snapshot."""

    snapshot: int | None = None
    resume: Resume | None = None


class Unsubscribe(Selection, kw_only=True, tag_field="action", tag="unsubscribe", forbid_unknown_fields=True):
    """The same fields as in the subscription that is to end."""


class Ping(Struct, tag_field="action", tag="ping", forbid_unknown_fields=True):
    """Answered by a pong with the gateway's time."""

    id: RequestId = None


class ListSeries(Struct, tag_field="action", tag="list", forbid_unknown_fields=True):
    """Answered by what can be subscribed to now, and this connection's subscriptions."""

    id: RequestId = None


class Authenticate(Struct, tag_field="action", tag="authenticate", forbid_unknown_fields=True):
    """token: a JWT. Answered by what it grants; sent again before it expires, it keeps the connection."""

    token: str
    id: RequestId = None


Action = Subscribe | Unsubscribe | Ping | ListSeries | Authenticate
_decoder = msgspec.json.Decoder(Action)
_packed_decoder = msgspec.msgpack.Decoder(Action)


class BadMessage(Exception):
    """What a client said cannot be used. code: for programs; str(): one sentence; field: the offending one or ""."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


def parse(data: str | bytes, *, is_binary: bool = False) -> Action:
    """The action in a client's message: JSON in text, MessagePack in a binary frame where the connection is_binary. Raises BadMessage."""
    if isinstance(data, bytes) and not is_binary:
        raise BadMessage("not_text", "send text frames with JSON in them, or connect with ?encoding=msgpack")
    try:
        action: Action = _packed_decoder.decode(data) if isinstance(data, bytes) else _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadMessage("not_json", "the message is not JSON, or not MessagePack in a binary frame") from None
    if isinstance(action, Selection):
        check(action)
    return action


def _explained(error: str) -> BadMessage:
    unknown, missing, at = (pattern.search(error) for pattern in (_UNKNOWN_FIELD, _MISSING_FIELD, _FIELD))
    if unknown:
        return BadMessage("unknown_field", f"field `{unknown[1][:64]}` is not known", unknown[1][:64])
    if missing:
        return BadMessage("missing_field", f"field `{missing[1]}` is required", missing[1])
    field = at[1].split("[")[0] if at else ""
    if field == "action":
        return BadMessage("unknown_action", "action is one of authenticate, subscribe, unsubscribe, ping, list", field)
    if field == "channel":
        return BadMessage("unknown_channel", f"channel is one of {', '.join(Channel)}", field)
    return BadMessage("invalid_field", error.split(" - at ")[0][:200], field)


def check(action: Selection) -> None:
    """What the types cannot say. Raises BadMessage."""
    if action.symbol is None and not TRAITS[action.channel].any_symbol:
        raise BadMessage("missing_field", "field `symbol` is required", "symbol")
    filters = action.filters or Filters()
    _match("symbol", action.symbol, _SYMBOL.fullmatch)
    for given in (action, filters):
        _match("timeframe", given.timeframe, set(Timeframe).__contains__)
        _match("source", given.source, _SOURCE.fullmatch)
        _match("indicator", given.indicator, _INDICATOR.fullmatch)
    _within("filters.min_volume", filters.min_volume, 0, math.inf)
    _within("filters.quality_threshold", filters.quality_threshold, 0, 1)
    _within("max_per_s", action.max_per_s, 0.01, 1000)
    if isinstance(action, Subscribe):
        _within("snapshot", action.snapshot, 0, MOST_SNAPSHOT_RECORDS)
        _check_resume(action.resume)


def _match(field: str, names: Names | None, accepts: Any) -> None:
    if names is None:
        return
    each = [names] if isinstance(names, str) else names
    if not each:
        raise BadMessage("invalid_field", f"{field} names nothing", field)
    for name in each:
        if name != "*" and not accepts(name):
            raise BadMessage("invalid_field", f"`{name[:40]}` is no {field}", field)


def _within(field: str, value: Decimal | float | None, low: float, high: float) -> None:
    if value is not None and not (_is_finite(value) and low <= value <= high):
        raise BadMessage("invalid_field", f"{field} is a number from {low:g} " + (f"to {high:g}" if high < math.inf else "on"), field)


def _is_finite(value: Decimal | float) -> bool:
    """Of a NaN that signals, and of whole numbers that no float can hold, too."""
    return value.is_finite() if isinstance(value, Decimal) else isinstance(value, int) or math.isfinite(value)


def _check_resume(resume: Resume | None) -> None:
    if resume is None:
        return
    if (resume.seq is None) == (not resume.series):
        raise BadMessage("invalid_field", "resume takes seq, or series with a seq each", "resume")
    for seq in [resume.seq] if resume.seq is not None else [one.seq for one in resume.series]:
        if not _SEQ.fullmatch(seq):
            raise BadMessage("invalid_field", "seq is `<offset>.<index>` as in the last message", "resume.seq")

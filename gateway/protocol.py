"""What a client may say, and the gateway's answers to it. Pure: text in, an action or a BadMessage out.

A field that is not known is refused by name: a filter that would silently do nothing misleads.
"""

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.series import Channel
from schemas.timeframes import Timeframe

Names = str | list[str]
RequestId = str | int | None
_SYMBOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,31}")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_INDICATOR = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_FIELD = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN_FIELD = re.compile(r"unknown field `([^`]*)`")
_MISSING_FIELD = re.compile(r"missing required field `([^`]*)`")


class Subscribe(Struct, tag_field="action", tag="subscribe", forbid_unknown_fields=True):
    """symbol, timeframe, source, indicator: one name, a list, or "*". Defaults: timeframe 1m, the primary source, all indicators.

    snapshot: how many of the last records come first (default: the gateway's, 1 for symbol "*"); id: echoed in the answers.
    """

    channel: Channel
    symbol: Names
    timeframe: Names = "1m"
    source: Names | None = None
    indicator: Names | None = None
    numbers: Literal["json", "string"] = "json"
    snapshot: int | None = None
    id: RequestId = None


class Unsubscribe(Struct, tag_field="action", tag="unsubscribe", forbid_unknown_fields=True):
    """The same fields as in the subscription that is to end."""

    channel: Channel
    symbol: Names
    timeframe: Names = "1m"
    source: Names | None = None
    indicator: Names | None = None
    numbers: Literal["json", "string"] = "json"
    id: RequestId = None


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


class BadMessage(Exception):
    """What a client said cannot be used. code: for programs; str(): one sentence; field: the offending one or ""."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.field = field


def parse(text: str | bytes) -> Action:
    """The action in a client's message. Raises BadMessage."""
    if isinstance(text, bytes):
        raise BadMessage("not_text", "send text frames with JSON in them")
    try:
        action: Action = _decoder.decode(text)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise BadMessage("not_json", "the message is not JSON") from None
    if isinstance(action, Subscribe | Unsubscribe):
        _check_names(action)
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


def _check_names(action: Subscribe | Unsubscribe) -> None:
    _match("symbol", action.symbol, _SYMBOL.fullmatch)
    _match("timeframe", action.timeframe, set(Timeframe).__contains__)
    _match("source", action.source or "*", _SOURCE.fullmatch)
    _match("indicator", action.indicator or "*", _INDICATOR.fullmatch)
    if isinstance(action, Subscribe) and action.snapshot is not None and not 0 <= action.snapshot <= 5000:
        raise BadMessage("invalid_field", "snapshot is a number from 0 to 5000", "snapshot")


def _match(field: str, names: Names, accepts: Any) -> None:
    each = [names] if isinstance(names, str) else names
    if not each:
        raise BadMessage("invalid_field", f"{field} names nothing", field)
    for name in each:
        if name != "*" and not accepts(name):
            raise BadMessage("invalid_field", f"`{name[:40]}` is no {field}", field)

"""The addresses of S2 4.4: a stream that is chosen by its URL, as if the client had sent the subscription. Pure."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from gateway.frames import Wire
from gateway.protocol import BadMessage, Subscribe, check
from gateway.series import TRAITS, Channel

SOCKET_PATH = "/ws"
STREAMS_PATH = "/api/streams/"
_FILTERS = ("min_volume", "quality_threshold", "kind")
_FIELDS = ("symbol", "source", "timeframe", "indicator", "numbers", "max_per_s", "snapshot", "id")
_WIRE = {"encoding": ("json", "msgpack"), "compression": ("none", "deflate")}
_LISTS = ("symbol", "source", "timeframe", "indicator")
_MOST_FIELDS = 20


def is_stream(target: str) -> bool:
    """True if this request target is one for WebSockets."""
    try:
        path = _parts(target).path
    except BadMessage:
        return False
    return path == SOCKET_PATH or path.startswith(STREAMS_PATH)


def _parts(target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError:
        raise BadMessage("invalid_field", "this is no address of a stream") from None


def subscription_of(target: str) -> Subscribe | None:
    """What `/api/streams/<channel>[/<symbol>[/<timeframe>]][?<field>=<value>...]` asks for; None for /ws. Raises BadMessage."""
    parts = _parts(target)
    given = _query(parts.query)
    if parts.path == SOCKET_PATH:
        if given:
            raise BadMessage("unknown_field", f"`{next(iter(given))[:64]}` means nothing here", next(iter(given))[:64])
        return None
    words = [unquote(word) for word in parts.path.removeprefix(STREAMS_PATH).strip("/").split("/")]
    body = _named(words) | given
    try:
        action = msgspec.convert(body, Subscribe, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadMessage("invalid_field", str(error)[:200]) from None
    check(action)
    return action


def wire_of(target: str) -> Wire:
    """`encoding=msgpack` and `compression=deflate` of any stream's address. Raises BadMessage."""
    given = dict(parse_qsl(_parts(target).query, keep_blank_values=True))
    for name, values in _WIRE.items():
        if given.get(name, values[0]) not in values:
            raise BadMessage("invalid_field", f"{name} is one of {', '.join(values)}", name)
    return Wire(given.get("encoding") == "msgpack", given.get("compression") == "deflate")


def _query(text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadMessage("invalid_field", f"at most {_MOST_FIELDS} fields in an address") from None
    body: dict[str, Any] = {}
    for name, value in pairs:
        if name in _WIRE:
            continue
        if name in _FILTERS:
            body.setdefault("filters", {})[name] = value
        elif name in _FIELDS:
            body[name] = value.split(",") if name in _LISTS else value
        else:
            raise BadMessage("unknown_field", f"field `{name[:64]}` is not known", name[:64])
    return body


def _named(words: list[str]) -> dict[str, Any]:
    """What the path says, by field."""
    try:
        channel = Channel(words[0])
    except ValueError:
        raise BadMessage("unknown_channel", f"channel is one of {', '.join(Channel)}", "channel") from None
    names = ("symbol", "timeframe") if TRAITS[channel].by_timeframe else ("symbol",)
    if len(words) - 1 > len(names):
        raise BadMessage("invalid_field", f"the address is {STREAMS_PATH}{channel}/" + "/".join(f"<{name}>" for name in names))
    return {"action": "subscribe", "channel": channel.value} | dict(zip(names, words[1:], strict=False))

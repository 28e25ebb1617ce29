"""Text frames to messages. Pure."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from live.errors import LiveError
from live.events import Snapshot
from live.messages import Alert, Bar, Gap, Indicators, OrderBook, Quality, Quote, Signal, Summary, Trade, Update


class Head(Struct, kw_only=True):
    """As much as it takes to know what a message is, and to follow its series."""

    type: str = ""
    channel: str = ""
    kind: str = ""
    symbol: str | list[str] = ""
    source: str | list[str] | None = None
    timeframe: str | list[str] | None = None
    id: str | int | None = None
    seq: str | None = None
    prev: str | None = None
    epoch: str = ""
    reason: str = ""


class _Items(Struct):
    items: list[Raw]


class _ItemHead(Struct):
    kind: str = ""


_TYPES: dict[tuple[str, str], type[Update]] = {
    ("ticks", "trade"): Trade,
    ("ticks", "quote"): Quote,
    ("ohlcv", ""): Bar,
    ("ohlcv_forming", ""): Bar,
    ("indicators", ""): Indicators,
    ("signals", ""): Signal,
    ("orderbook", ""): OrderBook,
    ("alerts", ""): Alert,
    ("quality", ""): Quality,
    ("gaps", ""): Gap,
    ("market-summary", ""): Summary,
}
_DECODERS: dict[tuple[str, str], msgspec.json.Decoder[Any]] = {key: msgspec.json.Decoder(kind) for key, kind in _TYPES.items()}
_head = msgspec.json.Decoder(Head)
_items = msgspec.json.Decoder(_Items)
_item_head = msgspec.json.Decoder(_ItemHead)


def head_of(text: bytes) -> Head:
    """Raises LiveError for what no gateway says."""
    try:
        return _head.decode(text)
    except msgspec.MsgspecError as error:
        raise LiveError(f"this is no message of a gateway ({error}): {text[:200]!r}") from None


def update_of(text: bytes | Raw, channel: str, kind: str) -> Update:
    """A channel's own message. Raises LiveError."""
    decoder = _DECODERS.get((channel, kind if channel == "ticks" else ""))
    if decoder is None:
        raise LiveError(f"this client does not know the channel {channel} {kind}".rstrip())
    update: Update = _decoded(decoder, text)
    return update


def snapshot_of(text: bytes, channel: str) -> Snapshot:
    """Raises LiveError."""
    items = tuple(update_of(item, channel, _decoded(_item_head, item).kind) for item in _decoded(_items, text).items)
    return Snapshot(items=items, **event_fields(text, Snapshot))


def event_fields(text: bytes, kind: type[Struct]) -> dict[str, Any]:
    """Those fields of the message that the event has, items aside."""
    wanted = set(kind.__struct_fields__) - {"items"}
    found: dict[str, Any] = {name: value for name, value in msgspec.json.decode(text).items() if name in wanted}
    return found


def _decoded(decoder: msgspec.json.Decoder[Any], text: bytes | Raw) -> Any:
    try:
        return decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise LiveError(f"a message is not as documented ({error}): {bytes(text)[:200]!r}") from None

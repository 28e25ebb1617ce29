"""Every message that the protocol's document shows, as the client gives it."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from live import Bar, LiveError, Snapshot, Trade
from live.decode import head_of, snapshot_of, update_of
from tests.live_support import EXAMPLES, text_of

UPDATES = [name for name, payload in EXAMPLES.items() if "type" not in payload]


@pytest.mark.parametrize("name", UPDATES)
def test_every_field_of_a_channel_is_typed(name: str) -> None:
    payload = EXAMPLES[name]
    update = update_of(text_of(payload), payload["channel"], payload.get("kind", ""))
    assert set(payload) == set(update.__struct_fields__) - ({"timeframe"} - set(payload))
    back = msgspec.to_builtins(update, builtin_types=(Decimal,))
    for field in set(payload) - {"timestamp", "valid_until"}:
        assert _plain(back[field]) == _plain(payload[field]), field


def _plain(value: Any) -> Any:
    """Floats of a score and decimals of the document are compared by value, decimals of the market with their digits."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def test_prices_keep_the_venues_digits() -> None:
    payload = EXAMPLES["trade"]
    update = update_of(text_of(payload), "ticks", "trade")
    assert isinstance(update, Trade)
    assert str(update.price) == str(payload["price"])
    assert update.timestamp.utcoffset() is not None


def test_heads_of_every_message_can_be_read() -> None:
    assert {head_of(text_of(payload)).type for payload in EXAMPLES.values()} >= {"", "status", "snapshot", "resumed", "skipped", "error"}


def test_snapshot_has_typed_items() -> None:
    bars = EXAMPLES["snapshot"] | {"channel": "ohlcv", "timeframe": "1m", "items": [EXAMPLES["ohlcv"] | {"prev": None}]}
    snapshot = snapshot_of(text_of(bars), "ohlcv")
    assert isinstance(snapshot, Snapshot)
    assert isinstance(snapshot.items[0], Bar)
    assert (snapshot.timeframe, snapshot.recovered) == ("1m", None)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"type": 3}'])
def test_what_no_gateway_says_is_an_error(text: bytes) -> None:
    with pytest.raises(LiveError, match="no message of a gateway"):
        head_of(text)


def test_unknown_channel_and_wrong_fields_are_errors() -> None:
    with pytest.raises(LiveError, match="does not know the channel news"):
        update_of(b"{}", "news", "")
    with pytest.raises(LiveError, match="not as documented"):
        update_of(b'{"channel": "ticks"}', "ticks", "trade")

"""What clients say: good messages, bad ones, and anything at all."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import answers
from gateway.frames import Wire, frame_of_json
from gateway.protocol import BadMessage, ListSeries, Ping, Subscribe, Unsubscribe, parse
from gateway.selector import Selector

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["action", "channel", "symbol", "timeframe", "source", "indicator", "numbers", "snapshot", "id", "filters"])
WORDS = st.sampled_from(
    ["subscribe", "unsubscribe", "ping", "list", "ticks", "ohlcv", "indicators", "BTC-USDT", "*", "1m", "binance", "rsi", "string"]
)


def test_messages_of_the_plan() -> None:
    assert parse('{"action":"subscribe","channel":"ticks","symbol":"BTC-USD"}') == Subscribe(channel="ticks", symbol="BTC-USD")  # type: ignore[arg-type]
    one = parse('{"action":"subscribe","channel":"indicators","symbol":"BTC-USD","indicator":"rsi","timeframe":"5m"}')
    assert isinstance(one, Subscribe)
    assert (one.indicator, one.timeframe) == ("rsi", "5m")
    assert parse('{"action":"ping","id":7}') == Ping(id=7)
    assert parse('{"action":"list"}') == ListSeries()
    assert isinstance(parse('{"action":"unsubscribe","channel":"signals","symbol":["A","B"]}'), Unsubscribe)


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("{", "not_json", ""),
        (b"\x00", "not_text", ""),
        ("[1,2]", "invalid_field", ""),
        ("{}", "missing_field", "action"),
        ('{"action":"buy"}', "unknown_action", "action"),
        ('{"action":"subscribe","channel":"ticks"}', "missing_field", "symbol"),
        ('{"action":"subscribe","channel":"weather","symbol":"A"}', "unknown_channel", "channel"),
        ('{"action":"subscribe","channel":"ticks","symbol":5}', "invalid_field", "symbol"),
        ('{"action":"subscribe","channel":"ticks","symbol":[]}', "invalid_field", "symbol"),
        ('{"action":"subscribe","channel":"ticks","symbol":["A",5]}', "invalid_field", "symbol"),
        ('{"action":"subscribe","channel":"ticks","symbol":"<script>"}', "invalid_field", "symbol"),
        ('{"action":"subscribe","channel":"ohlcv","symbol":"A","timeframe":"7m"}', "invalid_field", "timeframe"),
        ('{"action":"subscribe","channel":"ohlcv","symbol":"A","source":"Bin ance"}', "invalid_field", "source"),
        ('{"action":"subscribe","channel":"ohlcv","symbol":"A","numbers":"hex"}', "invalid_field", "numbers"),
        ('{"action":"subscribe","channel":"ohlcv","symbol":"A","snapshot":-1}', "invalid_field", "snapshot"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filter":{"min_volume":1}}', "unknown_field", "filter"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"volume":1}}', "unknown_field", "volume"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"min_volume":-1}}', "invalid_field", "filters.min_volume"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"min_volume":"NaN"}}', "invalid_field", "filters.min_volume"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"min_volume":"sNaN"}}', "invalid_field", "filters.min_volume"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","snapshot":' + "9" * 400 + "}", "invalid_field", "snapshot"),
        (f'{{"action":"ping","id":{2**64}}}', "invalid_field", "id"),
        ('{"action":"ping","id":"' + "x" * 129 + '"}', "invalid_field", "id"),
        (
            '{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"quality_threshold":1.5}}',
            "invalid_field",
            "filters.quality_threshold",
        ),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","filters":{"kind":"bar"}}', "invalid_field", "filters.kind"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","max_per_s":0}', "invalid_field", "max_per_s"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","resume":{"epoch":"e"}}', "invalid_field", "resume"),
        ('{"action":"subscribe","channel":"ticks","symbol":"A","resume":{"epoch":"e","seq":"01.2"}}', "invalid_field", "resume.seq"),
    ],
)
def test_bad_message_names_the_code_and_the_field(text: str | bytes, code: str, field: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse(text)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert str(caught.value)


def test_deeply_nested_message_is_refused() -> None:
    with pytest.raises(BadMessage):
        parse("[" * 8000)


@given(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=128).filter(lambda text: text.isascii()))
def test_every_id_comes_back_in_every_encoding(request: int | str) -> None:
    action = parse(json.dumps({"action": "ping", "id": request}))
    answer = frame_of_json(answers.pong(0, action.id), Wire(is_binary=True))
    assert msgspec.msgpack.decode(answer[4:] if answer[1] == 126 else answer[2:])["id"] == request


def refusal(text: str) -> BadMessage | None:
    """What is wrong with it, if anything; an action can be turned into a selector, or that is refused."""
    try:
        action = parse(text)
        if isinstance(action, Subscribe | Unsubscribe):
            assert Selector.of(action).weight >= 1
    except BadMessage as bad:
        return bad
    return None


def is_answerable(text: str) -> bool:
    bad = refusal(text)
    return bad is None or (bool(bad.code) and 0 < len(str(bad)) < 400)


@given(st.text() | JSON.map(json.dumps))
def test_anything_gives_an_action_or_a_bad_message(text: str) -> None:
    assert is_answerable(text)


@given(st.dictionaries(FIELDS, WORDS | st.lists(WORDS) | JSON))
def test_nearly_right_messages_too(body: dict[str, Any]) -> None:
    assert is_answerable(json.dumps(body))

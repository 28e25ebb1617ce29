"""What the client says and hands on, message by message. What it says is read by the gateway's own parser."""

import json
from typing import Any

import pytest

from gateway.protocol import Subscribe, parse
from live import LiveError, Refused, Resumed, Selection, Skipped, Snapshot, Status, Trade, subscribe
from live.conversation import Conversation, Interrupted
from live.following import Following
from tests.live_support import EXAMPLES, text_of

TICKS = Selection("ticks", "BTC-USDT")
BARS = Selection("ohlcv", ("BTC-USDT", "ETH-USDT"), timeframe="1m")
SERIES = {"source": None, "timeframe": None, "symbol": "BTC-USDT", "channel": "ticks"}


class Talk:
    """A conversation with what the gateway would say. again: the same followings on another connection."""

    def __init__(self, *selections: Selection, token: str | None = None, again: "Talk | None" = None) -> None:
        self.followings = again.followings if again else [Following(each, number) for number, each in enumerate(selections)]
        self.conversation = Conversation(self.followings, token)

    def said(self) -> list[dict[str, Any]]:
        actions, self.conversation.say = self.conversation.say, []
        for action in actions:
            parse(json.dumps(action))
        return actions

    def hear(self, **message: Any) -> Any:
        return self.conversation.take(text_of(message))

    def accept(self, **more: Any) -> None:
        assert self.hear(**{"type": "subscribed", "id": "s0", **SERIES, **more}) is None

    def snapshot(self, seq: str | None, **more: Any) -> Any:
        return self.hear(**{"type": "snapshot", **SERIES, "partition": 0, "epoch": "e", "items": [], "seq": seq, **more})

    def tick(self, prev: str | None, seq: str, **more: Any) -> Any:
        return self.hear(**{**EXAMPLES["trade"], "symbol": "BTC-USDT", "prev": prev, "seq": seq, "epoch": "e", **more})

    def skipped(self, reason: str, prev: str, seq: str) -> Any:
        return self.hear(type="skipped", **SERIES, reason=reason, count=2, prev=prev, seq=seq)


def followed() -> Talk:
    """A stream of ticks that stands at 1.0."""
    talk = Talk(TICKS)
    talk.said()
    talk.accept()
    assert isinstance(talk.snapshot("1.0"), Snapshot)
    return talk


def test_subscribes_at_once_and_follows_the_chain() -> None:
    talk = Talk(TICKS)
    assert talk.said() == [{"action": "subscribe", "channel": "ticks", "symbol": "BTC-USDT", "id": "s0"}]
    assert talk.hear(type="status", version=1, kafka="up") == Status(kafka="up")
    talk.accept()
    snapshot = talk.snapshot(None)
    assert (snapshot.recovered, snapshot.items) == (None, ())
    assert [talk.tick(None, "1.0").seq, talk.tick("1.0", "1.2").seq] == ["1.0", "1.2"]
    assert isinstance(talk.tick("1.2", "7.0"), Trade)
    assert talk.said() == []


def test_every_field_of_a_selection_is_one_of_the_protocols() -> None:
    full = Selection("ohlcv", ("A", "B"), "5m", "*", min_volume="0.5", quality_threshold=0.8, snapshot=3)
    action = parse(json.dumps(full.action()))
    assert isinstance(action, Subscribe)
    assert (action.symbol, action.timeframe, action.source, action.snapshot) == (["A", "B"], "5m", "*", 3)
    assert action.filters is not None
    assert (str(action.filters.min_volume), action.filters.quality_threshold) == ("0.5", 0.8)
    more = parse(json.dumps(Selection("ticks", "*", kind="trade", max_per_s=4).action()))
    assert isinstance(more, Subscribe)
    assert (more.filters and more.filters.kind, more.max_per_s) == ("trade", 4)


def test_another_connection_goes_on_behind_the_last_message() -> None:
    talk = followed()
    talk.tick("1.0", "2.0")
    again = Talk(again=talk)
    assert again.said()[0]["resume"] == {"epoch": "e", "series": [{"symbol": "BTC-USDT", "seq": "2.0"}]}
    assert again.tick("2.0", "9.0") is None  # before the answer: not ours yet
    again.accept()
    assert again.tick("2.0", "3.0").seq == "3.0"
    resumed = again.hear(type="resumed", **SERIES, partition=0, seq="3.0", epoch="e", recovered=True, missed=1)
    assert isinstance(resumed, Resumed)
    assert resumed.missed == 1
    assert again.tick("3.0", "4.0").seq == "4.0"


def test_caller_is_told_what_is_lost() -> None:
    talk = Talk(again=followed())
    talk.said()
    talk.accept()
    lost = talk.snapshot("50.0", recovered=False, reason="too_far")
    assert (lost.recovered, lost.reason) == (False, "too_far")
    assert talk.tick("50.0", "51.0").seq == "51.0"


def test_series_without_a_position_is_told_as_lost_after_a_reconnect() -> None:
    talk = Talk(TICKS)
    talk.accept()
    talk.snapshot(None)
    again = Talk(again=talk)
    assert "resume" not in again.said()[0]
    again.accept()
    assert again.snapshot("9.0").recovered is False


def test_states_lose_nothing() -> None:
    talk = Talk(Selection("orderbook", "BTC-USDT"))
    series = {"channel": "orderbook", "source": "*"}
    for _ in range(2):
        talk.accept(**series)
        assert talk.snapshot("1.0", channel="orderbook", source="binance").recovered is None
        talk = Talk(again=talk)
        assert "resume" not in talk.said()[0]


def test_hole_is_closed_by_a_resume() -> None:
    talk = followed()
    assert talk.tick("2.0", "3.0") is None
    assert talk.said()[0]["resume"]["series"] == [{"symbol": "BTC-USDT", "seq": "1.0"}]
    assert talk.tick("3.0", "4.0") is None  # of the subscription before
    assert talk.said() == []
    talk.accept()
    assert [talk.tick("1.0", "2.0").seq, talk.tick("2.0", "3.0").seq] == ["2.0", "3.0"]


def test_skipped_trades_are_fetched_and_skipped_quotes_told() -> None:
    talk = followed()
    said = talk.skipped("conflated", "1.0", "4.0")
    assert isinstance(said, Skipped)
    assert said.count == 2
    assert talk.tick("4.0", "5.0").seq == "5.0"
    assert talk.skipped("behind", "5.0", "9.0") is None
    assert talk.said()[0]["resume"]["series"] == [{"symbol": "BTC-USDT", "seq": "5.0"}]


def test_each_selection_has_its_messages() -> None:
    by_source = Selection("ticks", ("ETH-USDT", "SOL-USDT"), source="*")
    talk = Talk(TICKS, by_source)
    talk.accept()
    talk.accept(id="s1", symbol=["ETH-USDT", "SOL-USDT"], source="*")
    assert isinstance(talk.snapshot("1.0"), Snapshot)
    for source in ("one", "two"):
        assert talk.snapshot("5.0", symbol="ETH-USDT", source=source).source == source
        assert talk.tick("5.0", f"6.{source == 'two':d}", symbol="ETH-USDT", source=source).source == source
    assert talk.tick("1.0", "7.0").symbol == "BTC-USDT"
    assert talk.tick(None, "8.0", symbol="XRP-USDT") is None  # nobody's
    positions = Talk(again=talk).said()[1]["resume"]["series"]
    assert positions == [{"symbol": "ETH-USDT", "seq": seq, "source": source} for seq, source in (("6.0", "one"), ("6.1", "two"))]


def test_token_goes_first_and_the_next_one_before_it_ends() -> None:
    talk = Talk(TICKS, token="t1")
    assert talk.said() == [{"action": "authenticate", "token": "t1", "id": "token"}]
    answer = {"type": "authenticated", "user": "ann", "tier": "free", "limits": {}, "expires_at": "2026-01-02T10:00:30Z"}
    talk.hear(**answer)
    assert [each["action"] for each in talk.said()] == ["ping", "subscribe"]
    talk.hear(type="pong", id="clock", timestamp="2026-01-02T10:00:00Z", ts_ns=1767348000_000000000)
    assert talk.conversation.token_left_s == 30
    talk.conversation.authenticate("t2")
    talk.hear(**answer | {"expires_at": None})
    assert [each["action"] for each in talk.said()] == ["authenticate"]  # subscribed once
    assert talk.conversation.token_left_s is None


def test_gateway_without_keys_needs_no_token() -> None:
    talk = Talk(TICKS, token="t1")
    talk.said()
    talk.hear(type="error", channel="error", code="no_keys", message="none", field="token", id="token")
    assert [each["action"] for each in talk.said()] == ["subscribe"]


@pytest.mark.parametrize("code", ["forbidden", "token_forged", "tier_limit", "not_authenticated", "invalid_field"])
def test_what_is_refused_is_raised(code: str) -> None:
    with pytest.raises(Refused, match=code) as caught:
        Talk(TICKS).hear(type="error", channel="error", code=code, message="no", field="symbol", id="s0")
    assert (caught.value.code, caught.value.field) == (code, "symbol")


def test_limits_that_a_killed_gateway_still_holds_pass() -> None:
    full = {"type": "error", "channel": "error", "code": "tier_limit", "message": "no", "field": "symbol", "id": "s0"}
    with pytest.raises(Interrupted):
        Talk(again=followed()).hear(**full)
    with pytest.raises(Interrupted):
        Talk(TICKS).hear(**full | {"code": "keys_unavailable"})


def test_gateway_that_ends_says_when_to_come_back() -> None:
    talk = followed()
    assert talk.hear(type="reconnect", after_s=2.5) is None
    assert talk.conversation.come_back_s == 2.5


def test_selections_that_share_a_series_are_refused() -> None:
    def refused(*selections: Selection) -> None:
        with pytest.raises(LiveError, match="share a series"):
            subscribe("ws://x/ws", *selections)

    refused(TICKS, Selection("ticks", ("ETH-USDT", "BTC-USDT"), kind="trade"))
    refused(TICKS, Selection("ticks", "BTC-USDT", source="binance"))
    refused(Selection("ohlcv", "A"), Selection("ohlcv", "*", timeframe="1m"))
    refused(Selection("gaps"), Selection("gaps", "A"))
    subscribe("ws://x/ws", BARS, Selection("ohlcv", "BTC-USDT", timeframe="5m"), TICKS, Selection("signals", "BTC-USDT"))
    subscribe("ws://x/ws", Selection("ticks", "A", source="one"), Selection("ticks", "A", source="two"))


def test_a_wrong_field_is_named() -> None:
    with pytest.raises(LiveError, match="symbols"):
        subscribe("ws://x/ws", channel="ticks", symbols="BTC-USDT")
    with pytest.raises(LiveError, match="name a channel"):
        subscribe("ws://x/ws")

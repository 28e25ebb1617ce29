"""What a user may write, and what he is told when he wrote something else."""

from collections import Counter

import pytest

from ingestors.exchange_server.capture import Contents
from ingestors.exchange_server.pace import CatchUpPace, MaxPace, TimelinePace
from runtime.clock import ManualClock
from runtime.errors import UserError
from tickerplant.replay.arguments import live_pace_of, pace_of, seconds_of, start_of, subscribed, symbols_of


def test_speeds() -> None:
    clock = ManualClock()
    assert isinstance(pace_of("max")(clock), MaxPace)
    assert isinstance(pace_of("0.5")(clock), TimelinePace)
    assert isinstance(pace_of("1")(clock), TimelinePace)
    assert isinstance(live_pace_of("1")(clock), CatchUpPace)
    assert isinstance(live_pace_of("20")(clock), TimelinePace)


@pytest.mark.parametrize("text", ["fast", "0", "-1", "nan", "inf", "1e9", ""])
def test_wrong_speeds(text: str) -> None:
    with pytest.raises(UserError, match="--speed"):
        pace_of(text)


def test_lengths_symbols_and_starts() -> None:
    assert [seconds_of(text) for text in ("90s", "45m", "3h", "2d")] == [90, 2_700, 10_800, 172_800]
    assert symbols_of("btc-usdt, ETH-USDT,BTC-USDT") == ("BTC-USDT", "ETH-USDT")
    assert start_of("2024-01-01T00:00:00Z") == start_of("2024-01-01") == start_of("2024-01-01T01:00:00+01:00") == 1_704_067_200


@pytest.mark.parametrize("text", ["", "3", "h", "1.5h", "0h", "3y"])
def test_wrong_lengths(text: str) -> None:
    with pytest.raises(UserError, match="--length"):
        seconds_of(text)


@pytest.mark.parametrize("text", ["", ",", "BTCUSDT", "BTC-", "BTC-USDT-X"])
def test_wrong_symbols(text: str) -> None:
    with pytest.raises(UserError, match="--symbols"):
        symbols_of(text)


def test_a_wrong_start() -> None:
    with pytest.raises(UserError, match="--start"):
        start_of("yesterday")


def test_streams_of_a_capture() -> None:
    known = Contents(Counter({"btcusdt@aggTrade": 3, "btcusdt@trade": 1, "ethusdt@depth@100ms": 2}))
    assert subscribed(known) == ("trade", "depth@100ms")
    with pytest.raises(UserError, match="aggTrade"):
        subscribed(Contents(Counter({"btcusdt@aggTrade": 3})))

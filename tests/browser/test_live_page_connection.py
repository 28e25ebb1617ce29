"""The live page when something is missing: the gateway, ticks, a token, messages."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.access_support import SECRET, token
from tests.browser_support import (
    BARS,
    EPOCH,
    LOW_CONTRAST,
    SERIES,
    SIMULATED,
    Page,
    ScriptedGateway,
    Ticker,
    enter_token,
    history,
    minute,
    skip,
    tick,
    wait_until,
)
from tests.gateway_events import trade
from tests.gateway_support import Feeder, Gateway, running_gateway, start_gateway

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_page_comes_back_after_the_gateway_was_killed(line: Any, new_page: Callable[..., Page]) -> None:
    feeder = Feeder(line)
    history(feeder, "BTC-USDT", SIMULATED)
    gateway = start_gateway(line)
    port = gateway.url.rsplit(":", 1)[1]
    page = new_page()
    with Ticker(feeder):
        page.open(gateway.url)
        page.wait_text("#state", "Live")
        gateway.kill()
        page.wait_text("#state", "Reconnecting")
        assert page.page.locator("#state").get_attribute("aria-live") == "polite"
        with running_gateway(line, TICKERPLANT_GATEWAY__PORT=port):
            page.wait_text("#state", "Live")
            page.wait(f"Number(document.querySelector('#main').dataset.candles) >= {BARS}")
            page.wait_text("#reconnects", "1")
            assert (page.text("#holes"), page.text("#lost")) == ("0", "0")
            page.wait_text("#price", "61,652.01")
    assert [error for error in page.errors if not any(words in error for words in _NOBODY_LISTENS)] == []


# What a browser says of a request that a killed server had open, and of those while nobody listens.
_NOBODY_LISTENS = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_CONNECTION_CLOSED",
    "ERR_EMPTY_RESPONSE",
    "ERR_SOCKET_NOT_CONNECTED",
)


def test_silence_is_shown_as_stale(line: Any, new_page: Callable[..., Page]) -> None:
    feeder = Feeder(line)
    history(feeder, "BTC-USDT", SIMULATED)
    with running_gateway(line) as gateway:
        page = new_page()
        page.page.clock.install()
        page.open(gateway.url)
        page.wait_text("#state", "Live")
        page.page.clock.fast_forward(20_000)
        page.wait_text("#state", "Stale: no tick")
        feeder.ticks(trade(1), source=SIMULATED)
        feeder.flush()
        page.wait_text("#state", "Live")


def test_token_is_asked_for_kept_in_memory_and_asked_for_again_when_it_expired(line: Any, new_page: Callable[..., Page]) -> None:
    feeder = Feeder(line)
    history(feeder, "BTC-USDT", SIMULATED)
    access = {"HS256_SECRET": SECRET, "AUTHENTICATE_WITHIN_S": "0.5", "LEEWAY_S": "0"}
    with (
        Ticker(feeder),
        running_gateway(line, **{f"TICKERPLANT_GATEWAY__ACCESS__{name}": value for name, value in access.items()}) as gateway,
    ):
        page, sockets = new_page(320, 640), list[str]()
        page.page.on("websocket", lambda socket: sockets.append(socket.url))
        page.open(f"{gateway.url}/#BTC-USDT/1m")
        page.wait_text("#state", "Token needed")
        page.wait_text("#access-why", "wants a token")
        page.page.wait_for_timeout(2000)  # closed with 4401 long ago, and does not come back by itself
        assert len(sockets) == 1
        assert page.page.evaluate("document.documentElement.scrollWidth") == 320
        assert page.page.evaluate(LOW_CONTRAST) == []
        page.shot("token")
        enter_token(page, "nonsense")
        page.wait_text("#access-why", "this is no token")
        enter_token(page, token(expires_in_s=5))
        page.wait_text("#state", "Live")
        assert not page.page.locator("#access").is_visible()
        assert page.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
        page.wait_text("#access-why", "expired")
        page.wait_text("#state", "Token needed")
    assert page.errors == []


def test_what_was_skipped_is_no_hole(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    scripted = ScriptedGateway(page)
    page.open(f"{gateway.url}/#BTC-USDT/1m")
    page.wait_text("#state", "Live")
    scripted.say(tick("100.00", "0.0", "1.0"), skip("ticks", "conflated", "1.0", "3.0"), tick("101.00", "3.0", "4.0"))
    page.wait_text("#price", "101.00")
    assert len(scripted.asked) == 2
    scripted.say(skip("ohlcv", "behind", "0.0", "5.0"), minute(9, "5.0", "6.0"))
    wait_until(page, lambda: len(scripted.asked) == 3)
    assert scripted.asked[2]["resume"] == {"epoch": "e", "series": [{"symbol": "BTC-USDT", "timeframe": "1m", "seq": "0.0"}]}
    resumed = {"channel": "ohlcv", "type": "resumed", **SERIES["ohlcv"], "seq": "6.0", "missed": 2, "recovered": True, **EPOCH}
    scripted.say(minute(1, "0.0", "2.0"), minute(9, "2.0", "6.0"), resumed, minute(10, "6.0", "7.0"))
    page.wait("document.querySelector('#main').dataset.candles === '3'")
    scripted.say(skip("ticks", "behind", "4.0", "9.0"))
    wait_until(page, lambda: len(scripted.asked) == 4)
    assert "resume" not in scripted.asked[3]
    page.page.wait_for_timeout(1100)  # the count is shown once a second
    assert (page.text("#holes"), len(scripted.asked)) == ("0", 4)
    scripted.say(minute(12, "8.0", "9.0"))
    page.wait_text("#holes", "1")
    assert page.errors == []

"""What the live page shows, in a real Chromium, against a real gateway and a real Kafka."""

from collections.abc import Callable

import pytest

from tests.browser_support import BARS, Page
from tests.gateway_support import Gateway

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_page_shows_the_line(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(gateway.url)
    page.wait_text("#price", "61,652.01")
    page.wait_text("#state", "Live")
    page.wait(f"document.querySelector('#main').dataset.candles === '{BARS}'")
    assert page.page.locator("#candles canvas").count() >= 2
    assert page.page.locator("#main").get_attribute("data-rsi") == str(BARS)
    assert page.text("#signal-action") == "BUY"
    assert "MACD decided" in page.text("#signal-why")
    assert page.text("#components").count("yes") == 3
    assert page.text("#quality") == "1.000"
    assert page.page.locator("#simulated").is_visible()
    assert (page.text("#bid"), page.text("#ask"), page.text("#spread")) == ("61,651.90", "61,652.10", "0.20")
    assert page.text("#holes") == "0"
    page.shot("light")
    assert page.errors == []


def test_another_symbol_has_its_own_source_quality_and_reasons(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page(scheme="dark")
    page.open(gateway.url)
    page.wait_text("#name", "BTC-USDT")
    page.page.click("#symbols [data-symbol='ETH-USDT']")
    page.wait_text("#price", "2,550.50")
    page.wait_text("#source", "binance")
    assert not page.page.locator("#simulated").is_visible()
    page.wait_text("#signal-status", "low quality")
    assert page.text("#signal-action") == "HOLD"
    assert (page.text("#quality"), page.text("#bar-quality")) == ("0.600", "0.400")
    assert "minute after its event time" in page.text("#reasons")
    assert page.page.url.endswith("#ETH-USDT/1m")
    page.shot("dark")
    assert page.errors == []


def test_list_shows_every_symbol(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(gateway.url)
    page.wait_text("#symbols [data-symbol='BTC-USDT'] .row-last", "61,652.01")
    page.wait_text("#symbols [data-symbol='ETH-USDT'] .row-last", "2,550.50")
    for symbol, quality in (("BTC-USDT", "1.00"), ("ETH-USDT", "0.40")):
        page.wait_text(f"#symbols [data-symbol='{symbol}'] .row-quality", quality)
        page.wait_text(f"#symbols [data-symbol='{symbol}'] .row-change", "%")
    assert page.page.locator("#symbols [aria-selected=true]").get_attribute("data-symbol") == "BTC-USDT"
    page.page.fill("#search", "eth")
    assert page.page.locator("#symbols [role=option]:visible").count() == 1
    assert page.errors == []


def test_gaps_corrections_and_past_signals_are_told(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(f"{gateway.url}/#BTC-USDT/1m")
    page.wait("document.querySelector('#main').dataset.gaps === '2'")
    page.wait("document.querySelector('#main').dataset.corrections === '1'")
    page.wait_text("#events", "Bar corrected, revision 1")
    page.wait_text("#events", "Gap, open: 4 trades, numbers are missing (binance-simulated)")
    page.wait("document.querySelectorAll('#signals details').length === 2")
    page.page.click("#signals summary >> nth=1")
    assert "MACD decided" in page.text("#signals details[open]")
    page.page.check("#holds")
    page.wait("document.querySelectorAll('#signals details').length === 40")
    assert page.errors == []


def test_sources_and_feed_tell_how_they_do(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(f"{gateway.url}/#BTC-USDT/1m")
    page.wait_text("#sources", "binance-simulated ★")
    page.wait_text("#sources [data-cell=score]", "1.00")
    assert [page.text(f"#sources [data-cell={name}]") for name in ("valid", "refused", "holes", "delay")] == ["8", "2", "0", "12 ms"]
    page.wait_text("#kafka", "up")
    assert (page.text("#lost"), page.text("#reconnects")) == ("0", "0")
    assert page.errors == []

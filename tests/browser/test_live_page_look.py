"""The live page can be read and reached: colours, contrast, keyboard, phones."""

from collections.abc import Callable

import pytest

from tests.browser_support import BARS, LOW_CONTRAST, Page
from tests.gateway_support import Gateway

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_phone_is_not_wider_than_its_screen(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page(320, 640)
    page.open(gateway.url)
    page.wait_text("#price", "61,652.01")
    page.wait(f"document.querySelector('#main').dataset.candles === '{BARS}'")
    assert page.page.evaluate("document.documentElement.scrollWidth") == 320
    page.shot("phone")
    assert page.errors == []


def test_colours_follow_the_system_until_the_reader_chooses(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page(scheme="dark")
    page.open(gateway.url)
    page.wait("document.documentElement.dataset.theme === 'dark'")
    page.page.focus("#theme")
    page.page.keyboard.press("Enter")
    page.wait("document.documentElement.dataset.theme === 'light'")
    page.page.reload()
    page.wait("document.documentElement.dataset.theme === 'light'")
    assert page.page.locator("#theme").get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(gateway: Gateway, new_page: Callable[..., Page], scheme: str) -> None:
    """Contrast of WCAG AA, 4.5 to 1, of every visible text against what is behind it."""
    page = new_page(scheme=scheme)
    page.open(gateway.url)
    page.wait_text("#signal-action", "BUY")
    assert page.page.evaluate(LOW_CONTRAST) == []


def test_keyboard_reaches_every_control(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(gateway.url)
    page.wait_text("#state", "Live")
    page.wait("document.querySelectorAll('#timeframes input').length > 0")
    page.wait("document.querySelectorAll('#symbols [role=option]').length === 2")
    reached = []
    for _ in range(5):
        page.page.keyboard.press("Tab")
        reached.append(page.page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.className"))
    assert reached == ["skip", "timeframe", "theme", "search", "symbols"]
    page.page.keyboard.press("End")
    page.page.keyboard.press("Enter")
    page.wait_text("#name", "ETH-USDT")
    assert page.page.locator("#symbols [aria-selected=true]").get_attribute("data-symbol") == "ETH-USDT"

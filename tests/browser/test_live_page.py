"""The live page in a real Chromium, against a real gateway and a real Kafka."""

import itertools
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.access_support import SECRET, token
from tests.gateway_support import MINUTE_NS, Feeder, Gateway, bar, indicators, quote, running_gateway, signal, start_gateway, trade
from tests.support import TEST_OPTIONS

SIMULATED = "binance-simulated"
BARS = 60
WAIT_MS = 30_000
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [pytest.mark.stack, pytest.mark.browser]


def chromium() -> str:
    """The browser to drive. Without one these tests skip on a developer's machine and fail in CI."""
    found = TEST_OPTIONS.get("TICKERPLANT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI has no Chromium: install one or set TICKERPLANT_TEST_CHROMIUM")
    if found is None:
        pytest.skip("no Chromium on PATH; set TICKERPLANT_TEST_CHROMIUM to one")
    return found


def history(feeder: Feeder, symbol: str, source: str, *, quality: float = 1.0, status: str = "ok") -> None:
    """BARS minutes until now with their indicators and signals; the last signal is a buy where its status allows."""
    now_ns = time.time_ns() // MINUTE_NS * MINUTE_NS
    chance = random.Random(7)
    price = 61_652.0
    for back in range(BARS, 0, -1):
        opened = now_ns - back * MINUTE_NS
        times = {"ts_open_ns": opened, "ts_close_ns": opened + MINUTE_NS, "known_at_ns": opened + MINUTE_NS}
        before, price = price, price * (1 + chance.gauss(0, 0.0005))
        low, high = sorted((before, price))
        prices = {"open": f"{before:.2f}", "high": f"{high + 5:.2f}", "low": f"{low - 5:.2f}", "close": f"{price:.2f}"}
        score = quality if back == 1 else 1.0
        reasons = ("partial_interval",) if score < 1 else ()
        feeder.event(bar(0, symbol, source=source, quality=score, reasons=reasons, **prices, **times))
        feeder.event(indicators(0, symbol, rsi=40 + back % 20, source=source, bar_quality=score, **times))
        vote = int(back == 1 and status == "ok")
        said = status if back == 1 else "ok"
        more: dict[str, Any] = {"status": said, "decided_by": "macd" if said == "ok" else "status", "bar_quality": score}
        feeder.event(signal(0, symbol, vote, source=source, valid_until_ns=opened + 2 * MINUTE_NS, **more, **times))
    feeder.flush()


class Ticker:
    """Ticks of both symbols a few times a second, on a thread; prices that can be told apart."""

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Ticker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for number in itertools.count(1, 2):
            now = {"ts_event_ns": time.time_ns(), "ts_ingest_ns": time.time_ns()}
            self._feeder.ticks(
                quote(number, bid="61651.90000000", ask="61652.10000000", **now),
                trade(number + 1, price="61652.01000000", size="0.10300000", **now),
                source=SIMULATED,
            )
            odd = {"quality": 0.6, "reasons": ("sequence_gap", "late")}
            self._feeder.ticks(trade(number, "ETH-USDT", price="2550.50000000", **odd, **now))
            self._feeder.flush()
            if self._stopping.wait(0.15):
                return


class Page:
    """A page with what it wrote to the console."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())

    def wait_text(self, selector: str, text: str) -> None:
        self.page.wait_for_function(
            "([selector, text]) => document.querySelector(selector)?.innerText.includes(text)", arg=[selector, text], timeout=WAIT_MS
        )

    def wait(self, expression: str) -> None:
        # A function: a bare expression would be evaluated in the page at each look, which its content security policy forbids.
        self.page.wait_for_function(f"() => {expression}", timeout=WAIT_MS)

    def shot(self, name: str) -> None:
        """Kept only where TICKERPLANT_TEST_SCREENSHOTS names a folder for them."""
        folder = TEST_OPTIONS.get("TICKERPLANT_TEST_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def feeder(module_line: Any) -> Iterator[Feeder]:
    feeder = Feeder(module_line)
    history(feeder, "BTC-USDT", SIMULATED)
    history(feeder, "ETH-USDT", "binance", quality=0.4, status="low_quality")
    with Ticker(feeder):
        yield feeder


@pytest.fixture(scope="module")
def gateway(module_line: Any, feeder: Feeder) -> Iterator[Gateway]:
    with running_gateway(module_line) as started:
        yield started


@pytest.fixture
def new_page(tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """A function that opens a browser of its own, with an empty profile."""
    executable = chromium()
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        contexts = []

        def make(width: int = 1280, height: int = 900, scheme: str = "light") -> Page:
            contexts.append(
                playwright.chromium.launch_persistent_context(
                    tmp_path / f"profile{len(contexts)}",
                    executable_path=executable,
                    headless=True,
                    args=ARGUMENTS,
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                )
            )
            return Page(contexts[-1].new_page())

        yield make
        for context in contexts:
            context.close()


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
    page.page.select_option("#symbol", "ETH-USDT")
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
    assert page.page.evaluate(_LOW_CONTRAST) == []


_LOW_CONTRAST = """() => {
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const parse = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *:not(option)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.closest(".pane, .hidden, .skip")) continue;
    const [one, two] = [light(parse(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    if (ratio < 4.5) low.push(`${element.id || element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return low;
}"""


def test_keyboard_reaches_every_control(gateway: Gateway, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.open(gateway.url)
    page.wait_text("#state", "Live")
    page.wait("document.querySelectorAll('#timeframes input').length > 0")
    reached = []
    for _ in range(6):
        page.page.keyboard.press("Tab")
        reached.append(page.page.evaluate("document.activeElement.id || document.activeElement.name || document.activeElement.className"))
    assert reached[:4] == ["skip", "symbol", "timeframe", "theme"]


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
            assert page.text("#holes") == "0"
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
        assert page.page.evaluate(_LOW_CONTRAST) == []
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


def enter_token(page: Page, text: str) -> None:
    page.page.fill("#token", text)
    page.page.keyboard.press("Enter")


EPOCH = {"epoch": "e", "partition": 0}
SERIES = {"ticks": {"symbol": "BTC-USDT", "timeframe": None}, "ohlcv": {"symbol": "BTC-USDT", "timeframe": "1m"}}
PLAIN = {"source": SIMULATED, "quality": 1.0, "reasons": [], **EPOCH}


class ScriptedGateway:
    """Says what a test wants: a snapshot of each series at seq 0.0, and then whatever `say` is given."""

    def __init__(self, page: Page) -> None:
        self.asked: list[dict[str, Any]] = []
        page.page.route_web_socket(lambda url: url.endswith("/ws"), self._open)

    def _open(self, socket: Any) -> None:
        self._socket = socket
        socket.on_message(lambda text: self._answer(json.loads(text)))
        self.say({"type": "status", "version": 1, "kafka": "up"})

    def say(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self._socket.send(json.dumps(message))

    def _answer(self, action: dict[str, Any]) -> None:
        if action["action"] != "subscribe" or action["channel"] not in SERIES:
            return
        self.asked.append(action)
        series = {"channel": action["channel"], **SERIES[action["channel"]]}
        self.say(series | {"type": "subscribed"})
        if "resume" not in action:
            self.say(series | EPOCH | {"type": "snapshot", "seq": "0.0", "items": []})


def tick(price: str, prev: str, seq: str) -> dict[str, Any]:
    own = {"kind": "trade", "price": price, "volume": "0.1", "source_seq": 1, "prev": prev, "seq": seq}
    return {"channel": "ticks", "symbol": "BTC-USDT", "timestamp": "2026-01-02T10:00:00.000Z", "ts_receive_ns": "0", **own, **PLAIN}


def minute(number: int, prev: str, seq: str) -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), "7.0")
    own = {"timestamp": f"2026-01-02T10:{number:02}:00.000Z", "kind": "regular", "prev": prev, "seq": seq}
    return {"channel": "ohlcv", **SERIES["ohlcv"], **own, **prices, **PLAIN}


def skip(channel: str, reason: str, prev: str, seq: str) -> dict[str, Any]:
    return {
        "channel": channel,
        "type": "skipped",
        **SERIES[channel],
        "source": None,
        "reason": reason,
        "count": 2,
        "prev": prev,
        "seq": seq,
    }


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
    assert scripted.asked[2]["resume"] == {"epoch": "e", "seq": "0.0"}
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


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """The browser's messages reach us while we wait in its own way."""
    for _ in range(WAIT_MS // 20):
        if is_so():
            return
        page.page.wait_for_timeout(20)
    raise AssertionError("the page has not asked in time")

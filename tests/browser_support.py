"""For tests of the live page: what it is fed, the browser that shows it, a gateway that says what a test wants."""

import itertools
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_events import MINUTE_NS, bar, gap, indicators, quote, signal, trade
from tests.gateway_events import quality as quality_of
from tests.gateway_support import Feeder
from tests.support import TEST_OPTIONS

SIMULATED = "binance-simulated"
BARS = 60
CORRECTED = 10  # minutes ago
HOLE = 20
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


def chromium() -> str:
    """The browser to drive. Without one these tests skip on a developer's machine and fail in CI."""
    found = TEST_OPTIONS.get("TICKERPLANT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("CI has no Chromium: install one or set TICKERPLANT_TEST_CHROMIUM")
    if found is None:
        pytest.skip("no Chromium on PATH; set TICKERPLANT_TEST_CHROMIUM to one")
    return found


def history(feeder: Feeder, symbol: str, source: str, *, quality: float = 1.0, status: str = "ok") -> None:
    """BARS minutes until now with their indicators and signals; the last signal is a buy where its status allows.

    Twenty minutes ago is a gap of two minutes, ten minutes ago a bar that was corrected and a sell.
    """
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
        corrected: dict[str, Any] = {"revision": 1, "kind": "corrected"} if back == CORRECTED else {}
        feeder.event(bar(0, symbol, source=source, quality=score, reasons=reasons, **prices, **times, **corrected))
        feeder.event(indicators(0, symbol, rsi=40 + back % 20, source=source, bar_quality=score, **times))
        vote = int(back == 1 and status == "ok") - int(back == CORRECTED)
        said = status if back == 1 else "ok"
        more: dict[str, Any] = {"status": said, "decided_by": "macd" if said == "ok" else "status", "bar_quality": score}
        feeder.event(signal(0, symbol, vote, source=source, valid_until_ns=opened + 2 * MINUTE_NS, **more, **times))
    hole = {"from_ns": now_ns - HOLE * MINUTE_NS, "to_ns": now_ns - (HOLE - 2) * MINUTE_NS - 1, "known_at_ns": now_ns}
    feeder.event(gap(1, symbol, source=source, **hole))
    feeder.event(quality_of(0, symbol, source=source, score=quality, latency_p99_ns=12_000_000))
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


LOW_CONTRAST = """() => {
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
        series = {"channel": action["channel"], "source": None, **SERIES[action["channel"]]}
        self.say(series | {"type": "subscribed", "id": action["id"]})
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


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """The browser's messages reach us while we wait in its own way."""
    for _ in range(WAIT_MS // 20):
        if is_so():
            return
        page.page.wait_for_timeout(20)
    raise AssertionError("the page has not asked in time")

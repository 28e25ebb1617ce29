"""The line that the page shows, and a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser_support import ARGUMENTS, SIMULATED, Page, Ticker, chromium, history
from tests.gateway_support import Feeder, Gateway, running_gateway


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

"""Answers to requests, kept in a real Redis."""

import re
from typing import Any

import pytest

from cache import Cache
from ingestors.kept_answers import CachedAnswers
from runtime.clock import ManualClock
from runtime.settings import load_settings
from schemas.bars import ProviderBar
from schemas.codec import decode_provider_bar
from schemas.timeframes import Timeframe
from tests.poll_server import START_NS, poll_server
from tests.polled.yahoo import Yahoo
from tests.support import ROOT

pytestmark = pytest.mark.stack
ASKED = ("AAPL", Timeframe.M15, 1_723_000_000_000_000_000, 1_723_100_000_000_000_000)


def bars() -> list[ProviderBar]:
    return [decode_provider_bar(path.read_bytes()) for path in sorted((ROOT / "schemas/examples/provider_bar/valid").glob("*.json"))]


async def test_an_answer_that_was_kept_is_the_same_bars_of_the_same_provider(line: Any) -> None:
    with Cache(settings=line.settings) as cache:
        kept = CachedAnswers(cache)
        assert await kept.get(*ASKED) is None
        await kept.put("yahoo", *ASKED, bars())
        assert await kept.get(*ASKED) == ("yahoo", bars())
        assert await kept.get("MSFT", *ASKED[1:]) is None


async def test_what_is_there_in_another_form_counts_as_nothing(line: Any) -> None:
    with Cache(settings=line.settings) as cache:
        cache.set("historical", "AAPL", f"{ASKED[2]}-{ASKED[3]}", "15m", value={"bars": "none"})
        assert await CachedAnswers(cache).get(*ASKED) is None


async def test_the_guides_program_tells_the_newest_price(line: Any) -> None:
    page = (ROOT / "docs" / "guides" / "sources.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    program: dict[str, Any] = {"__name__": "guide"}
    exec(compile(block, "sources.md", "exec"), program)
    clock = ManualClock(START_NS)
    async with poll_server(Yahoo(), clock) as (_, url):
        dumped = {section: getattr(line.settings, section) for section in ("data_dir", "kafka", "postgres", "redis")}
        program["load_settings"] = lambda: load_settings(**dumped, providers={"yahoo": {"rest_url": url}})
        program["SystemClock"] = lambda: clock
        assert re.fullmatch(r"\d+(\.\d+)? from yahoo, passed over: \[\]", await program["newest"]("AAPL"))

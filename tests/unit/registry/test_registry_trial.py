"""`sources test`: the provider's own ingestor against a server that speaks its protocol."""

from typing import Any

import pytest

from ingestors.registry import provider_of
from runtime.clock import SystemClock
from runtime.settings import Settings, load_settings
from tests.streamed_world import DIALECTS
from tests.support import eventually_async
from tests.venue_server import venue
from tickerplant.registry import trial
from tickerplant.sources import section_of


def settings_at(name: str, websocket: str, rest: str, **more: Any) -> Settings:
    symbols = DIALECTS[name]().symbols
    section = {"websocket_url": websocket, "rest_url": rest, "symbols": symbols} | more
    return load_settings(binance=section) if name == "binance" else load_settings(providers={name: section})


async def verdict_of(name: str, websocket: str, rest: str, timeout_s: float = 30.0, **more: Any) -> trial.Verdict:
    settings = trial.one_symbol(settings_at(name, websocket, rest, **more), name)
    return await trial.tried(provider_of(name), settings, SystemClock(), timeout_s)


@pytest.mark.parametrize("name", ["binance", "coinbase", "kraken"])
async def test_a_provider_that_sends_is_told_with_what_came(name: str) -> None:
    import asyncio

    async with venue(DIALECTS[name]()) as (server, websocket, rest):
        asking = asyncio.ensure_future(verdict_of(name, websocket, rest))
        first = DIALECTS[name]().symbols[0]
        await eventually_async(lambda: server.subscribed == {first})
        server.happen(first)
        verdict = await asking
        assert verdict.passed
        assert f"{first} traded 0.5 at 100.25" in verdict.said
        await eventually_async(lambda: not server.clients)


async def test_what_is_wrong_is_told_in_one_line() -> None:
    async with venue(DIALECTS["coinbase"]()) as (_, websocket, rest):
        quiet = await verdict_of("coinbase", websocket, rest, timeout_s=1.5)
        assert not quiet.passed
        assert quiet.said.startswith("no event within 1.5 s")
        assert "kafka" not in quiet.said
        unknown = await verdict_of("coinbase", websocket, rest, symbols=("NO-SUCH",))
        assert not unknown.passed
        assert "coinbase does not list NO-SUCH" in unknown.said
    away = await verdict_of("coinbase", websocket, rest, timeout_s=1.0)
    assert not away.passed
    assert "\n" not in away.said


def test_one_symbol_is_enough() -> None:
    settings = trial.one_symbol(load_settings(ingest={"capture": True}), "binance")
    assert section_of(settings, "binance").symbols == ("BTC-USDT",)
    assert not settings.ingest.capture

"""Symbols of a source, asked for at run time: what the command writes is what an ingestor reads."""

import asyncio
from typing import Any

import pytest

from ingestors.asked_symbols import AskedSymbols
from ingestors.output import KafkaOutput
from runtime.errors import UserError
from tests.support import run_tickerplant
from tickerplant.sources import change_symbols

pytestmark = pytest.mark.stack


def test_what_is_asked_for_stands_above_the_settings_until_a_reset(line: Any) -> None:
    bootstrap = line.addresses.kafka
    reader = AskedSymbols(line.settings.kafka, bootstrap, "coinbase")
    assert reader.newest() is None
    assert change_symbols(line.settings, bootstrap, "coinbase").by == "settings"
    asked = change_symbols(line.settings, bootstrap, "coinbase", add=["SOL-USD"], remove=["ETH-USD"])
    assert (asked.symbols, asked.by) == (("BTC-USD", "SOL-USD"), "command")
    assert reader.newest() == ("BTC-USD", "SOL-USD")
    assert AskedSymbols(line.settings.kafka, bootstrap, "coinbase").newest() == ("BTC-USD", "SOL-USD")
    assert AskedSymbols(line.settings.kafka, bootstrap, "binance").newest() is None
    assert asyncio.run(KafkaOutput(line.settings.kafka, bootstrap).asked_symbols("coinbase")) == ("BTC-USD", "SOL-USD")
    assert change_symbols(line.settings, bootstrap, "coinbase", reset=True).symbols == ("BTC-USD", "ETH-USD")
    assert reader.newest() == ()


def test_mistakes_are_told_before_anything_is_written(line: Any) -> None:
    for words, said in (
        ({"provider": "ftx"}, "FTX stopped"),
        ({"provider": "nowhere"}, "no provider 'nowhere'"),
        ({"provider": "coinbase", "add": ["btc"]}, "'btc' is not a symbol"),
        ({"provider": "coinbase", "remove": ["SOL-USD"]}, "SOL-USD is not carried"),
        ({"provider": "coinbase", "remove": ["BTC-USD", "ETH-USD"]}, "carries 1 to"),
        ({"provider": "coinbase", "reset": True, "add": ["SOL-USD"]}, "--reset goes with neither"),
    ):
        with pytest.raises(UserError, match=said):
            change_symbols(line.settings, line.addresses.kafka, **words)  # type: ignore[arg-type]
    assert AskedSymbols(line.settings.kafka, line.addresses.kafka, "coinbase").newest() is None


def test_the_command(line: Any) -> None:
    done = run_tickerplant("sources", "symbols", "coinbase", "--add", "SOL-USD", env=line.env())
    assert (done.returncode, done.stdout) == (0, "coinbase: BTC-USD, ETH-USD, SOL-USD (by the command)\n")
    listed = run_tickerplant("sources", "list")
    assert listed.returncode == 0
    assert "coinbase             stream" in listed.stdout
    assert "ftx                  closed" in listed.stdout

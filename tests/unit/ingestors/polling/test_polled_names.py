"""Indices are named alike, whoever is asked: `I.SPX`. A provider without indices, or whose name is not known, does not have them."""

from collections.abc import Callable

import pytest

from ingestors.alpha_vantage import config as alpha_vantage
from ingestors.fmp import config as fmp
from ingestors.quandl import config as quandl
from ingestors.tiingo_rest import config as tiingo_rest
from ingestors.twelve_data_rest import config as twelve_data_rest
from ingestors.yahoo import config as yahoo
from ingestors.yahoo.ingestor import YahooVenue
from runtime.clock import ManualClock
from runtime.settings.providers.fmp import FmpSettings
from runtime.settings.providers.yahoo import YahooSettings


@pytest.mark.parametrize("name_of", [yahoo.name_of, fmp.name_of])
def test_an_index_has_a_caret_there(name_of: Callable[[str], str]) -> None:
    assert (name_of("I.NDX"), name_of("BRK.B")) == ("^NDX", "BRK-B")


@pytest.mark.parametrize("name_of", [alpha_vantage.name_of, tiingo_rest.name_of, twelve_data_rest.name_of])
def test_an_index_is_never_asked_for_as_a_share(name_of: Callable[[str], str]) -> None:
    assert name_of("I.SPX") == ""
    assert name_of("AAPL").upper() == "AAPL"


def test_a_dataset_of_an_index_has_to_be_named() -> None:
    assert quandl.name_of("I.SPX", "EOD", {}) == ""
    assert quandl.name_of("I.SPX", "EOD", {"I.SPX": "CHRIS/CME_SP1"}) == "CHRIS/CME_SP1"


async def test_one_index_of_them_has_another_name() -> None:
    venue = YahooVenue(YahooSettings(), ManualClock())
    assert await venue.resolve(["I.SPX", "I.DJI", "AAPL"]) == {"I.SPX": "^GSPC", "I.DJI": "^DJI", "AAPL": "AAPL"}
    assert FmpSettings().names == YahooSettings().names
    await venue.close()

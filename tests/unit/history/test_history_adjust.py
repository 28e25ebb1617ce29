"""Adjustment against prices that Yahoo adjusted, and by hand."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from history.adjust import Dividend, Split, adjusted
from runtime.errors import UserError

YAHOO = Path(__file__).parents[4] / "shared" / "data" / "yfinance"
COLUMNS = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Volume": "volume"}


def yahoo(name: str) -> tuple[pd.DataFrame, pd.Series]:
    """Bars indexed by their local day, oldest first, and the adjusted closes."""
    path = YAHOO / name
    if not path.exists():
        pytest.skip("the recorded data of ../shared is not there")
    table = pd.read_csv(path)
    table.index = pd.DatetimeIndex(table["Date"].str[:10], name="timestamp").tz_localize("UTC")
    table = table.sort_index()
    return table[list(COLUMNS)].rename(columns=COLUMNS), table["Adj Close"]


def test_split_that_yahoo_left_out_for_older_days() -> None:
    raw, _ = yahoo("4063-T-1d-bad-stock-split.csv")
    fixed, fixed_adjusted = yahoo("4063-T-1d-bad-stock-split-fixed.csv")
    split = adjusted(raw, [Split("2023-03-29", 5)])  # the day from which the file is in new shares
    for name in COLUMNS.values():
        np.testing.assert_allclose(split[name], fixed[name], rtol=1e-12)
    both = adjusted(split, [Dividend("2023-03-30", 55)])
    np.testing.assert_allclose(both["close"], fixed_adjusted, rtol=1e-7)  # the file's own digits
    np.testing.assert_array_equal(both["volume"], split["volume"])


def test_reverse_split_of_a_broken_ratio() -> None:
    raw, _ = yahoo("DEX-AX-1d-bad-stock-split.csv")
    fixed, _ = yahoo("DEX-AX-1d-bad-stock-split-fixed.csv")
    split = adjusted(raw, [Split("2023-05-22", Decimal("0.4406"))])
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(split[name], fixed[name], rtol=1e-5)


def test_dividend_that_yahoo_left_out() -> None:
    raw, _ = yahoo("8TRA-DE-1d-missing-div-adjust.csv")
    _, fixed_adjusted = yahoo("8TRA-DE-1d-missing-div-adjust-fixed.csv")
    np.testing.assert_allclose(adjusted(raw, [Dividend("2023-06-02", "0.7")])["close"], fixed_adjusted, rtol=1e-7)


def frame(**columns: list[str]) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=3, freq="D", tz="UTC", name="timestamp")
    return pd.DataFrame({name: [Decimal(value) for value in values] for name, values in columns.items()}, index=index, dtype=object)


def test_decimals_stay_decimals_and_other_columns_stay() -> None:
    bars = frame(close=["100", "110", "11"], volume=["3", "4", "50"], quote_volume=["300", "440", "550"])
    both = adjusted(bars, [Split("2024-01-03", 10), Dividend("2024-01-02", 1)])
    assert both["close"].tolist() == [Decimal("9.9"), Decimal("11"), Decimal("11")]
    assert both["volume"].tolist() == [Decimal(30), Decimal(40), Decimal(50)]
    assert both["quote_volume"].tolist() == bars["quote_volume"].tolist()
    assert bars["close"].iloc[0] == 100  # the frame that was given is left alone


def test_an_action_outside_the_frame() -> None:
    bars = frame(close=["100", "110", "120"])
    assert adjusted(bars, [Split("2023-01-01", 2), Dividend("2023-01-01", 5)])["close"].tolist() == bars["close"].tolist()
    assert adjusted(bars, [Split("2025-01-01", 2)])["close"].tolist() == [50, 55, 60]


@pytest.mark.parametrize("action", [Split("2024-01-02", 0), Dividend("2024-01-02", -1), Dividend("2024-01-02", 100)])
def test_impossible_actions(action: Split | Dividend) -> None:
    with pytest.raises(UserError):
        adjusted(frame(close=["100", "110", "120"]), [action])

"""Columns: guessed from the names that vendors use, or told."""

import pytest

from runtime.errors import UserError
from tickerplant.importing.columns import columns_of


@pytest.mark.parametrize(
    ("header", "kind", "names"),
    [
        ("id,price,qty,quote_qty,time,is_buyer_maker", "trades",
         {"time": "time", "price": "price", "size": "qty", "trade_id": "id", "buyer_maker": "is_buyer_maker"}),
        ("timestamp,symbol,side,amount,Price,TradeId", "trades",
         {"time": "timestamp", "symbol": "symbol", "side": "side", "size": "amount", "price": "Price", "trade_id": "TradeId"}),
        ("Time,Bid,Ask,Bid Size,Ask Size", "quotes", {"time": "Time", "bid": "Bid", "ask": "Ask", "bid_size": "Bid Size", "ask_size": "Ask Size"}),
        ("Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits", "bars",
         {"time": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume", "dividend": "Dividends",
          "split": "Stock Splits", "adjusted_close": "Adj Close"}),
        ("open_time,open,high,low,close,volume,close_time,quote_volume,count", "bars",
         {"time": "open_time", "open": "open", "high": "high", "low": "low", "close": "close", "volume": "volume",
          "quote_volume": "quote_volume", "trade_count": "count"}),
    ],
)  # fmt: skip
def test_guesses(header: str, kind: str, names: dict[str, str]) -> None:
    columns = columns_of(header.split(","), {}, None)
    assert columns.kind == kind
    assert {role: parts[0] for role, parts in columns.names.items()} == names
    assert set(columns.guessed) == set(names)


def test_what_is_told_counts_and_is_not_called_guessed() -> None:
    columns = columns_of(["Date", "Time", "last", "px", "qty"], {"price": "px", "time": "Date+Time"}, None)
    assert columns.names["time"] == ("Date", "Time")
    assert columns.positions(["qty", "px", "Time", "Date", "last"]) == {"time": (3, 2), "price": (1,), "size": (0,)}
    assert columns.told() == "time=Date+Time, price=px, size=qty (guessed)"


@pytest.mark.parametrize(
    ("header", "told", "said"),
    [
        (["a", "b"], {}, "neither trades"),
        (["price", "size"], {}, "which column is the time"),
        (["time", "price", "size"], {"prize": "price"}, "there is no prize"),
        (["time", "price", "size"], {"price": "px"}, "there is no column px"),
    ],
)
def test_mistakes(header: list[str], told: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        columns_of(header, told, None)

"""Reads a capture in hftbacktest's form anew: `<receive time, ns> <raw frame>` a line, plain or .gz, Binance's combined stream."""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from runtime.errors import UserError


class CapturedTrade(NamedTuple):
    """A trade frame."""

    price: Decimal
    volume: Decimal
    side: str
    ts_event_ns: int


class CapturedQuote(NamedTuple):
    """A book ticker frame."""

    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal


@dataclass(slots=True)
class CapturedSymbol:
    """All of one venue symbol: trades by id in the order of receipt, quotes by update id; of a repeated id the first one holds."""

    trades: dict[int, CapturedTrade] = field(default_factory=dict)
    quotes: dict[int, CapturedQuote] = field(default_factory=dict)
    newest_update_id: int = -1


@dataclass(slots=True)
class Capture:
    """symbols: by venue symbol, such as BTCUSDT. refused: frames of trades and book tickers that no pipeline may take for ticks."""

    symbols: dict[str, CapturedSymbol] = field(default_factory=dict)
    refused: int = 0


def read_captures(paths: Iterable[Path]) -> Capture:
    """All files in the given order. Raises UserError for a file that is not there or is no capture."""
    capture = Capture()
    for path in paths:
        try:
            for line_number, line in enumerate(_lines(path), 1):
                _take(capture, line, f"{path} line {line_number}")
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read as a capture ({error}); give lines of `<ns> <frame>`, plain or .gz") from None
    return capture


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt", encoding="utf-8") if is_packed else path.open(encoding="utf-8") as lines:
        yield from lines


def _take(capture: Capture, line: str, where: str) -> None:
    received, _, frame = line.strip().partition(" ")
    if not received:
        return
    if not received.isdigit():
        raise UserError(f"{where} does not begin with a receive time; a capture has `<ns> <frame>` a line")
    try:
        message = json.loads(frame)
        channel, data = message["stream"].partition("@")[2], message["data"]
        if channel == "trade":
            _take_trade(capture, data)
        elif channel == "bookTicker":
            _take_quote(capture, data)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        capture.refused += '"lastUpdateId"' not in frame  # the REST snapshot of the book stands in such files too


def _take_trade(capture: Capture, data: dict[str, Any]) -> None:
    side = "sell" if data["m"] else "buy"  # m: the buyer was the maker, so the seller came and took
    trade = CapturedTrade(_positive(data["p"]), _positive(data["q"]), side, data["T"] * 1_000_000)
    capture.symbols.setdefault(data["s"], CapturedSymbol()).trades.setdefault(int(data["t"]), trade)


def _take_quote(capture: Capture, data: dict[str, Any]) -> None:
    quote = CapturedQuote(_positive(data["b"]), Decimal(data["B"]), _positive(data["a"]), Decimal(data["A"]))
    symbol = capture.symbols.setdefault(data["s"], CapturedSymbol())
    if data["u"] > symbol.newest_update_id:
        symbol.newest_update_id = data["u"]
        symbol.quotes[data["u"]] = quote


def _positive(text: str) -> Decimal:
    number = Decimal(text)
    if not number > 0:
        raise ValueError(text)
    return number


def venue_symbol(symbol: str) -> str:
    """BTC-USDT as the venue writes it."""
    return symbol.replace("-", "")

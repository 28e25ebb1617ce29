"""Generated prices, in the venue's own frames. Every frame is a function of (seed, symbol, second): playing may start anywhere, and two runs that
overlap in event time give the same trades under the same ids. Trade ids are contiguous; update ids are microseconds.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ingestors.exchange_server.material import Frame, ListedSymbol, TradeRow, listed_canonical
from ingestors.exchange_server.walk import Walk, mixed

_VOLATILITY = 5e-4  # of the log price a second: 1.2 % in ten minutes, so that votes of every indicator occur within hours
_DELAY_NS = 2_000_000  # from the venue's time to the receipt in the capture
_BASES = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0, "BNB": 550.0, "XRP": 2.5}
_LEVELS = 10


@dataclass(frozen=True, slots=True)
class Generated:
    """symbols: canonical. start_s: second since 1970 of the first frame; length_s: event time, None for endless.

    trades_per_s: of each symbol, any rate down to 0.001; quotes come at the same rate, books twice a second, klines every 2 s.
    """

    symbols: tuple[str, ...]
    seed: int
    start_s: int
    length_s: int | None = None
    trades_per_s: float = 4.0


@dataclass(slots=True)
class Second:
    """All that happens to one symbol in one second; frames: (microsecond, stream, data as JSON), ascending."""

    trades: list[TradeRow]
    frames: list[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Minute:
    """A bar in the making; sums are exact."""

    first_id: int = -1
    last_id: int = -1
    number: int = 0
    opened: Decimal = Decimal()
    high: Decimal = Decimal()
    low: Decimal = Decimal()
    closed: Decimal = Decimal()
    volume: Decimal = Decimal()
    quote_volume: Decimal = Decimal()
    taker_volume: Decimal = Decimal()
    taker_quote: Decimal = Decimal()

    def plus(self, trades: list[TradeRow]) -> "Minute":
        """With later trades, at least one."""
        prices, sizes = [Decimal(row.price) for row in trades], [Decimal(row.size) for row in trades]
        taken = [(size, size * price) for row, size, price in zip(trades, sizes, prices, strict=True) if not row.buyer_is_maker]
        return Minute(
            self.first_id if self.number else trades[0].trade_id,
            trades[-1].trade_id,
            self.number + len(trades),
            self.opened if self.number else prices[0],
            max(self.high, *prices),
            min(self.low, *prices) if self.number else min(prices),
            prices[-1],
            self.volume + sum(sizes),
            self.quote_volume + sum(size * price for size, price in zip(sizes, prices, strict=True)),
            self.taker_volume + sum(size for size, _ in taken),
            self.taker_quote + sum(quote for _, quote in taken),
        )

    def prices(self) -> tuple[str, str, str, str]:
        """Open, high, low, close as the venue writes them."""
        return f"{self.opened:.8f}", f"{self.high:.8f}", f"{self.low:.8f}", f"{self.closed:.8f}"


class SymbolGenerator:
    """The market of one symbol. Pure but for a cache."""

    def __init__(self, symbol: str, settings: Generated) -> None:
        self.listed = listed_canonical(symbol)
        self._seed = mixed(settings.seed, *symbol.encode())
        self._rate_milli = max(1, round(settings.trades_per_s * 1000))
        base = _BASES.get(self.listed.base, 10.0 + self._seed % 400)
        self._tick = 0.01 if base >= 50 else 0.0001
        self._walk = Walk(self._seed, base, _VOLATILITY)
        name = self.listed.venue.lower()
        self._trade_stream, self._quote_stream = f"{name}@trade", f"{name}@bookTicker"
        self._depth_stream, self._kline_stream = f"{name}@depth@100ms", f"{name}@kline_1m"
        self.trades_of = lru_cache(maxsize=256)(self._trades_of)
        self._minute = lru_cache(maxsize=256)(self._compute_minute)

    def first_id(self, second: int) -> int:
        """The id of the first trade at or after a second."""
        return second * self._rate_milli // 1000

    def second_of(self, trade_id: int) -> int:
        """The second in which a trade happens."""
        return ((trade_id + 1) * 1000 - 1) // self._rate_milli

    def _trades_of(self, second: int) -> list[TradeRow]:
        first, end = self.first_id(second), self.first_id(second + 1)
        chance = random.Random(mixed(self._seed, second, 1))  # noqa: S311 (prices, not secrets)
        opening, closing = self._walk.price(second), self._walk.price(second + 1)
        rows = []
        for trade_id, at in zip(range(first, end), sorted(chance.random() for _ in range(end - first)), strict=True):
            sells = chance.random() < 0.5
            price = opening + (closing - opening) * at + (-self._tick if sells else self._tick) / 2
            size = chance.expovariate(8.0) + 0.00001
            rows.append(TradeRow(trade_id, self._text(price), f"{size:.5f}000", second * 1000 + int(at * 1000), sells))
        return rows

    def _text(self, price: float) -> str:
        return f"{max(round(price / self._tick), 1) * self._tick:.4f}0000"

    def second(self, second: int) -> Second:
        """Trades, quotes and two book differences."""
        trades = self.trades_of(second)
        frames = [self._trade_frame(row) for row in trades]
        frames += self._quote_frames(second)
        frames += [self._depth_frame(second, half) for half in (0, 1)]
        frames.sort(key=lambda frame: frame[0])
        return Second(trades, frames)

    def _trade_frame(self, row: TradeRow) -> tuple[int, str, str]:
        maker = "true" if row.buyer_is_maker else "false"
        data = (
            f'{{"e":"trade","E":{row.time_ms + 1},"s":"{self.listed.venue}","t":{row.trade_id},"p":"{row.price}","q":"{row.size}",'
            f'"T":{row.time_ms},"m":{maker},"M":true}}'
        )
        return row.time_ms * 1000 + 999, self._trade_stream, data

    def _quote_frames(self, second: int) -> Iterator[tuple[int, str, str]]:
        chance = random.Random(mixed(self._seed, second, 2))  # noqa: S311 (prices, not secrets)
        opening, closing = self._walk.price(second), self._walk.price(second + 1)
        number = self.first_id(second + 1) - self.first_id(second)
        for at_us in sorted({int(chance.random() * 1_000_000) for _ in range(number)}):
            middle = opening + (closing - opening) * at_us / 1e6
            bid, ask = self._text(middle - self._tick), self._text(middle + self._tick)
            update_id = second * 1_000_000 + at_us
            data = (
                f'{{"u":{update_id},"s":"{self.listed.venue}","b":"{bid}","B":"{chance.random() * 5:.5f}000",'
                f'"a":"{ask}","A":"{chance.random() * 5:.5f}000"}}'
            )
            yield update_id, self._quote_stream, data

    def _depth_frame(self, second: int, half: int) -> tuple[int, str, str]:
        """All changes of half a second: its update ids follow those of the half before."""
        start_us = second * 1_000_000 + half * 500_000
        end_us = start_us + 499_999
        number = second * 2 + half
        bids, asks = (_changes(self._levels(number - 1, sign), self._levels(number, sign)) for sign in (-1, 1))
        data = f'{{"e":"depthUpdate","E":{end_us // 1000},"s":"{self.listed.venue}","U":{start_us},"u":{end_us},"b":[{bids}],"a":[{asks}]}}'
        return end_us, self._depth_stream, data

    def _levels(self, half_second: int, sign: int) -> dict[str, str]:
        """Price to size of one side of the book at the end of a half second, the best first."""
        middle = self._walk.price(half_second // 2)
        sizes = [f"{mixed(self._seed, half_second, level) % 500_000 / 100_000 + 0.00001:.5f}000" for level in range(1, _LEVELS + 1)]
        return {self._text(middle + sign * level * self._tick): size for level, size in enumerate(sizes, 1)}

    def _compute_minute(self, second: int) -> "Minute":
        """The minute's bar from its start to the end of this second."""
        trades = self.trades_of(second)
        before = self._minute(second - 1) if second % 60 else Minute()
        return before.plus(trades) if trades else before

    def kline_frame(self, second: int) -> tuple[int, str, str]:
        """The kline at the end of a second: that of its minute so far, closed if it is the minute's last second. A minute without trades is flat."""
        minute = self._minute(second)
        start_ms, end_us, venue = (second - second % 60) * 1000, (second + 1) * 1_000_000 - 1, self.listed.venue
        flat = self._text(self._walk.price(second - second % 60))
        opened, high, low, last = minute.prices() if minute.number else (flat, flat, flat, flat)
        closed = "true" if second % 60 == 59 else "false"
        data = (
            f'{{"e":"kline","E":{end_us // 1000},"s":"{venue}","k":{{"t":{start_ms},"T":{start_ms + 59_999},"s":"{venue}","i":"1m",'
            f'"f":{minute.first_id},"L":{minute.last_id},"o":"{opened}","c":"{last}","h":"{high}","l":"{low}","v":"{minute.volume:.8f}","n":{minute.number},'
            f'"x":{closed},"q":"{minute.quote_volume:.8f}","V":"{minute.taker_volume:.8f}","Q":"{minute.taker_quote:.8f}","B":"0"}}}}'
        )
        return end_us, self._kline_stream, data

    def book(self, at_us: int) -> dict[str, Any]:
        """A snapshot as REST gives it."""
        ended = (at_us + 1) // 500_000 - 1
        bids, asks = ([list(level) for level in self._levels(ended, sign).items()] for sign in (-1, 1))
        return {"lastUpdateId": at_us, "bids": bids, "asks": asks}


def _changes(before: dict[str, str], now: dict[str, str]) -> str:
    """The differences' levels: what is no more, and all that is."""
    gone = [f'["{price}","0.00000000"]' for price in before if price not in now]
    return ",".join([*gone, *(f'["{price}","{size}"]' for price, size in now.items())])


class Generator:
    """The market of several symbols, second by second. REST knows the trades before the start too: the exchange was there before we listened."""

    def __init__(self, settings: Generated) -> None:
        self.settings = settings
        self._markets = {market.listed.venue: market for market in (SymbolGenerator(symbol, settings) for symbol in settings.symbols)}
        self.symbols: Sequence[ListedSymbol] = [market.listed for market in self._markets.values()]
        self._newest: dict[str, int] = {venue: market.first_id(settings.start_s) - 1 for venue, market in self._markets.items()}
        self._now_us = settings.start_s * 1_000_000 - 1

    def frames(self) -> Iterator[Frame]:
        second = self.settings.start_s
        while self.settings.length_s is None or second < self.settings.start_s + self.settings.length_s:
            yield from self._frames_of(second)
            second += 1

    def _frames_of(self, second: int) -> list[Frame]:
        happened: list[tuple[int, str, str]] = []
        for market in self._markets.values():
            happened += market.second(second).frames
            if second % 2:
                happened.append(market.kline_frame(second))
        happened.sort(key=lambda frame: frame[0])
        return [_frame(at_us * 1000 + _DELAY_NS, stream, data) for at_us, stream, data in happened]

    def played(self, frames: Sequence[Frame]) -> None:
        self._now_us = (frames[-1].ts_ns - _DELAY_NS) // 1000
        for frame in frames:
            if frame.stream.endswith("@trade"):
                start = frame.payload.index(b'"t":') + 4
                venue = frame.stream[: -len("@trade")].upper()
                self._newest[venue] = int(frame.payload[start : frame.payload.index(b",", start)])

    def trades(self, venue: str, from_id: int | None, limit: int) -> list[TradeRow]:
        market, newest = self._markets[venue], self._newest[venue]
        wanted = max(0, newest + 1 - limit if from_id is None else from_id)
        return _rows(market, wanted, min(wanted + limit - 1, newest))

    def first_at(self, venue: str, time_ms: int) -> int | None:
        market, second = self._markets[venue], time_ms // 1000
        inside = (row.trade_id for row in market.trades_of(second) if row.time_ms >= time_ms)
        first = next(inside, market.first_id(second + 1))
        return first if first <= self._newest[venue] else None

    def newest_trade_ids(self) -> dict[str, int]:
        """By the venue's name, of what has been played."""
        return dict(self._newest)

    def depth(self, venue: str) -> dict[str, Any]:
        return self._markets[venue].book(self._now_us)


def _rows(market: SymbolGenerator, first_id: int, last_id: int) -> list[TradeRow]:
    if first_id > last_id:
        return []
    seconds = range(market.second_of(first_id), market.second_of(last_id) + 1)
    return [row for second in seconds for row in market.trades_of(second) if first_id <= row.trade_id <= last_id]


def _frame(ts_ns: int, stream: str, data: str) -> Frame:
    return Frame(ts_ns, stream, f'{{"stream":"{stream}","data":{data},"ts_capture_ns":{ts_ns}}}'.encode())

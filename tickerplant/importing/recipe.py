"""How the rows of an import become events: what the user told, and what was found out from the files."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from processors.forms import is_symbol
from runtime.errors import InvalidRecord, UserError
from schemas.reasons import Reason
from schemas.symbols import AssetClass
from schemas.timeframes import FIXED_NS, Timeframe
from tickerplant.importing.columns import Columns
from tickerplant.importing.values import TimeReader, Unit, decimal_text

TICKS_SOURCE, BARS_SOURCE = "file", "file-bars"
is_source = re.compile(r"[a-z][a-z0-9-]{0,31}").fullmatch
_OTHER_NAMES = {"1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "60m": "1h", "60min": "1h", "d": "1d", "day": "1d", "1day": "1d",
                "h": "1h", "hour": "1h", "1hour": "1h", "w": "1w", "1wk": "1w", "week": "1w", "1mo": "1M", "1month": "1M"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What the user told. symbol, source, timeframe: of rows that name none. rename: canonical symbol by the file's.

    unit, zone, form, day: of times, see TimeReader. price_scale, size_scale: what numbers are multiplied by. bars_end: bars carry the time of their end.
    known_at_ns: when all bars of the files became known, None: each at its close. contiguous: the venue numbers its trades without holes.
    complete_until_ns: nothing is missing up to there, so bars that end by then close.
    """

    symbol: str = ""
    source: str = ""
    timeframe: str = ""
    rename: Mapping[str, str] = field(default_factory=dict)
    unit: Unit | None = None
    zone: str = "UTC"
    form: str = ""
    day: date | None = None
    price_scale: Decimal | None = None
    size_scale: Decimal | None = None
    bars_end: bool = False
    known_at_ns: int | None = None
    contiguous: bool = False
    complete_until_ns: int = 0
    asset_classes: Mapping[str, AssetClass] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """unit: of times, told or found out; timeframe: of bars whose rows name none, "" where they do."""

    options: Options
    columns: Columns
    unit: Unit
    timeframe: str

    def source(self) -> str:
        return self.options.source or (BARS_SOURCE if self.columns.kind == "bars" else TICKS_SOURCE)

    def times(self) -> TimeReader:
        return TimeReader(self.unit, zone_named(self.options.zone), self.options.form, self.options.day)

    def price(self, text: str) -> str:
        return decimal_text(text, self.options.price_scale)

    def size(self, text: str) -> str:
        return decimal_text(text, self.options.size_scale)

    def symbol_of(self, text: str) -> str:
        """Canonical: as renamed, else in capitals with a dash for a slash. Raises InvalidRecord."""
        named = text.strip() or self.options.symbol
        symbol = self.options.rename.get(named) or named.upper().replace("/", "-").replace("_", "-")
        if not is_symbol(symbol):
            raise InvalidRecord(Reason.INVALID_FIELD, f"symbol {named[:64]!r} is no canonical symbol")
        return symbol

    def source_of(self, text: str) -> str:
        """Raises InvalidRecord."""
        source = text.strip().lower().replace("_", "-").replace(" ", "-") or self.source()
        if not is_source(source):
            raise InvalidRecord(Reason.INVALID_FIELD, f"source {text[:64]!r} is no name of a source")
        return source

    def timeframe_of(self, text: str) -> Timeframe:
        """Raises InvalidRecord."""
        named = text.strip() or self.timeframe
        try:
            return Timeframe(_OTHER_NAMES.get(named.lower(), named))
        except ValueError:
            raise InvalidRecord(Reason.INVALID_FIELD, f"there is no timeframe {named[:64]!r}; there are {', '.join(Timeframe)}") from None


Cell = Callable[[Sequence[str]], str]


def cell(positions: Mapping[str, tuple[int, ...]], role: str) -> Cell:
    """Reads a role's text from a row; "" where the file has none. The row may be short: raises IndexError."""
    at = positions.get(role, ())
    if not at:
        return lambda row: ""
    if len(at) == 1:
        (only,) = at
        return lambda row: row[only]
    return lambda row: " ".join(row[one] for one in at)


def zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise UserError(f"--tz {name} is no time zone; write it as UTC or America/New_York") from None


def timeframe_from(times_ns: Sequence[int]) -> str:
    """The timeframe whose length is the most frequent step between neighbouring times. Raises UserError where there is none."""
    steps = [abs(later - earlier) for earlier, later in pairwise(times_ns) if later != earlier]
    usual = max(set(steps), key=steps.count, default=0)
    for timeframe, length_ns in FIXED_NS.items():
        if usual == length_ns:
            return timeframe.value
    raise UserError(f"which timeframe are these bars of? Write --timeframe 1m (or any of {', '.join(Timeframe)})")

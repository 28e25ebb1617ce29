"""A bar on its way: its interval, its fold, and how it becomes an event."""

from dataclasses import dataclass

from msgspec import Struct

from processors.bars.exact import quotient, stripped, text_of
from processors.bars.fold import Fold
from schemas.bars import Bar, BarKind
from schemas.reasons import Reason

SCORE_UNITS = 10**12  # of a minute's score, so that their sum is exact and does not depend on their order
_SEQUENCE_GAP = Reason.SEQUENCE_GAP.value
_PARTIAL_INTERVAL = Reason.PARTIAL_INTERVAL.value


@dataclass(frozen=True, slots=True)
class Label:
    """Whose bar it is."""

    symbol: str
    source: str
    timeframe: str
    primary: bool = True
    primary_epoch: int = 0


class OpenBar(Struct, array_like=True):
    """One interval with trades, open or closed. revision: of the next emission until it closes, then of the last.

    minutes, score_sum: number of closed 1m bars in it and the sum of their scores in SCORE_UNITS; 0 for a 1m bar, whose trades count one by one.
    run: how many synthetic bars in a row end with it; 0 if it has trades.
    """

    ts_open_ns: int
    ts_close_ns: int
    fold: Fold
    minutes: int = 0
    score_sum: int = 0
    revision: int = 0
    run: int = 0

    @property
    def is_empty(self) -> bool:
        """A synthetic bar."""
        return not self.fold.count

    def score(self) -> float:
        """Mean quality: of the trades of a 1m bar, of the 1m bars (each the same weight) of a longer one."""
        return self.score_sum / (self.minutes * SCORE_UNITS) if self.minutes else self.fold.score()

    def score_units(self) -> int:
        return round(self.score() * SCORE_UNITS)

    def take_minute(self, minute: "OpenBar") -> None:
        """Merges a 1m bar that has just closed."""
        self.take_fold(minute.fold)
        self.minutes += 1
        self.score_sum += minute.score_units()

    def take_fold(self, fold: Fold) -> None:
        """Merges trades. The first ones take the place of a synthetic bar's standing price."""
        if self.is_empty:
            self.fold, self.run = fold.copy(), 0
        else:
            self.fold.merge(fold)

    @classmethod
    def from_minute(cls, ts_open_ns: int, ts_close_ns: int, minute: "OpenBar") -> "OpenBar":
        """A longer bar that begins with this 1m bar."""
        return cls(ts_open_ns, ts_close_ns, minute.fold.copy(), 1, minute.score_units())

    def holds(self, ts_event_ns: int) -> bool:
        return self.ts_open_ns <= ts_event_ns < self.ts_close_ns

    def event(self, label: Label, series_first_ns: int, known_at_ns: int) -> Bar:
        """The bar as it stands. series_first_ns: time of the first trade of the timeframe's series, whose interval was not observed whole."""
        fold = self.fold
        partial = self.holds(series_first_ns)
        coverage = (self.ts_close_ns - series_first_ns) / (self.ts_close_ns - self.ts_open_ns) if partial else 1.0
        reasons = tuple(sorted({*fold.reasons, _PARTIAL_INTERVAL})) if partial else fold.reasons
        return Bar(
            symbol=label.symbol,
            source=label.source,
            timeframe=label.timeframe,
            ts_open_ns=self.ts_open_ns,
            ts_close_ns=self.ts_close_ns,
            open=stripped(fold.open),
            high=text_of(fold.high),
            low=text_of(fold.low),
            close=stripped(fold.close),
            volume=text_of(fold.volume),
            quote_volume=text_of(fold.quote_volume),
            vwap=text_of(quotient(fold.quote_volume, fold.volume)) if fold.volume else stripped(fold.close),
            trade_count=0 if fold.sides else fold.count,
            kind=self._kind(reasons),
            revision=self.revision,
            quality=0.0 if self.is_empty else round(self.score() * coverage, 6),
            reasons=reasons,
            known_at_ns=known_at_ns,
            primary=label.primary,
            primary_epoch=label.primary_epoch,
            price_basis="mid" if fold.sides else "trade",
            quote_count=fold.count if fold.sides else 0,
            sides=fold.sides.event() if fold.sides else None,
        )

    def _kind(self, reasons: tuple[str, ...]) -> BarKind:
        if self.is_empty:
            return "synthetic"
        if self.revision:
            return "corrected"
        return "incomplete" if _PARTIAL_INTERVAL in reasons or _SEQUENCE_GAP in reasons else "final"

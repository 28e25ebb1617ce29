"""What market.quality says of one (symbol, source): counts of the window that is open. Nearly all of it is counted only when something is odd."""

from collections.abc import Sequence

from msgspec import Struct, field

from processors.validate.latencies import Latencies
from schemas.quality import QualityRecord
from schemas.reasons import Reason

OUT_OF_ORDER = Reason.OUT_OF_ORDER.value


class Tally(Struct, array_like=True):
    """seq_before: seq of the last tick before the window, so that seq says how many were valid. lost: score that the valid ticks lost, summed."""

    seq_before: int = 0
    invalid: int = 0
    duplicate: int = 0
    gaps: int = 0
    lost: float = 0.0
    reasons: dict[str, int] = {}
    latencies: Latencies = field(default_factory=Latencies)

    def odd(self, reasons: Sequence[str], quality: float) -> None:
        """A valid tick that lost score."""
        self.lost += 1.0 - quality
        for reason in reasons:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def refuse(self, reason: str) -> None:
        """A tick that became a dead letter."""
        self.invalid += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def is_empty(self, seq: int) -> bool:
        """Nothing came, good or wrong, and no gap opened."""
        return not (self.total(seq) or self.gaps)

    def total(self, seq: int) -> int:
        """Ticks that came in the window, when seq is that of the last valid one."""
        return seq - self.seq_before + self.invalid + self.duplicate

    def record(self, symbol: str, source: str, seq: int, from_ns: int, to_ns: int) -> QualityRecord:
        """The window as an event. Latencies that wait must have been folded in."""
        valid = seq - self.seq_before
        judged = valid + self.invalid
        return QualityRecord(
            symbol=symbol,
            source=source,
            ts_from_ns=from_ns,
            ts_to_ns=to_ns,
            total=self.total(seq),
            valid=valid,
            invalid=self.invalid,
            duplicate=self.duplicate,
            out_of_order=self.reasons.get(OUT_OF_ORDER, 0),
            gaps=self.gaps,
            latency_average_ns=self.latencies.average_ns(),
            latency_p99_ns=self.latencies.p99_ns(),
            score=max(0.0, round((valid - self.lost) / judged, 6)) if judged else 1.0,
            reasons=dict(sorted(self.reasons.items())),
        )

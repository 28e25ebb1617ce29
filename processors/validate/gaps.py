"""Holes in a venue's contiguous trade ids: an event when one opens, another when all its trades have come after all."""

from msgspec import Struct

from schemas.gaps import Gap, GapCause, GapState
from schemas.ticks import Trade

MAX_OPEN_GAPS = 256


class OpenGap(Struct, array_like=True):
    """One hole: from_id and to_id are the ids around it, from_ns and to_ns their event times; filled: how many of it came later."""

    from_id: int
    to_id: int
    from_ns: int
    to_ns: int
    filled: int = 0
    cause: GapCause = "sequence"

    @property
    def size(self) -> int:
        return self.to_id - self.from_id - 1

    def event(self, trade: Trade, source: str, state: GapState) -> Gap:
        """The event that `trade` caused. gap_id names the hole as the ingestor does, so both speak of one gap."""
        return Gap(
            gap_id=f"{source}:{trade.symbol}:trade:{self.from_id}:{self.to_id}",
            symbol=trade.symbol,
            source=source,
            channel="trade",
            cause=self.cause,
            state=state,
            from_id=self.from_id,
            to_id=self.to_id,
            from_ns=self.from_ns,
            to_ns=self.to_ns,
            size=self.size,
            filled=self.filled,
            known_at_ns=trade.ts_ingest_ns,
        )


def open_gap(gaps: list[OpenGap], trade: Trade, source: str, from_id: int, from_ns: int, cause: GapCause = "sequence") -> list[Gap]:
    """The hole between from_id and the trade; beyond MAX_OPEN_GAPS the oldest one is given up. gaps stays sorted by id."""
    assert isinstance(trade.trade_id, int)
    gap = OpenGap(from_id, trade.trade_id, from_ns, trade.ts_event_ns, cause=cause)
    gaps.append(gap)
    events = [gap.event(trade, source, "open")]
    if len(gaps) > MAX_OPEN_GAPS:
        events.append(_give_up(gaps.pop(0), trade, source))
    return events


def fill_gap(gaps: list[OpenGap], trade: Trade, source: str) -> list[Gap]:
    """A trade that came after a younger one: counts it in its hole and tells when that is full."""
    trade_id = trade.trade_id
    assert isinstance(trade_id, int)
    gap = next((gap for gap in gaps if gap.from_id < trade_id < gap.to_id), None)
    if gap is None:
        return []
    gap.filled += 1
    if gap.filled < gap.size:
        return []
    gaps.remove(gap)
    return [gap.event(trade, source, "filled")]


def give_up_below(gaps: list[OpenGap], given_up: int, trade: Trade, source: str) -> list[Gap]:
    """Holes whose missing ids count as seen by now (see SeenIds.given_up): they will not be filled."""
    events = []
    while gaps and gaps[0].from_id < given_up:
        events.append(_give_up(gaps.pop(0), trade, source))
    return events


def _give_up(gap: OpenGap, trade: Trade, source: str) -> Gap:
    return gap.event(trade, source, "partial" if gap.filled else "unfillable")

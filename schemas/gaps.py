"""Gaps: every break of continuity is an event, and another one when it is filled. Topic market.gaps, keyed by symbol."""

from typing import Literal

from msgspec import Struct

GapCause = Literal["reconnect", "restart", "sequence", "silence", "dropped", "dead_letter", "retention"]
GapState = Literal["open", "filled", "partial", "unfillable"]
GapChannel = Literal["trade", "quote", "book", "bar", "record"]


class Gap(Struct):
    """One break. The same gap_id comes again with a new state; the last one holds.

    from_id, to_id: the last id before and the first id after, both exclusive (0 where the venue numbers nothing).
    from_ns, to_ns: event times of those. size: how many of the venue's numbers lie between (to_id - from_id - 1), or 0 if unknown.
    filled: how many events were recovered. Quotes cannot be fetched again at Binance: their gaps are `unfillable`.
    cause `silence`: nothing came for too long while the market was open; no ids, gap_id ends in silence:<from_ns>, to_ns is how far that is known.
    Its next tick ends it: `filled` where the venue numbers its trades, so that a lost one makes a gap of its own, else `unfillable`.
    cause `dead_letter`: all that is missing in the hole came, and was refused.
    cause `dropped`: ticks that came too late for the stream's bars: they are stored, `tickerplant rebuild bars` puts them into bars and tells it as
    `filled`; no ids, from_ns and to_ns are the event times of the first and last of them, size is how many, gap_id ends in dropped:<from_ns>:<seq>.
    channel `bar`: bars that a provider left out while the market was open; no ids, gap_id ends in the timeframe, from_ns and to_ns; size counts bars.
    Of cause `dropped`: one that its provider restated too late for the stream; `tickerplant backfill` fills it.
    """

    gap_id: str
    symbol: str
    source: str
    channel: GapChannel
    cause: GapCause
    state: GapState
    from_id: int
    to_id: int
    from_ns: int
    to_ns: int
    size: int
    filled: int
    known_at_ns: int
    v: int = 1

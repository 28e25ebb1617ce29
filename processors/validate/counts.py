"""What /metrics says of one source's envelopes. Labels are looked up once, and a gauge is set when its value changes: either costs as much as a tick."""

from collections.abc import Sequence
from functools import lru_cache

from runtime.metrics import DROPPED, QUALITY, TICKS_IN, TICKS_OUT
from schemas.reasons import Reason
from schemas.ticks import Tick


class Counts:
    """Of one (stage, source). Use `counts_of`: two of a kind would not know what the other has set."""

    def __init__(self, stage: str, source: str) -> None:
        self._stage = stage
        self._in, self._out = TICKS_IN.labels(stage, source), TICKS_OUT.labels(stage, source)
        self._quality = QUALITY.labels(stage, source)
        self._told = -1.0

    def envelope(self, ticks_in: int, kept: Sequence[Tick], duplicates: int) -> None:
        """Counts one."""
        self._in.inc(ticks_in)
        if kept:
            self._out.inc(len(kept))
            quality = kept[0].quality if len(kept) == 1 else sum([tick.quality for tick in kept]) / len(kept)
            if quality != self._told:
                self._told = quality
                self._quality.set(quality)
        if duplicates:
            DROPPED.labels(self._stage, Reason.DUPLICATE.value).inc(duplicates)


counts_of = lru_cache(maxsize=256)(Counts)

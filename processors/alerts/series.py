"""The samples of one series, as many as corrections and looking back need."""

from bisect import bisect_left
from collections.abc import Collection

from msgspec import Struct, field

from processors.alerts.measures import Sample
from processors.alerts.rules import LOOKBACK_BARS
from processors.alerts.track import Track

CORRECTED_BARS = 64  # a correction of one of so many is judged again, if no setting says more
QUIET_SAMPLES = 24  # kept while no rule looks: a median of 20 bars is there at once
_WHOLE_SAMPLES = 2  # the newest keep all their values, for a rule that is read just after them


class History(Struct, array_like=True):
    """samples: oldest first; those before `first` are only looked back on. tracks: by rule id."""

    first: int = 0
    samples: list[Sample] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)

    def place(self, sample: Sample) -> int | None:
        """Puts the sample where it belongs and says where; None if it is too old. A revision keeps the offset of the first record.

        Raises LookupError, and nothing is changed, if this revision or a later one is there already.
        """
        samples = self.samples
        if not samples or sample.ts_open_ns > samples[-1].ts_open_ns:
            samples.append(sample)
            return len(samples) - 1
        at = bisect_left(samples, sample.ts_open_ns, key=_ts_open_ns)
        known = samples[at]
        if known.ts_open_ns == sample.ts_open_ns:
            if sample.revision <= known.revision:
                raise LookupError
            sample.offset = known.offset
            samples[at] = sample
            return at
        if at == 0 and len(samples) >= QUIET_SAMPLES:
            return None
        samples.insert(at, sample)
        self.first += at < self.first
        return at

    def trim(self, wanted: Collection[str], corrected_bars: int = CORRECTED_BARS) -> None:
        """Forgets what nothing needs: samples that are too many, and of older ones the values that are not wanted."""
        while len(self.samples) - self.first > corrected_bars:
            for track in self.tracks.values():
                track.pass_over(self.samples, self.first)
            self.first += 1
        kept = LOOKBACK_BARS + corrected_bars if self.tracks else QUIET_SAMPLES
        while len(self.samples) > kept:
            del self.samples[0]
            self.first = max(0, self.first - 1)
        if len(self.samples) > _WHOLE_SAMPLES:
            older = self.samples[-1 - _WHOLE_SAMPLES]
            older.values = {name: value for name, value in older.values.items() if name in wanted}


def _ts_open_ns(sample: Sample) -> int:
    return sample.ts_open_ns

"""The samples of one series, as many as corrections and looking back need.

Most series have no rule that looks at them. Their samples wait for one that may come, packed: as objects they take seven times their bytes.
"""

from bisect import bisect_left
from collections.abc import Collection

import msgspec
from msgspec import Struct, field

from processors.alerts.measures import Sample
from processors.alerts.rules import LOOKBACK_BARS
from processors.alerts.track import Track

CORRECTED_BARS = 64  # a correction of one of so many is judged again, if no setting says more
QUIET_SAMPLES = 24  # kept while no rule looks: a median of 20 bars is there at once
_WHOLE_SAMPLES = 2  # the newest keep all their values, for a rule that is read just after them


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Sample).decode


class History(Struct, array_like=True):
    """samples: oldest first; those before `first` are only looked back on. tracks: by rule id.

    packed: samples older than those, where no rule looks; `first` counts them too. Call `unpack` before anything but the newest is looked at.
    """

    first: int = 0
    samples: list[Sample] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)
    packed: list[bytes] = field(default_factory=list)

    def unpack(self) -> None:
        """All samples are in `samples`."""
        if self.packed:
            self.samples[:0] = map(_unpack, self.packed)
            self.packed.clear()

    def place(self, sample: Sample) -> int | None:
        """Puts the sample where it belongs and says where in `samples`; None if it is too old. A revision keeps the offset of the first record.

        Raises LookupError, and nothing is changed, if this revision or a later one is there already.
        """
        samples = self.samples
        if not samples or sample.ts_open_ns > samples[-1].ts_open_ns:
            samples.append(sample)
            return len(samples) - 1
        self.unpack()
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
        if not self.tracks:
            self._trim_quiet(wanted, corrected_bars)
            return
        while len(self.samples) - self.first > corrected_bars:
            for track in self.tracks.values():
                track.pass_over(self.samples, self.first)
            self.first += 1
        while len(self.samples) > LOOKBACK_BARS + corrected_bars:
            del self.samples[0]
            self.first = max(0, self.first - 1)
        if len(self.samples) > _WHOLE_SAMPLES:
            _keep(self.samples[-1 - _WHOLE_SAMPLES], wanted)

    def _trim_quiet(self, wanted: Collection[str], corrected_bars: int) -> None:
        """The same where no rule looks: packs what it keeps but the newest."""
        for older in self.samples[:-_WHOLE_SAMPLES]:
            _keep(older, wanted)
            self.packed.append(_pack(older))
        del self.samples[:-_WHOLE_SAMPLES]
        number = len(self.packed) + len(self.samples)
        too_many = max(0, number - QUIET_SAMPLES)
        del self.packed[:too_many]
        self.first = max(0, max(self.first, number - corrected_bars) - too_many)


def _keep(sample: Sample, wanted: Collection[str]) -> None:
    sample.values = {name: value for name, value in sample.values.items() if name in wanted}


def _ts_open_ns(sample: Sample) -> int:
    return sample.ts_open_ns

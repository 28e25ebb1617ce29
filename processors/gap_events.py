"""Gap events as records, for all stages."""

from runtime.metrics import GAPS
from runtime.stage import Output
from schemas.codec import encode
from schemas.gaps import Gap
from schemas.headers import TYPE
from schemas.topics import Topic

_GAP = {TYPE: b"gap"}


def gap_output(gap: Gap) -> Output:
    """The event's record; counted."""
    GAPS.labels(gap.source, gap.channel, gap.state).inc()
    return Output(Topic.GAPS, encode(gap), gap.symbol.encode(), _GAP)

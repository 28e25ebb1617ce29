"""Windows of market.quality: the watermark records of a source end them, so that the same log always gives the same windows."""

from collections.abc import Iterator

from processors.validate.all_series import AllSeries
from runtime.stage import Output
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.ticks import Watermark
from schemas.topics import Topic

_QUALITY = {TYPE: b"quality"}


class Windows:
    """begun: by source, the ingestor's clock on the watermark that began its window. Part of the stage's state."""

    def __init__(self, interval_ns: int) -> None:
        self._interval_ns = interval_ns
        self.begun: dict[str, int] = {}

    def end(self, watermark: Watermark) -> tuple[int, int] | None:
        """(from, to) of the window that this watermark ends, or None. Windows end behind whole multiples of the interval.

        The first watermark of a source only begins one, as does one that goes back: another ingestor's clock, or a second replay.
        """
        now_ns = watermark.ts_ingest_ns
        begun_ns = self.begun.get(watermark.source)
        if begun_ns is not None and begun_ns <= now_ns and begun_ns // self._interval_ns == now_ns // self._interval_ns:
            return None
        self.begun[watermark.source] = now_ns
        return None if begun_ns is None or now_ns < begun_ns else (begun_ns, now_ns)


def quality_of(all_series: AllSeries, source: str, window: tuple[int, int]) -> Iterator[Output]:
    """A record of each of the source's series that had a tick in the window, or fell silent, by symbol; their counts begin anew."""
    keys = sorted(key for key, series in all_series.items() if key[1] == source and series.has_news())
    for key in keys:
        all_series.touch(key)
        record = all_series[key].end_window(key[0], source, window)
        yield Output(Topic.QUALITY, encode(record), key[0].encode(), _QUALITY)

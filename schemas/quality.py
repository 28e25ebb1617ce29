"""Quality of a source and symbol over a few seconds. Topic market.quality, keyed by symbol."""

from msgspec import Struct


class QualityRecord(Struct):
    """What validate saw of one (symbol, source) between two watermark records of the source; none for a window without any tick or gap.

    ts_from_ns, ts_to_ns: the ingestor's clock (ts_ingest_ns) on those two watermarks. A tick belongs to the window in which it stood in the log.
    total = valid + invalid + duplicate; valid: passed on; invalid: dead-lettered; duplicate: dropped. out_of_order: valid ones older than the newest.
    gaps: gap events opened. latency_average_ns, latency_p99_ns: of ts_ingest_ns - ts_event_ns of the valid ticks, below 0 where the recorder's clock
    runs behind the venue's; p99 is at most 9 % above the exact one. Both 0 without a valid tick.
    score: sum of the valid ticks' quality over valid + invalid, 0..1; 1 where neither came. reasons: how many ticks each code took score
    from or refused.
    """

    symbol: str
    source: str
    ts_from_ns: int
    ts_to_ns: int
    total: int
    valid: int
    invalid: int
    duplicate: int
    out_of_order: int
    gaps: int
    latency_average_ns: int
    latency_p99_ns: int
    score: float
    reasons: dict[str, int]
    primary: bool = True
    primary_epoch: int = 0
    v: int = 1

"""The page docs/reference/topics.md, made from the topics' specifications."""

from schemas.topics import DAY_MS, HOUR_MS, SPECS, TopicSpec
from tickerplant.reference_page import HEAD, table

_TICKS_PER_S = 1_000


def topics() -> str:
    """Name, content, retention and expected disk of every topic."""
    rows = [
        (f"`{topic}`", spec.holds, _retention(spec), _size(spec.bytes_per_million), _size(expected_disk_bytes(spec, _TICKS_PER_S)))
        for topic, spec in SPECS.items()
    ]
    return (
        HEAD.format(source="schemas/topics.py", title="Topics")
        + "All `market.*` topics have the same number of partitions (`kafka.partitions`), and a symbol has the same partition number in each.\n"
        "`tickerplant topics apply` creates them, `tickerplant topics check` compares; nothing else creates a topic. Physical names are settings\n"
        "(`kafka.topic_names`).\n\n"
        f"Disk is that of one replica after lz4, for a steady {_TICKS_PER_S:,} ticks/s kept for the whole retention. It was measured on BTC-USDT as\n"
        "recorded in `hftbacktest`, played in real time: 97 ticks/s, three to four ticks an envelope. A busier feed packs better: with full envelopes a\n"
        "million ticks take 37 MB raw and 43 MB validated. Bars, indicators and signals grow with symbols and minutes, about 300 bytes each; the figures are for\n"
        "symbols with four ticks a second. Kafka deletes whole segments, so allow one segment a partition more. A dash: nothing is written there yet, or too\n"
        "little to count.\n\n" + table(("topic", "holds", "kept for", "disk a million ticks", f"disk at {_TICKS_PER_S:,} ticks/s"), rows)
    )


def expected_disk_bytes(spec: TopicSpec, ticks_per_s: float) -> int:
    """Bytes that a topic takes once its retention is full. A compacted topic does not grow with time."""
    if spec.compacted:
        return spec.bytes_per_million
    return round(spec.bytes_per_million * ticks_per_s * max(0, spec.retention_ms) / 1000 / 1e6)


def _retention(spec: TopicSpec) -> str:
    if spec.compacted:
        return "newest of a key, for ever"
    if spec.retention_ms < 0:
        return "for ever"
    if spec.retention_ms % DAY_MS == 0:
        return f"{spec.retention_ms // DAY_MS} d"
    return f"{spec.retention_ms // HOUR_MS} h"


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}" if number else "–"
        number /= 1000
    return f"{number:.3g} TB"

"""How an ingestor of this data folder is, by the words of its processes. Blocks for up to two seconds a process."""

from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from ingestors.registry import Provider
from tickerplant.running_ingestors import running_shards
from tickerplant.stack.probe import metrics_text, not_ready

_DATA_TIME = "tickerplant_data_event_time_seconds"


@dataclass(frozen=True, slots=True)
class HealthOf:
    """missing: which checks fail, in words. data_age_s: of the newest event, by this machine's clock; None before the first. shards: where its symbols are spread over
    several processes, what is missing of each, as {"1/2": "", "2/2": "not running"}; the event is that of the one that is furthest behind then."""

    running: bool
    ready: bool
    missing: str
    data_age_s: float | None
    shards: dict[str, str] = field(default_factory=dict)

    def in_words(self) -> str:
        """For one line."""
        if not self.running:
            return "not running"
        age = "" if self.data_age_s is None else f", newest event {self.data_age_s:.1f} s old"
        return ("ready" if self.ready else f"not ready ({self.missing})") + age


NOT_RUNNING = HealthOf(False, False, "", None)


def health_of(provider: Provider, source: str, data_dir: Path, now_s: float) -> HealthOf:
    """NOT_RUNNING where no process of it is. Of several that belong together each counts: one that is missing is not running."""
    urls = {shard: str(entry["health"]) for shard, entry in running_shards(data_dir, provider.process).items()}
    if not urls:
        return NOT_RUNNING
    said = {shard: not_ready(url) for shard, url in urls.items()}
    ages_s = [_data_age_s(metrics_text(url), source, now_s) for url in urls.values()]
    age_s = max((age_s for age_s in ages_s if age_s is not None), default=None)
    if urls.keys() == {(1, 1)}:
        return HealthOf(True, not said[1, 1], said[1, 1], age_s)
    together = sorted({(number, of) for _, of in urls for number in range(1, of + 1)})
    shards = {f"{number}/{of}": said.get((number, of), "not running") for number, of in together}
    missing = "; ".join(f"shard {shard}: {what}" for shard, what in shards.items() if what)
    return HealthOf(True, not missing, missing, age_s, shards)


def _data_age_s(metrics: str, source: str, now_s: float) -> float | None:
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == _DATA_TIME and sample.labels.get("source") == source and sample.value:
                return max(0.0, now_s - sample.value)
    return None

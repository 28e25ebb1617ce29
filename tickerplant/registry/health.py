"""How an ingestor of this data folder is, by its own words. Blocks for up to two seconds."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from ingestors.registry import Provider
from runtime.health import run_file
from tickerplant.stack.probe import metrics_text, not_ready

_DATA_TIME = "tickerplant_data_event_time_seconds"


@dataclass(frozen=True, slots=True)
class HealthOf:
    """missing: which checks fail, in words. data_age_s: of the newest event, by this machine's clock; None before the first."""

    running: bool
    ready: bool
    missing: str
    data_age_s: float | None

    def in_words(self) -> str:
        """For one line."""
        if not self.running:
            return "not running"
        age = "" if self.data_age_s is None else f", newest event {self.data_age_s:.1f} s old"
        return ("ready" if self.ready else f"not ready ({self.missing})") + age


NOT_RUNNING = HealthOf(False, False, "", None)


def health_of(provider: Provider, source: str, data_dir: Path, now_s: float) -> HealthOf:
    """NOT_RUNNING where no process of it is."""
    entry = _run_entry(data_dir, provider.process)
    if not entry:
        return NOT_RUNNING
    missing = not_ready(str(entry["health"]))
    return HealthOf(True, not missing, missing, _data_age_s(metrics_text(str(entry["health"])), source, now_s))


def _run_entry(data_dir: Path, process: str) -> dict[str, Any]:
    """What the process wrote at its start, if it still lives."""
    try:
        entry = dict(json.loads(run_file(data_dir, process).read_text()))
    except (OSError, ValueError, TypeError):
        return {}
    return entry if "health" in entry and _lives(entry.get("pid")) else {}


def _lives(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another account's
    except OSError:
        return False
    return True


def _data_age_s(metrics: str, source: str, now_s: float) -> float | None:
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples:
            if sample.name == _DATA_TIME and sample.labels.get("source") == source and sample.value:
                return max(0.0, now_s - sample.value)
    return None

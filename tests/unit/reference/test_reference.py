"""The generated pages say what the code says, and what they say can be used."""

import json
import re
from pathlib import Path

import pytest

from runtime import metrics
from runtime.settings import Settings, load_settings
from schemas.reasons import Reason
from schemas.topics import SPECS, Topic, TopicSpec
from tickerplant import reference
from tickerplant.setting_page import settings
from tickerplant.topic_page import expected_disk_bytes, topics

VARIABLE = re.compile(r"^\| `([a-z0-9_.]+)` \| `(TICKERPLANT_[A-Z0-9_]+)` \|", re.MULTILINE)


def test_pages_in_the_repository_are_up_to_date() -> None:
    assert reference.stale() == [], "run `python -m tickerplant.reference` and commit docs"


def test_a_changed_page_is_stale(tmp_path: Path) -> None:
    reference.write(tmp_path)
    assert reference.stale(tmp_path) == []
    (tmp_path / "reference" / "metrics.md").write_text("old")
    (tmp_path / "reference" / "topics.md").unlink()
    assert reference.stale(tmp_path) == ["reference/topics.md", "reference/metrics.md"]


def test_every_documented_variable_sets_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    documented = VARIABLE.findall(settings())
    assert len(documented) > 60
    defaults = load_settings()
    for key, variable in documented:
        value = _at(defaults, key)
        if value is None or not isinstance(value, int | float):
            continue
        changed = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value * 1.01
        monkeypatch.setenv(variable, json.dumps(changed))
        assert _at(load_settings(), key) == changed, key
        monkeypatch.delenv(variable)


def test_every_setting_is_documented() -> None:
    documented = {key for key, _ in VARIABLE.findall(settings())}
    assert documented == {key for key in _leaves(Settings().model_dump(by_alias=True)) if not key.startswith("faults.")}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (TopicSpec("ticks", 86_400_000, bytes_per_million=40_000_000), 3_456_000_000),  # 86.4 million ticks a day
        (TopicSpec("state", -1, compacted=True, bytes_per_million=200_000), 200_000),
        (TopicSpec("alerts", 86_400_000), 0),
    ],
)
def test_expected_disk(spec: TopicSpec, expected: int) -> None:
    assert expected_disk_bytes(spec, ticks_per_s=1000) == expected


def test_topics_page_has_every_topic_with_its_retention() -> None:
    rows = {line.split(" | ")[0].strip("| `"): line for line in topics().splitlines() if line.startswith("| `market.")}
    assert set(rows) == {topic.value for topic in SPECS} == {topic.value for topic in Topic}
    assert "| 2 d |" in rows[Topic.TICKS_RAW]
    assert "| 1 h |" in rows[Topic.BARS_FORMING]
    assert "for ever" in rows[Topic.STATE_BARS]


def test_metrics_page_has_the_names_that_prometheus_stores() -> None:
    page = reference.metrics_page()
    assert len(reference.metric_families()) == sum(1 for value in vars(metrics).values() if hasattr(value, "_labelnames"))
    assert reference.exposed_names(metrics.FRAMES) == ("tickerplant_frames_total",)
    assert reference.exposed_names(metrics.LAG) == ("tickerplant_lag_records",)
    assert "`tickerplant_latency_seconds_bucket`" in page


def test_reasons_page_has_every_code() -> None:
    assert {r.value for r in Reason} == set(re.findall(r"^\| `([a-z_]+)` \|", reference.reasons(), re.MULTILINE))


def test_every_decision_is_in_the_index() -> None:
    index = reference.decisions()
    pages = sorted(path.name for path in (reference.FOLDER / "adr").glob("0*.md"))
    assert pages
    for name in pages:
        title = (reference.FOLDER / "adr" / name).read_text().split("\n", 1)[0]
        assert re.fullmatch(rf"# {int(name[:4])}\. \S.*", title), f"{name} starts with `{title}`, not with its number and title"
        assert f"[{title.split('. ', 1)[1]}]({name})" in index


def _at(settings: Settings, key: str) -> object:
    value: object = settings
    for part in key.split("."):
        value = getattr(value, "validate_" if part == "validate" else part)
    return value


def _leaves(tree: dict[str, object], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, value in tree.items():
        nested = isinstance(value, dict) and name not in (
            "topic_names",
            "asset_classes",
            "roles",
            "lifetimes_s",
            "budgets",
            "names",
            "coins",
            "datasets",
            "map",
            "rename",
            "jobs",
        )
        keys += _leaves(value, f"{prefix}{name}.") if nested and isinstance(value, dict) else [f"{prefix}{name}"]
    return keys

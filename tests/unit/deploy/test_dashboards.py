"""Every panel and every alert asks for metrics that a process really serves, with their right suffixes and labels."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from tickerplant.reference import exposed_names, metric_families

ROOT = Path(__file__).parents[3]
DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPED_LABELS = {"job", "instance", "process"}
WORDS = {"by", "on", "unless", "or", "and", "sum", "min", "max", "avg", "rate", "increase", "histogram_quantile", "max_over_time"}


def known_series() -> dict[str, set[str]]:
    """Series to labels: our catalogue, what every Prometheus client serves of its process, and `up`."""
    known: dict[str, set[str]] = {"up": set(SCRAPED_LABELS)}
    for metric in metric_families():
        for name in exposed_names(metric):
            known[name] = {*metric._labelnames, *SCRAPED_LABELS} | ({"le"} if name.endswith("_bucket") else set())
    for family in REGISTRY.collect():
        for sample in family.samples:
            if sample.name.startswith("process_"):
                known[sample.name] = set(SCRAPED_LABELS)
    return known


KNOWN = known_series()


def problems(expression: str) -> list[str]:
    """What is wrong with the names in one PromQL expression."""
    found = []
    for name, matchers in re.findall(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}", expression):
        labels = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)
        found += [f"{name} has no label {label}" for label in labels if label not in KNOWN.get(name, set())]
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\"[^\"]*\"", " ", expression)
    used = {label for group in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", bare) for label in re.findall(r"\w+", group)}
    rest = re.sub(r"\b(?:by|on)\s*\([^)]*\)", " ", bare)
    names = {word for word in re.findall(r"(?<![\w.])[a-zA-Z_]\w*", rest) if word not in WORDS}
    found += [f"unknown metric {name}" for name in names if name not in KNOWN]
    for name in names & KNOWN.keys():
        found += [f"{name} has no label {label}" for label in used if label not in KNOWN[name]]
    return found + ([] if names else ["no metric at all"])


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [(f"{path.stem}: {panel['title']}", panel) for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(("name", "panel"), panels(), ids=[name for name, _ in panels()])
def test_panel_uses_known_metrics(name: str, panel: dict[str, Any]) -> None:
    assert [p for target in panel["targets"] for p in problems(target["expr"])] == []


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_alert_uses_known_metrics(rule: dict[str, Any]) -> None:
    assert problems(rule["expr"]) == []
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert re.fullmatch(r"\d+m", rule["for"])
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("rate(tickerplant_frames[1m])", "unknown metric tickerplant_frames"),
        ("tickerplant_latency_seconds > 1", "unknown metric tickerplant_latency_seconds"),
        ('tickerplant_frames_total{stage="validate"}', "tickerplant_frames_total has no label stage"),
        ("sum by (topic) (tickerplant_connected)", "tickerplant_connected has no label topic"),
        ("1 > 0", "no metric at all"),
    ],
)
def test_the_check_finds_a_wrong_name(expression: str, problem: str) -> None:
    assert problem in problems(expression)


def test_rates_are_of_counters_and_quantiles_of_buckets() -> None:
    expressions = [t["expr"] for _, panel in panels() for t in panel["targets"]] + [rule["expr"] for rule in alerts()]
    for expression in expressions:
        for name in re.findall(r"(?:rate|increase)\((\w+)", expression):
            assert name.endswith(("_total", "_bucket", "_sum", "_count")), expression
        assert not re.search(r"histogram_quantile\([^)]*\((?!rate)\w*_(sum|count)", expression)


def test_alerts_of_the_requirements_are_there() -> None:
    """S2 8.2."""
    asked = {"HighDataIngestionLatency", "DataSourceDown", "LowDataQuality", "WebSocketConnectionDrop", "DatabaseConnectionIssue"}
    assert asked <= {rule["alert"] for rule in alerts()}


def test_every_alert_is_explained_in_the_guide() -> None:
    guide = (ROOT / "docs" / "guides" / "operations.md").read_text()
    assert [rule["alert"] for rule in alerts() if f"`{rule['alert']}`" not in guide] == []


def test_operations_dashboard_shows_what_operations_ask_for() -> None:
    expressions = " ".join(t["expr"] for _, panel in panels() for t in panel["targets"])
    for name in ("frames", "lag", "latency", "delivery", "quality", "dead_letters", "dropped", "part_up", "commits", "clients"):
        assert f"tickerplant_{name}" in expressions


def test_panels_do_not_overlap_and_use_the_provisioned_source() -> None:
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]
    taken: set[tuple[int, int]] = set()
    for name, panel in panels():
        assert panel["datasource"]["uid"] == source["uid"]
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, name
        assert place["x"] + place["w"] <= 24
        taken |= cells

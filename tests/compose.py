"""docker-compose.yml as Docker Compose would read it."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
OURS = (
    "exchange",
    "ingest-binance",
    "ingest-binance-2of2",
    "process-validate",
    "process-bars",
    "process-indicators",
    "process-signals",
    "process-alerts",
    "sink-timescale",
    "sink-redis",
    "sink-webhook",
    "schedule",
    "gateway",
)


def interpolate(node: Any, environment: dict[str, str]) -> Any:
    """As Compose does in the strings of the parsed document, for ${NAME} and ${NAME:-default}; $$ is a dollar."""
    if isinstance(node, dict):
        return {key: interpolate(value, environment) for key, value in node.items()}
    if isinstance(node, list):
        return [interpolate(value, environment) for value in node]
    if not isinstance(node, str):
        return node
    filled = re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: environment.get(m[1]) or m[2] or "", node.replace("$$", "\0"))
    assert "${" not in filled
    return filled.replace("\0", "$")


def compose(environment: dict[str, str] | None = None) -> dict[str, Any]:
    document = interpolate(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), environment or {})
    assert isinstance(document, dict)
    return document

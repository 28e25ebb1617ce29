"""docker-compose.yml holds together: commands, settings, ports, health, order. No Docker engine is asked."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from runtime.settings import PREFIX, load_settings
from tests.compose import OURS, ROOT, compose
from tickerplant.cli.main import build

JOBS = {"topics", "migrate"}
PARTS = {"kafka", "timescale", "redis", "prometheus", "grafana"}


def read_env(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


APP: typer.Typer = build()
SERVICES: dict[str, dict[str, Any]] = compose()["services"]


def test_one_service_a_process_and_a_part() -> None:
    assert set(SERVICES) == {*OURS, *JOBS, *PARTS}


def test_services_are_named_after_their_commands() -> None:
    for name in set(OURS) - {"exchange"}:
        words = ["schedule", "run"] if name == "schedule" else name.removesuffix("-2of2").split("-")
        assert SERVICES[name]["command"][:2] == words


def test_the_source_is_one_process_or_two_that_differ_in_their_part_alone() -> None:
    assert SERVICES["ingest-binance"]["command"][2:] == ["--shard", "1/1"]
    spread = read_env(ROOT / "deploy/compose/shards.env")
    services = compose(spread)["services"]
    first, second = services["ingest-binance"], services["ingest-binance-2of2"]
    assert (first["command"][2:], second["command"][2:]) == (["--shard", "1/2"], ["--shard", "2/2"])
    assert second["profiles"] == [spread["COMPOSE_PROFILES"]]
    assert {key: value for key, value in first.items() if key != "command"} == {
        key: value for key, value in second.items() if key not in ("command", "profiles")
    }


@pytest.mark.parametrize("name", sorted({*OURS, *JOBS}))
def test_command_and_its_options_exist(name: str) -> None:
    command = [str(part) for part in SERVICES[name]["command"]]
    first_option = next((i for i, part in enumerate(command) if part.startswith("-")), len(command))
    result = CliRunner().invoke(APP, [*command[:first_option], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    listed = CliRunner().invoke(APP, [command[0], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert [word for word in command[1:first_option] if not re.search(rf"\b{word}\b", listed)] == []
    known = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", result.output))
    assert {part.split("=")[0] for part in command[first_option:] if part.startswith("--")} <= known


@pytest.mark.parametrize("environment", [{}, read_env(ROOT / "deploy/compose/live.env")], ids=["simulated", "live"])
@pytest.mark.parametrize("name", sorted({*OURS, *JOBS}))
def test_settings_of_a_service_are_accepted(name: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    service = compose(environment)["services"][name]
    for key, value in service["environment"].items():
        assert key.startswith(PREFIX), f"{key} is no setting"
        monkeypatch.setenv(key, str(value))
    settings = load_settings()
    assert (settings.health.host, settings.health.port) == ("0.0.0.0", 9100)
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    if name.startswith("ingest-binance"):
        simulated = not environment
        assert (settings.binance.source == "binance-simulated") == simulated
        assert (settings.binance.clock == "capture") == simulated
        assert settings.binance.websocket_url.startswith("ws://exchange:" if simulated else "wss://")


def test_ingestor_and_exchange_agree() -> None:
    command = [str(part) for part in SERVICES["exchange"]["command"]]
    environment = SERVICES["ingest-binance"]["environment"]
    port = command[command.index("--port") + 1]
    assert environment[f"{PREFIX}BINANCE__WEBSOCKET_URL"] == f"ws://exchange:{port}"
    assert environment[f"{PREFIX}BINANCE__REST_URL"] == f"http://exchange:{port}"
    symbols = command[command.index("--symbols") + 1].split(",")
    assert json.loads(environment[f"{PREFIX}BINANCE__SYMBOLS"]) == symbols


def test_ports_are_published_on_loopback_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []
    hosts = [port.split(":")[1] for port in published]
    assert len(set(hosts)) == len(hosts)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_service_has_limits_and_restarts(name: str) -> None:
    service = SERVICES[name]
    limits = service["deploy"]["resources"]["limits"]
    assert {"cpus", "memory"} <= set(limits)
    assert service["restart"] == ("on-failure:5" if name in JOBS else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    assert not service.get("privileged")
    assert "latest" not in service["image"].split(":")[1]


@pytest.mark.parametrize("name", sorted({*OURS, *JOBS}))
def test_our_containers_have_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_all_ours_come_from_one_image_that_probes_readiness() -> None:
    assert {SERVICES[name]["image"] for name in {*OURS, *JOBS}} == {"tickerplant:local"}
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert "http://127.0.0.1:9100/ready" in dockerfile
    assert [name for name in OURS if "healthcheck" in SERVICES[name]] == []  # the image's own
    assert all(SERVICES[name]["healthcheck"] == {"disable": True} for name in JOBS)
    assert all("test" in SERVICES[name]["healthcheck"] for name in PARTS)


def test_what_is_waited_for_exists_and_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES, name
            condition = how["condition"]
            assert condition == ("service_completed_successfully" if other in JOBS else "service_healthy"), f"{name} on {other}"


def test_nobody_starts_before_topics_and_tables() -> None:
    for name in set(OURS) - {"exchange"}:
        assert set(SERVICES[name]["depends_on"]) >= JOBS, name


def test_dockerfile_runs_as_an_ordinary_user_and_copies_every_package() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    last = dockerfile.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER tickerplant$", last, re.MULTILINE)
    for package in ("schemas", "runtime", "ingestors", "processors", "sinks", "gateway", "tickerplant"):
        assert f"COPY {package} {package}\n" in dockerfile
        assert f"!{package}\n" in (ROOT / "deploy" / "Dockerfile.dockerignore").read_text()


def test_every_process_is_scraped() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = [target for job in config["scrape_configs"] for target in job["static_configs"][0]["targets"]]
    assert set(targets) == {f"{name}:9100" for name in OURS}
    assert all((ROOT / "deploy/prometheus" / file).is_file() for file in config["rule_files"])


def test_mounted_files_exist() -> None:
    volumes = set(compose()["volumes"])
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in volumes, mount


def test_env_files_name_only_variables_that_compose_uses() -> None:
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text())) | {"COMPOSE_PROFILES"}
    for path in sorted((ROOT / "deploy" / "compose").glob("*.env")):
        named = set(re.findall(r"^(?:# )?([A-Z_]+)=", path.read_text(), re.MULTILINE))
        assert named <= used, path.name

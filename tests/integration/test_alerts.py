"""Alerts on a real Kafka: rules by the command line, the stage, webhooks; also when both are killed."""

import json
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import typer
from typer.testing import CliRunner

from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from schemas.bars import Bar
from schemas.codec import decode_alert, encode
from schemas.headers import IDENTITY
from schemas.identity import Identity
from schemas.partitioner import partition_of
from schemas.topics import Topic
from tests.pipeline import ROOT
from tests.support import eventually, run_tickerplant, start_tickerplant
from tests.unit.processors.alert_inputs import bar
from tests.webhook_server import SECRET, WebhookServer, webhook_server
from tickerplant.alerts.log import open_log
from tickerplant.cli.main import build

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
APP: typer.Typer = build()
SYMBOLS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
RULE = ("high", "--kind", "price_level", "--direction", "above", "--threshold", "100", "--severity", "critical")


class World:
    """One line with bars of our own, the stage and the sink as processes."""

    def __init__(self, line: Any, server: WebhookServer) -> None:
        self.line = line
        self.server = server
        self.offsets = dict.fromkeys(range(line.settings.kafka.partitions), 0)
        self.processes: list[subprocess.Popen[bytes]] = []
        hook = {"TICKERPLANT_SINK__WEBHOOK__URLS": json.dumps([server.url]), "TICKERPLANT_SINK__WEBHOOK__SECRET": SECRET}
        quick = {"TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6", "TICKERPLANT_PROCESS__ALERTS__COMMIT_INTERVAL_S": "0.3"}
        self.env = line.env(**hook, **quick)

    def alerts(self, *words: str) -> Any:
        return json.loads(self.run("alerts", *words, "--json").stdout)

    def run(self, *words: str) -> Any:
        """One command, in this process: thirty interpreters would take half a minute to start."""
        done = CliRunner().invoke(APP, words, env=self.env)
        assert (done.exit_code, done.stderr) == (0, ""), f"{words}: {done.stderr} {done.exception!r}"
        return done

    def refused(self, *words: str) -> str:
        done = CliRunner().invoke(APP, ["alerts", *words], env=self.env)
        assert isinstance(done.exception, UserError), done.output
        return str(done.exception)

    def start(self, *words: str, **env: str) -> subprocess.Popen[bytes]:
        log = self.line.settings.data_dir / f"{'-'.join(words)}.log"
        self.processes.append(start_tickerplant(*words, env=self.env | env, log=log))
        return self.processes[-1]

    def feed(self, bars: list[Bar]) -> None:
        """With identities as the stage bars gives them."""
        publisher = Publisher(self.line.settings.kafka, self.line.addresses.kafka)
        for one in bars:
            number = partition_of(one.symbol, self.line.settings.kafka.partitions)
            identity = Identity("bars", "market.ticks", number, self.offsets[number], 0)
            self.offsets[number] += 1
            publisher.send(Topic.BARS, number, encode(one), one.symbol.encode(), {IDENTITY: identity.encode()})
        publisher.flush(30)

    def written(self) -> list[Any]:
        """All of market.alerts."""
        kafka = self.line.settings.kafka
        with open_log(kafka, self.line.addresses.kafka) as log:
            return [decode_alert(one.value) for one in log.read(log.bounds([Topic.ALERTS], range(kafka.partitions)))]

    def url(self, process: str, path: str) -> str:
        return str(json.loads((self.line.settings.data_dir / "run" / f"{process}.json").read_text())["health"]) + path

    def wait_ready(self, process: str) -> None:
        def is_ready() -> bool:
            try:
                return httpx.get(self.url(process, "/ready")).status_code == 200
            except (OSError, httpx.HTTPError):
                return False

        eventually(is_ready, 60)

    def marker(self, process: str, point: str) -> Path:
        return KillPoints(process, "", self.line.settings.data_dir / "run").marker(point)


@pytest.fixture
def world(line: Any) -> Iterator[World]:
    with webhook_server() as server:
        made = World(line, server)
        yield made
        for process in made.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def waves(first: int, minutes: int) -> list[Bar]:
    """Every symbol is above 100 in each other minute."""
    return [bar(first + minute, str(99 + 2 * (minute % 2)), symbol=symbol) for minute in range(minutes) for symbol in SYMBOLS]


def causes(bars: list[Bar]) -> set[tuple[str, str, int]]:
    """What the rule says of waves."""
    return {
        (one.symbol, "raised" if one.close == "101" else "cleared", one.ts_close_ns)
        for one in bars
        if one.ts_open_ns > waves(0, 1)[0].ts_open_ns
    }


def as_causes(alerts: list[Any]) -> set[tuple[str, str, int]]:
    return {(one.symbol, one.state, one.ts_event_ns) for one in alerts}


def test_a_rule_added_at_run_time_reaches_the_webhook_whatever_is_killed(world: World) -> None:
    world.feed(waves(-10, 10))
    for words in (("process", "alerts"), ("sink", "webhook")):
        world.start(*words)
    world.wait_ready("process-alerts")
    assert world.alerts("add", *RULE) == {"added": ["high"]}
    bars = waves(0, 12)
    world.feed(bars)
    expected = causes(bars)
    eventually(lambda: as_causes([one.alert for one in world.server.received]) >= expected, 60)
    assert all(one.is_signed() and one.key == one.alert.alert_id for one in world.server.received)
    for name, process in zip(("process-alerts", "sink-webhook"), world.processes, strict=True):
        assert psutil.Process(process.pid).memory_info().rss < 120e6, name
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0

    stage_points = ("outputs_produced", "outputs_delivered", "snapshot_delivered", "offsets_committed")
    sink_points = ("alerts_posted", "letters_delivered", "offsets_committed")
    minute = 12
    for number, point in enumerate(stage_points):
        more = waves(minute, 4)
        minute, bars, expected = minute + 4, bars + more, expected | causes(more)
        world.feed(more)
        stage = world.start("process", "alerts", TICKERPLANT_FAULTS__KILL_AT=f"process-alerts:{point}:1")
        assert stage.wait(60) == -signal.SIGKILL
        if number < len(sink_points):
            following = world.start("process", "alerts")
            sink = world.start("sink", "webhook", TICKERPLANT_FAULTS__KILL_AT=f"sink-webhook:{sink_points[number]}:1")
            assert sink.wait(60) == -signal.SIGKILL
            following.kill()
            following.wait()
    world.start("process", "alerts")
    world.start("sink", "webhook")
    eventually(lambda: as_causes([one.alert for one in world.server.received]) == as_causes(world.written()) == expected, 60)
    by_cause: dict[tuple[str, str, int], set[str]] = {}
    for one in (*world.written(), *(received.alert for received in world.server.received)):
        by_cause.setdefault((one.symbol, one.state, one.ts_event_ns), set()).add(one.alert_id)
    assert all(len(ids) == 1 for ids in by_cause.values())


def test_the_command_line(world: World, tmp_path: Path) -> None:
    assert world.alerts("list") == {"rules": []}
    world.alerts("add", *RULE, "--symbols", "BTC-USDT,ETH-USDT")
    world.alerts("add", "high", "--kind", "price_level", "--direction", "below", "--threshold", "98.5")
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([{"id": "move", "kind": "price_change", "direction": "either", "threshold": 1.5, "bars": 1}]))
    assert world.alerts("add", "--file", str(file)) == {"added": ["move"]}
    rules = world.alerts("list")["rules"]
    assert [(rule["id"], rule["threshold"], rule["symbols"]) for rule in rules] == [("high", "98.5", ["*"]), ("move", "1.5", ["*"])]
    world.feed(waves(0, 4))
    tested = world.alerts("test", "--file", str(file))["tested"][0]
    assert (tested["records"], {one["state"] for one in tested["alerts"]}) == (12, {"raised"})
    assert world.alerts("test", "high")["tested"][0]["alerts"] == []
    assert world.written() == []
    assert world.alerts("remove", "high") == {"removed": ["high"]}
    assert [rule["id"] for rule in world.alerts("list")["rules"]] == ["move"]

    assert world.refused("remove", "high").endswith("there is no rule 'high'; `tickerplant alerts list` shows what is there")
    assert "threshold: " in world.refused("add", *RULE[:-4], "--threshold", "much")
    assert "kind '' is none; there are: price_level" in world.refused("add", "x")
    assert "give no id" in world.refused("add", "x", "--file", str(file))
    file.write_text('{"id": ')
    assert "is no JSON" in world.refused("add", "--file", str(file))
    assert "cannot be read" in world.refused("test", "--file", str(tmp_path / "none"))
    assert "name a rule" in world.refused("test")
    done = run_tickerplant("alerts", "remove", "high", env=world.env)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


def test_the_commands_of_the_guide(world: World, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "guides" / "alerts.md").read_text()
    (tmp_path / "rules.json").write_text(text.split("```json\n")[1].split("```")[0])
    ran = 0
    for line in text.splitlines():
        if line.startswith("tickerplant alerts "):
            words = [str(tmp_path / word) if word == "rules.json" else word for word in shlex.split(line)[1:]]
            world.run(*words)
            ran += 1
    assert ran == 15
    assert len(world.alerts("list")["rules"]) == 11

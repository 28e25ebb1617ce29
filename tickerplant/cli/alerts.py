"""`tickerplant alerts add | remove | list | test`: rules that raise alerts, changed while the line runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.alert_options import (
    Bars,
    Channels,
    CooldownS,
    DirectionName,
    Disabled,
    Field,
    File,
    Hysteresis,
    Indicator,
    Kind,
    Message,
    MinimumSize,
    Of,
    OtherIndicator,
    OtherOutput,
    OutputName,
    OwnId,
    Records,
    RuleId,
    SeverityName,
    SilentS,
    Source,
    Symbols,
    Threshold,
    TimeframeName,
)
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from runtime.settings import KafkaSettings
    from schemas.alerts import Alert, AnyRule
    from tickerplant.alerts.ledger import Entry
    from tickerplant.alerts.log import Log

alerts = typer.Typer(help="Rules that raise alerts: add, remove, list them, or test one on what is in the log.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the group."""
    app.add_typer(alerts, name="alerts")


@alerts.command(
    epilog="Example: tickerplant alerts add btc-high --kind price_level --symbols BTC-USDT --direction above --threshold 100000"
)
def add(
    rule_id: OwnId = None, file: File = None, kind: Kind = None, symbols: Symbols = None, source: Source = None,
    timeframe: TimeframeName = None, direction: DirectionName = None, threshold: Threshold = None, hysteresis: Hysteresis = None,
    bars: Bars = None, field: Field = None, indicator: Indicator = None, output: OutputName = None, other_indicator: OtherIndicator = None,
    other_output: OtherOutput = None, channels: Channels = None, of: Of = None, minimum_size: MinimumSize = None, silent_s: SilentS = None,
    severity: SeverityName = None, cooldown_s: CooldownS = None, message: Message = None, disabled: Disabled = False,
    data_dir: DataDir = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Add a rule, or put it in the place of the one with the same id. It judges what is written from now on."""
    from tickerplant.alerts.rule_files import rules_of

    given = {
        "id": rule_id, "kind": kind, "symbols": _list(symbols), "source": source, "timeframe": timeframe, "direction": direction,
        "threshold": threshold, "hysteresis": hysteresis, "bars": bars, "field": field, "indicator": indicator, "output": output,
        "other_indicator": other_indicator, "other_output": other_output, "channels": _list(channels), "of": of, "minimum_size": minimum_size,
        "silent_s": silent_s, "severity": severity, "cooldown_s": cooldown_s, "message": message, "enabled": False if disabled else None,
    }  # fmt: skip
    rules = rules_of({name: value for name, value in given.items() if value is not None}, file)
    _change(data_dir, puts=rules)
    _say({"added": [rule.id for rule in rules]}, [f"{rule.id}: added; it judges what is written from now on" for rule in rules], as_json)


@alerts.command(epilog="Example: tickerplant alerts remove btc-high")
def remove(rule_id: RuleId, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Remove a rule. An alert of it that stands is cleared with the reason rule_removed."""
    with _log(data_dir) as (settings, log):
        _entry(_ledger(settings, log), rule_id)
    _change(data_dir, removed=[rule_id])
    _say({"removed": [rule_id]}, [f"{rule_id}: removed"], as_json)


@alerts.command("list", epilog="Example: tickerplant alerts list --json")
def list_rules(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """All rules, as the ledger stands now."""
    import msgspec

    with _log(data_dir) as (settings, log):
        entries = _ledger(settings, log)
    contents = [msgspec.to_builtins(entry.rule) for entry in entries.values()]
    lines = []
    for content, entry in zip(contents, entries.values(), strict=True):
        cut_off = "" if len(entry.partitions) == settings.partitions else "  NOT IN ALL PARTITIONS: add or remove it again"
        rest = {name: value for name, value in content.items() if name not in ("id", "kind", "severity") and value not in ("", ["*"], "*")}
        lines.append(f"{content['id']:<20} {content['kind']:<16} {content['severity']:<9} {json.dumps(rest)}{cut_off}")
    _say({"rules": contents}, lines or ["no rules"], as_json)


@alerts.command("test", epilog="Example: tickerplant alerts test btc-high --records 2000")
def try_rule(rule_id: OwnId = None, file: File = None, records: Records = 5000, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What a rule would have raised on the newest records of the log. Nothing is written."""
    import msgspec

    from tickerplant.alerts.rule_files import rules_of
    from tickerplant.alerts.trial import tried

    if (rule_id is None) == (file is None):
        raise UserError("name a rule that is there, or give one with --file")
    with _log(data_dir) as (settings, log):
        rules = rules_of({}, file) if file else [_entry(_ledger(settings, log), rule_id or "").rule]
        answers = [(rule, *tried(rule, settings, log, records)) for rule in rules]
    document = [{"rule": rule.id, "records": judged, "alerts": msgspec.to_builtins(found)} for rule, found, judged in answers]
    lines = [
        line for rule, found, judged in answers for line in (*map(_line, found), f"{rule.id}: {len(found)} alerts in {judged:,} records")
    ]
    _say({"tested": document}, lines, as_json)


def _list(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]


@contextmanager
def _log(data_dir: Path | None) -> "Iterator[tuple[KafkaSettings, Log]]":
    from runtime.addresses import kafka_address
    from tickerplant.alerts.log import open_log

    settings = settings_for(data_dir)
    with open_log(settings.kafka, kafka_address(settings)) as log:
        yield settings.kafka, log


def _ledger(settings: "KafkaSettings", log: "Log") -> "dict[str, Entry]":
    from tickerplant.alerts.ledger import rules_of as stored

    return stored(log, settings.partitions)


def _entry(entries: "dict[str, Entry]", rule_id: str) -> "Entry":
    if rule_id not in entries:
        raise UserError(f"there is no rule {rule_id!r}; `tickerplant alerts list` shows what is there")
    return entries[rule_id]


def _change(data_dir: Path | None, puts: "list[AnyRule] | None" = None, removed: list[str] | None = None) -> None:
    from runtime.addresses import kafka_address
    from runtime.clock import SystemClock
    from tickerplant.alerts.ledger import change_rules

    bootstrap = kafka_address(settings_for(data_dir))
    with _log(data_dir) as (settings, log):
        change_rules(settings, bootstrap, log, SystemClock(), puts or (), removed or ())


def _line(alert: "Alert") -> str:
    return f"{alert.state:<10} {alert.severity:<9} {alert.message}"


def _say(document: dict[str, Any], lines: list[str], as_json: bool) -> None:
    typer.echo(json.dumps(document, indent=2) if as_json else "\n".join(lines))

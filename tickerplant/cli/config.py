"""`tickerplant config show | check`."""

import json
from collections.abc import Iterator
from typing import Any

import typer
from pydantic import BaseModel, SecretStr

from tickerplant.cli.options import AsJson, DataDir, settings_for

config = typer.Typer(help="Show the settings that hold, or say what is wrong with them.", no_args_is_help=True)
MASK = "***"


def register(app: typer.Typer) -> None:
    """Adds the group."""
    app.add_typer(config, name="config")


@config.command(epilog="Example: tickerplant config show --json")
def show(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every setting with the value that holds and what it means; secrets are masked."""
    rows = list(effective(settings_for(data_dir)))
    if as_json:
        document = {key: {"value": value, "default": value == default, "description": said} for key, value, default, said in rows}
        typer.echo(json.dumps(document, indent=2))
        return
    width = max(len(f"{key} = {_text(value)}") for key, value, _, _ in rows if len(_text(value)) < 40)
    for key, value, default, said in rows:
        mark = " " if value == default else "*"
        typer.echo(f"{mark} {f'{key} = {_text(value)}':<{width}}  {said}".rstrip())
    typer.echo("* differs from the default; set as TICKERPLANT_<SECTION>__<NAME> or in tickerplant.toml")


@config.command()
def check(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Exit code 0 if the settings can be used; else one line that says what is wrong, and exit code 2."""
    from processors.indicators.catalogue import chosen
    from runtime.errors import UserError

    process = settings_for(data_dir).process
    weights = process.signal_weights
    if weights.macd + weights.rsi + weights.momentum == 0:
        raise UserError("setting process.signal_weights: all are 0; give at least one a weight")
    chosen(process)
    typer.echo(json.dumps({"ok": True}) if as_json else "the settings are good")


def effective(model: BaseModel, prefix: str = "", defaults: BaseModel | None = None) -> Iterator[tuple[str, Any, Any, str]]:
    """(key, value, default, description) of every leaf, JSON-ready, secrets as ***."""
    for name, field in type(model).model_fields.items():
        key, value = prefix + (field.alias or name), getattr(model, name)
        # A section's default may differ from its class's: the stages' paces do.
        default = getattr(defaults, name) if defaults else field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel):
            yield from effective(value, f"{key}.", default)
        else:
            yield key, _plain(value), _plain(default), field.description or ""


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _text(value: Any) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value)

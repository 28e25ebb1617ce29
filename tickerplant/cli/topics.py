"""`tickerplant topics apply | check`."""

import json
from typing import TYPE_CHECKING

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from runtime.topic_admin import Difference

topics = typer.Typer(help="Create the topics, or compare them with the settings.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the group."""
    app.add_typer(topics, name="topics")


@topics.command(epilog="Example: TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 tickerplant topics apply")
def apply(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Create absent topics and set retention and compaction that differ. Refuses another partition count."""
    _say(_compare(data_dir, change=True), as_json, "set")


@topics.command()
def check(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Compare the broker's topics with the settings; exit code 1 if they differ."""
    differences = _compare(data_dir, change=False)
    _say(differences, as_json, "should be")
    if differences:
        raise typer.Exit(1)


def _compare(data_dir: DataDir, change: bool) -> "list[Difference]":
    from runtime.addresses import kafka_address
    from runtime.errors import TransientError, UserError
    from runtime.topic_admin import apply, check

    settings = settings_for(data_dir)
    bootstrap = kafka_address(settings)
    try:
        return apply(settings.kafka, bootstrap) if change else check(settings.kafka, bootstrap)
    except TransientError as error:
        raise UserError(f"{error}; is it running, and is kafka.bootstrap_servers right?") from error


def _say(differences: "list[Difference]", as_json: bool, verb: str) -> None:
    if as_json:
        rows = [{"topic": one.topic, "what": one.what, "wanted": one.wanted, "found": one.found} for one in differences]
        typer.echo(json.dumps({"differences": rows}, indent=2))
        return
    for one in differences:
        typer.echo(f"{one.topic}: {one.what} was {one.found}, {verb} {one.wanted}")
    if not differences:
        typer.echo("topics are as the settings say")

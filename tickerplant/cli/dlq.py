"""`tickerplant dlq list | show`: what was refused, why, and its original bytes."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from tickerplant.dead_letters.reader import DeadLetters

dlq = typer.Typer(help="Dead letters: list them, show one with its original bytes.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", min=0, help="List so many, the newest of all partitions. The counts are of all.")]
Stage = Annotated[str | None, typer.Option("--stage", help="Only those refused by this stage, as ingest.binance or validate.")]
ReasonName = Annotated[str | None, typer.Option("--reason", help="Only those with this reason, as broken_json.")]
Place = Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="Where the letter lies, as `dlq list` prints it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(dlq, name="dlq")


@dlq.command("list", epilog="Example: tickerplant dlq list --reason broken_json --limit 5")
def list_letters(
    data_dir: DataDir = None, as_json: AsJson = False, limit: Limit = 50, stage: Stage = None, reason: ReasonName = None
) -> None:
    """Dead letters in the order in which they came, and how many there are of each reason."""
    from tickerplant.dead_letters import show
    from tickerplant.dead_letters.newest import newest_of

    with _letters(data_dir) as letters:
        chosen = (
            stored
            for stored in letters
            if (stage is None or show.stage_of(stored) == stage) and (reason is None or show.reason_of(stored) == reason)
        )
        newest, counts = newest_of(chosen, limit)
    if as_json:
        answer = {"total": counts.total(), "counts": dict(counts), "letters": [show.summary(stored) for stored in newest]}
        typer.echo(json.dumps(answer))
        return
    for stored in newest:
        typer.echo(show.line(stored))
    for name, number in counts.most_common():
        typer.echo(f"{number:>10,}  {name}: {show.meaning_of(name)}")
    typer.echo(f"{counts.total():>10,}  dead letters" if counts else "no dead letters")


@dlq.command("show", epilog="Example: tickerplant dlq show 0:17")
def show_letter(place: Place, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """One dead letter: reason and its meaning, where it came from, headers, original bytes."""
    from tickerplant.dead_letters import show

    found = re.fullmatch(r"(\d{1,9}):(\d{1,18})", place)
    if found is None:
        raise UserError(f"{place} is no place of a letter; write PARTITION:OFFSET as `tickerplant dlq list` prints it")
    with _letters(data_dir) as letters:
        stored = letters.at(int(found[1]), int(found[2]))
    typer.echo(json.dumps(show.details(stored)) if as_json else show.page(stored))


@contextmanager
def _letters(data_dir: Path | None) -> "Iterator[DeadLetters]":
    from runtime.addresses import kafka_address
    from tickerplant.dead_letters.reader import open_letters

    settings = settings_for(data_dir)
    with open_letters(settings.kafka, kafka_address(settings)) as letters:
        yield letters

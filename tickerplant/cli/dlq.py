"""`tickerplant dlq list | show | replay`: what was refused, why, its original bytes, and the way back into the line."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from tickerplant.dead_letters.reader import DeadLetters, StoredLetter
    from tickerplant.dead_letters.replayed import Replayed

dlq = typer.Typer(help="Dead letters: list them, show one with its original bytes, send them through the line again.", no_args_is_help=True)

Limit = Annotated[int, typer.Option("--limit", min=0, help="List so many, the newest of all partitions. The counts are of all.")]
Stage = Annotated[str | None, typer.Option("--stage", help="Only those refused by this stage, as ingest.binance or validate.")]
ReasonName = Annotated[str | None, typer.Option("--reason", help="Only those with this reason, as broken_json.")]
Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="Send them. Without it is only said what would be sent.")]
Places = Annotated[list[str] | None, typer.Argument(metavar="[PARTITION:OFFSET]...", help="Only these; else all that the options choose.")]
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
        newest, counts = newest_of(chosen(letters, stage, reason), limit)
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

    partition, offset = _place(place)
    with _letters(data_dir) as letters:
        stored = letters.at(partition, offset)
    typer.echo(json.dumps(show.details(stored)) if as_json else show.page(stored))


@dlq.command("replay", epilog="Example: tickerplant dlq replay --stage validate --reason time_out_of_range --apply")
def replay_letters(
    places: Places = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    stage: Stage = None,
    reason: ReasonName = None,
    apply: Apply = False,
) -> None:
    """Send what was refused through the line again, after its cause was mended: trades, records of market.ticks.raw and market.bars.raw, frames that a parser could not read.

    Repeats do no harm: trades that are there already are dropped and counted. What is not replayed is listed with the reason.
    """
    from tickerplant.dead_letters.show import replayed_entry, replayed_text

    done = _replay(data_dir, [_place(place) for place in places or ()], stage, reason, apply)
    typer.echo(json.dumps(replayed_entry(done, apply)) if as_json else replayed_text(done, apply))


def _replay(data_dir: Path | None, places: "Sequence[tuple[int, int]]", stage: str | None, reason: str | None, apply: bool) -> "Replayed":
    import asyncio

    from runtime.addresses import kafka_address
    from runtime.clock import SystemClock
    from runtime.kafka import Publisher
    from tickerplant.dead_letters.replay import Sender

    settings = settings_for(data_dir)
    publisher = Publisher(settings.kafka, kafka_address(settings)) if apply else None
    with _letters(data_dir) as letters:
        found = (letters.at(*place) for place in places) if places else letters
        return asyncio.run(Sender(settings, publisher, SystemClock()).send(chosen(found, stage, reason)))


def chosen(letters: "Iterable[StoredLetter]", stage: str | None, reason: str | None) -> "Iterator[StoredLetter]":
    """Those of the stage and with the reason, each if it is named."""
    from tickerplant.dead_letters import show

    for stored in letters:
        if (stage is None or show.stage_of(stored) == stage) and (reason is None or show.reason_of(stored) == reason):
            yield stored


def _place(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,9}):(\d{1,18})", text)
    if found is None:
        raise UserError(f"{text} is no place of a letter; write PARTITION:OFFSET as `tickerplant dlq list` prints it")
    return int(found[1]), int(found[2])


@contextmanager
def _letters(data_dir: Path | None) -> "Iterator[DeadLetters]":
    from runtime.addresses import kafka_address
    from tickerplant.dead_letters.reader import open_letters

    settings = settings_for(data_dir)
    with open_letters(settings.kafka, kafka_address(settings)) as letters:
        yield letters

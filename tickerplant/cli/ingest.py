"""`tickerplant ingest PROVIDER`: one provider's feed into the raw topics."""

from pathlib import Path
from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for


def register(app: typer.Typer) -> None:
    app.command("ingest", epilog="Example: tickerplant ingest coinbase")(ingest)


def ingest(
    provider: Annotated[str, typer.Argument(help="The provider, as binance or coinbase.")],
    play: Annotated[
        list[Path] | None, typer.Option("--play", metavar="FILE", help="A capture of its raw frames (.frames.gz) in place of connections.")
    ] = None,
    shard: Annotated[
        str,
        typer.Option(
            "--shard", metavar="I/N", help="Carry this part of the symbols, as 1/2; the other processes of the provider carry the rest."
        ),
    ] = "1/1",
    data_dir: DataDir = None,
) -> None:
    """Ingest one provider's feed until SIGTERM or Ctrl-C, or the end of what --play gives it."""
    from ingestors.registry import provider_of

    process = provider_of(provider).process
    settings = settings_for(data_dir)
    from ingestors.process_shard import shard_of
    from ingestors.worker import run_ingestor
    from runtime.process import run_process
    from tickerplant.registry.keys import with_stored_key
    from tickerplant.running_ingestors import check_beside

    part = shard_of(shard, settings.kafka.partitions)
    check_beside(settings.data_dir, process, part)
    raise typer.Exit(run_process(lambda: run_ingestor(provider, with_stored_key(settings, provider), play or (), part)))

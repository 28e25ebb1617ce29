"""`tickerplant ingest PROVIDER`: one provider's feed into the raw topics."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for


def register(app: typer.Typer) -> None:
    app.command("ingest", epilog="Example: tickerplant ingest coinbase")(ingest)


def ingest(provider: Annotated[str, typer.Argument(help="The provider, as binance or coinbase.")], data_dir: DataDir = None) -> None:
    """Ingest one provider's feed until SIGTERM or Ctrl-C."""
    from ingestors.registry import provider_of

    provider_of(provider)
    settings = settings_for(data_dir)
    from ingestors.worker import run_ingestor
    from runtime.process import run_process

    raise typer.Exit(run_process(lambda: run_ingestor(provider, settings)))

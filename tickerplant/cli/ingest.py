"""`tickerplant ingest PROVIDER`: one provider's feed into the raw topics."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for


def register(app: typer.Typer) -> None:
    app.command("ingest", epilog="Example: tickerplant ingest binance")(ingest)


def ingest(provider: Annotated[str, typer.Argument(help="The provider: binance.")], data_dir: DataDir = None) -> None:
    """Ingest one provider's feed until SIGTERM or Ctrl-C."""
    from ingestors.registry import PROVIDERS
    from runtime.errors import UserError

    if provider not in PROVIDERS:
        raise UserError(f"no provider {provider!r}; there are: {', '.join(sorted(PROVIDERS))}")
    settings = settings_for(data_dir)
    from ingestors.worker import run_ingestor
    from runtime.process import run_process

    raise typer.Exit(run_process(lambda: run_ingestor(provider, settings)))

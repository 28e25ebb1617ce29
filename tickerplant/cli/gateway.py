"""`tickerplant gateway`: the WebSocket gateway and its live page."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("gateway", epilog="Example: tickerplant gateway --port 8001")(gateway)


def gateway(
    data_dir: DataDir = None,
    instance: Annotated[int, typer.Option("--instance", min=0, max=63, help="0 to n - 1 of gateway.processes n on one port.")] = 0,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port of the page and of /ws; 0: a free one.")] = None,
) -> None:
    """Run the WebSocket gateway and its live page until SIGTERM or Ctrl-C."""
    from gateway.app import run
    from tickerplant.cli.options import settings_for

    settings = settings_for(data_dir)
    if port is not None:
        section = settings.gateway.model_copy(update={"port": port})
        settings = settings.model_copy(update={"gateway": section})
    raise typer.Exit(run(settings, instance))

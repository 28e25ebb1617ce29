"""`tickerplant sink`: the workers that write the stores."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for

Instance = Annotated[
    int, typer.Option("--instance", metavar="N", min=0, help="Number of this process among several of the same sink; each needs its own.")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    sink = typer.Typer(help="Write ticks, bars, indicators and signals to a store; post alerts.", no_args_is_help=True)
    sink.command("timescale", epilog="Example: tickerplant sink timescale")(timescale)
    sink.command("redis", epilog="Example: tickerplant sink redis --instance 1")(redis)
    sink.command("webhook", epilog="Example: TICKERPLANT_SINK__WEBHOOK__URLS='[\"https://example.org/hook\"]' tickerplant sink webhook")(
        webhook
    )
    app.add_typer(sink, name="sink")


def timescale(data_dir: DataDir = None, instance: Instance = 0) -> None:
    """Write all tables of TimescaleDB or PostgreSQL, every row once. Applies missing migrations first."""
    from sinks.timescale.worker import run

    raise typer.Exit(run(settings_for(data_dir), instance))


def redis(data_dir: DataDir = None, instance: Instance = 0) -> None:
    """Keep the latest quote, bars, indicators and signals in Redis."""
    from sinks.redis.worker import run

    raise typer.Exit(run(settings_for(data_dir), instance))


def webhook(data_dir: DataDir = None, instance: Instance = 0) -> None:
    """Post every alert to the URLs of sink.webhook.urls, signed, with retries."""
    from sinks.webhook.worker import run

    raise typer.Exit(run(settings_for(data_dir), instance))

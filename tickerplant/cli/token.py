"""`tickerplant token`: a token for development, signed with the gateway's own HS256 secret."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir

_EXAMPLE = 'Example: tickerplant token ann --tier premium --scope "ticks:BTC-* ohlcv" --hours 8'


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("token", epilog=_EXAMPLE)(token)


def token(
    user: Annotated[str, typer.Argument(help="Whose it is: limits are counted by user.")],
    data_dir: DataDir = None,
    tier: Annotated[str, typer.Option("--tier", help="free, premium or enterprise.")] = "free",
    scope: Annotated[str, typer.Option("--scope", help="What it covers: channels or channel:symbol, * for all, spaces between.")] = "*",
    role: Annotated[list[str] | None, typer.Option("--role", help="operator, or a role of gateway.access.roles; may be repeated.")] = None,
    hours: Annotated[float, typer.Option("--hours", min=0.001, max=8760, help="How long it holds.")] = 1.0,
) -> None:
    """Print a token for a client of the gateway; needs gateway.access.hs256_secret.

    For development and tests: in production an identity provider makes tokens, and the gateway knows only its public keys.
    """
    from gateway.access.issue import issued
    from runtime.clock import SystemClock
    from tickerplant.cli.options import settings_for

    access = settings_for(data_dir).gateway.access
    typer.echo(issued(access, SystemClock(), user, tier, scope, tuple(role or ()), hours * 3600))

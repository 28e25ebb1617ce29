"""`tickerplant sources add | enable | disable | priority | restart | test | health | rotate | new-key`: the registry of sources."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from runtime.settings import Settings
    from schemas.sources import SourceState
    from tickerplant.registry.changes import Change

Name = Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider, as coinbase.")]
Priority = Annotated[
    int | None, typer.Option("--priority", min=0, max=1000, help="The lowest of a symbol's sources is preferred. Default: the settings'.")
]
KeyFromInput = Annotated[
    bool, typer.Option("--key", help="Store the provider's key too, encrypted: it is asked for, or read from standard input.")
]


def register(commands: typer.Typer) -> None:
    """Adds the commands to the group."""
    for function, example in (
        (add, "tickerplant sources add coinbase --priority 20"),
        (enable, "tickerplant sources enable coinbase"),
        (disable, "tickerplant sources disable coinbase"),
        (priority, "tickerplant sources priority coinbase 20"),
        (restart, "tickerplant sources restart coinbase"),
        (health, "tickerplant sources health"),
        (rotate, "tickerplant sources rotate"),
    ):
        commands.command(epilog=f"Example: {example}")(function)
    commands.command("test", epilog="Example: tickerplant sources test coinbase --timeout-s 20")(try_source)
    commands.command("new-key", epilog="Example: tickerplant sources new-key")(print_new_key)


def add(provider: Name, rank: Priority = None, key: KeyFromInput = False, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Put a provider into the registry, or a new key beside one that is there. Its process is started with `tickerplant ingest`."""
    from tickerplant.registry.changes import Change

    _change(provider, Change(priority=rank, credential=_read_key(provider) if key else None), data_dir, as_json, adds=True)


def enable(provider: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let the provider's ingestor carry its symbols again. It follows within two seconds, and fetches the trades that it missed."""
    from tickerplant.registry.changes import Change

    _change(provider, Change(enabled=True), data_dir, as_json)


def disable(provider: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let the provider's ingestor carry nothing: its connections are closed, also after a restart, until `enable`."""
    from tickerplant.registry.changes import Change

    _change(provider, Change(enabled=False), data_dir, as_json)


def priority(
    provider: Name,
    rank: Annotated[int | None, typer.Argument(metavar="[NUMBER]", min=0, max=1000, help="The lowest is preferred.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the priority of the settings.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the provider's place among the sources of a symbol. A preferred one that has settled becomes the primary source within seconds."""
    from tickerplant.registry.changes import Change

    if (rank is None) != reset:
        raise UserError("give a number of 0 to 1000, or --reset")
    _change(provider, Change(priority=rank, to_settings=reset), data_dir, as_json)


def restart(provider: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let the provider's ingestor end its connections and make new ones. Trades of in between are fetched."""
    from tickerplant.registry.changes import Change

    _change(provider, Change(restart=True), data_dir, as_json)


def try_source(
    provider: Name,
    timeout_s: Annotated[float, typer.Option("--timeout-s", min=1, max=600, help="Seconds to wait for the first event.")] = 20.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Connect to the provider at the address of the settings, and say what came. Nothing is published. Exit code 1 if nothing came."""
    import uvloop

    from ingestors.registry import provider_of
    from runtime.clock import SystemClock
    from runtime.logs import configure
    from tickerplant.registry.keys import with_stored_key
    from tickerplant.registry.trial import keep, one_symbol, tried

    found, settings = provider_of(provider), settings_for(data_dir)
    configure(settings.log.model_copy(update={"level": "error"}), "sources-test")
    verdict = uvloop.run(tried(found, one_symbol(with_stored_key(settings, provider), provider), SystemClock(), timeout_s))
    keep(settings, provider, verdict)
    _say({"provider": provider, "passed": verdict.passed, "said": verdict.said}, f"{provider}: {verdict.said}", as_json)
    raise typer.Exit(0 if verdict.passed else 1)


def health(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]", help="One alone.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """How the ingestors of this data folder are, by their own words. Exit code 1 if one that is enabled and runs is not ready."""
    from ingestors.registry import provider_of
    from tickerplant.registry.view import rows

    found, _ = rows(settings_for(data_dir), [provider_of(provider).name] if provider else [])
    document = {"sources": [{"provider": row.provider.name, **row.document()["health"], "state": row.state} for row in found]}
    _say(document, "\n".join(f"{row.provider.name:<20} {row.state:<9} {row.health.in_words()}" for row in found), as_json)
    raise typer.Exit(1 if any(row.health.running and not row.health.ready and row.state != "disabled" for row in found) else 0)


def rotate(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Encrypt every stored key with the first of secrets.keys. Then the others can be taken out of it."""
    from tickerplant.registry.changes import rotate as rotated

    names = rotated(settings_for(data_dir))
    _say({"rotated": names}, f"encrypted anew: {', '.join(names) or 'nothing is stored'}", as_json)


def print_new_key() -> None:
    """Print a new key for TICKERPLANT_SECRETS__KEYS. It is kept nowhere."""
    from tickerplant.registry.vault import new_key

    typer.echo(new_key())


def _read_key(provider: str) -> Any:
    from pydantic import SecretStr

    text = typer.prompt(f"key of {provider}", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not text:
        raise UserError("there is no key on standard input: write it as one line")
    return SecretStr(text)


def _change(provider: str, change: "Change", data_dir: Path | None, as_json: bool, adds: bool = False) -> None:
    from tickerplant.registry.changes import change_source
    from tickerplant.sources import section_of

    settings: Settings = settings_for(data_dir)
    section = section_of(settings, provider)
    state: SourceState = change_source(settings, provider, change, adds)
    rank = section.priority if state.priority is None else state.priority
    text = f"{provider}: {'enabled' if state.enabled else 'disabled'}, priority {rank}"
    _say({"provider": provider, "source": state.source, "enabled": state.enabled, "priority": rank}, text, as_json)


def _say(document: dict[str, Any], text: str, as_json: bool) -> None:
    typer.echo(json.dumps(document) if as_json else text)

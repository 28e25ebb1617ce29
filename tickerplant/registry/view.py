"""What `sources list` and `sources health` show: the provider, what operators decided of it, how its ingestor is."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ingestors.limits.budget import in_words
from ingestors.registry import PROVIDERS, Provider
from runtime.addresses import resolve
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.settings import Settings
from schemas.timeframes import SECOND_NS
from tickerplant.registry.health import HealthOf, health_of
from tickerplant.registry.store import Entry, registry_at
from tickerplant.sources import section_of

State = Literal["enabled", "disabled", "unknown"]
Key = Literal["none needed", "in the settings", "stored", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Row:
    """One provider. source, priority: "" and None of one that takes files: their rows name a source, which is never primary. state: unknown while the registry cannot be read. entry: None for one that nobody has changed."""

    provider: Provider
    source: str
    state: State
    priority: int | None
    key: Key
    health: HealthOf
    entry: Entry | None

    def document(self) -> dict[str, Any]:
        """For --json; the credential is not in it."""
        entry = self.entry
        test = (
            {"at": entry.tested_at.isoformat(), "passed": entry.test_passed, "said": entry.test_said} if entry and entry.tested_at else None
        )
        own = {"source": self.source, "state": self.state, "priority": self.priority, "key_state": self.key, "added": entry is not None}
        return asdict(self.provider) | own | {"health": asdict(self.health), "test": test}


def rows(settings: Settings, names: Iterable[str] = ()) -> tuple[list[Row], str]:
    """(all providers, or those named; why the registry could not be read, or ""). Blocks some seconds at most."""
    entries, problem = _entries(settings)
    wanted = [PROVIDERS[name] for name in names] or list(PROVIDERS.values())
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda one: _row(settings, one, entries), wanted)), problem


def _entries(settings: Settings) -> tuple[dict[str, Entry] | None, str]:
    try:
        with registry_at(resolve(settings).postgres) as registry:
            return registry.entries(), ""
    except UserError as error:
        return None, str(error)


def _row(settings: Settings, provider: Provider, entries: dict[str, Entry] | None) -> Row:
    now_s = SystemClock().now_ns() / SECOND_NS
    if provider.transport == "files":
        return Row(provider, "", "enabled", None, "none needed", health_of(provider, "", settings.data_dir, now_s), None)
    section = section_of(settings, provider.name)
    entry = entries.get(provider.name) if entries else None
    state: State = "unknown" if entries is None else "enabled" if entry is None or entry.enabled else "disabled"
    priority = section.priority if entry is None or entry.priority is None else entry.priority
    health = health_of(provider, section.source, settings.data_dir, now_s)
    return Row(provider, section.source, state, priority, _key(settings, provider, entries, entry), health, entry)


def _key(settings: Settings, provider: Provider, entries: dict[str, Entry] | None, entry: Entry | None) -> Key:
    if not provider.key:
        return "none needed"
    if getattr(section_of(settings, provider.name), provider.key.rpartition(".")[2], None) is not None:
        return "in the settings"
    if entries is None:
        return "unknown"
    return "stored" if entry and entry.credential else "missing"


def lines(found: Iterable[Row]) -> Iterator[str]:
    """For people: three lines a provider."""
    for row in found:
        one = row.provider
        gives = ", ".join(name for name in ("trades", "quotes", "books", "bars", "history") if getattr(one, name))
        yield f"{one.name:<20} {one.transport:<7} {', '.join(one.asset_classes):<12} {gives}"
        rank = "" if row.priority is None else f", priority {row.priority}"
        key = "" if row.key == "none needed" else f", key {row.key}"
        yield f"{'':<20} {row.state}{rank}{key}; {row.health.in_words()}"
        yield f"{'':<20} limits: {one.limits}; our budget: {in_words(one.budget)}"
        yield f"{'':<20} licence: {one.licence}"

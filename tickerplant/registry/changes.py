"""Changes of a source: the row first, then the record that its ingestor follows. A change that was cut off between the two is made whole by the same command again."""

from dataclasses import dataclass

from pydantic import SecretStr

from ingestors.registry import provider_of
from runtime.addresses import resolve
from runtime.clock import SystemClock
from runtime.errors import FatalError, TransientError, UserError
from runtime.kafka import Publisher
from runtime.settings import Settings
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.partitioner import partition_of
from schemas.sources import SourceState
from schemas.topics import Topic
from tickerplant.registry.store import registry_at
from tickerplant.registry.vault import Vault
from tickerplant.sources import section_of

_DELIVERY_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Change:
    """None: as it is. to_settings: the priority is that of the settings again."""

    enabled: bool | None = None
    priority: int | None = None
    to_settings: bool = False
    restart: bool = False
    credential: SecretStr | None = None


def change_source(settings: Settings, provider: str, change: Change, add: bool = False) -> SourceState:
    """What holds after it. add: the provider may be new to the registry; else one that is not there is added too, for every provider can be ranked.

    Blocks until database and broker have it. Raises UserError.
    """
    if change.credential is not None and not provider_of(provider).key:
        raise UserError(f"{provider} needs no key; leave it out")
    section, addresses, now_ns = section_of(settings, provider), resolve(settings), SystemClock().now_ns()
    with registry_at(addresses.postgres) as registry:
        known = registry.locked(provider)
        if add and known and change == Change():
            raise UserError(f"{provider} is in the registry already; change it with enable, disable, priority, or add it again with a key")
        enabled, priority, restarted_ns = (known.enabled, known.priority, known.restarted_ns) if known else (True, None, 0)
        enabled = enabled if change.enabled is None else change.enabled
        priority = None if change.to_settings else priority if change.priority is None else change.priority
        restarted_ns = now_ns if change.restart else restarted_ns
        registry.put(provider, enabled, priority, restarted_ns, now_ns)
        if change.credential is not None:
            registry.keep_credential(provider, Vault(settings.secrets.keys).close(provider, change.credential))
    state = SourceState(section.source, enabled, priority, now_ns, restarted_ns)
    _tell(settings, addresses.kafka, state)
    return state


def rotate(settings: Settings) -> list[str]:
    """Encrypts every stored credential with the first key; the providers whose were. Raises UserError: then nothing has changed."""
    vault = Vault(settings.secrets.keys)
    with registry_at(resolve(settings).postgres) as registry:
        stored = [entry for entry in registry.entries().values() if entry.credential is not None]
        for entry in stored:
            registry.keep_credential(entry.provider, vault.rotate(entry.provider, entry.credential or ""))
    return [entry.provider for entry in stored]


def _tell(settings: Settings, bootstrap: str, state: SourceState) -> None:
    publisher = Publisher(settings.kafka, bootstrap)
    partition = partition_of(state.source, settings.kafka.partitions)
    publisher.send(Topic.SOURCES, partition, encode(state), state.source.encode(), {TYPE: b"source_state"})
    try:
        publisher.flush(_DELIVERY_TIMEOUT_S)
    except (FatalError, TransientError) as error:
        raise UserError(f"the change is stored, but the ingestor was perhaps not told ({error}); run the same command again") from None

"""A provider's key for the process that needs it: from the settings, else from the registry."""

from typing import Any

from pydantic import BaseModel

from ingestors.registry import provider_of
from runtime.addresses import resolve
from runtime.errors import UserError
from runtime.logs import get_logger
from runtime.settings import Settings


def with_stored_key(settings: Settings, provider: str) -> Settings:
    """The settings with the provider's key in its place, where it needs one, the settings have none and the registry has one. Raises UserError for one
    that cannot be opened. Where no database is there or none is stored, they stay as they are: the provider then says which setting is missing."""
    key = provider_of(provider).key
    *path, name = key.split(".")
    if not key or _at(settings, [*path, name]) is not None:
        return settings
    # 16 MB of database and cryptography, which an ingestor without a stored key does not need.
    from tickerplant.registry.store import registry_at
    from tickerplant.registry.vault import Vault

    try:
        url = resolve(settings).postgres
        with registry_at(url) as registry:
            entry = registry.entries().get(provider)
    except UserError as error:
        get_logger().warning("registry_not_read", provider=provider, error=str(error))
        return settings
    if entry is None or entry.credential is None:
        return settings
    filled: Settings = _put(settings, path, name, Vault(settings.secrets.keys).open(provider, entry.credential))
    return filled


def _at(model: Any, path: list[str]) -> Any:
    for name in path:
        model = getattr(model, name)
    return model


def _put(model: Any, path: list[str], name: str, value: object) -> Any:
    """A copy of frozen sections with one value changed."""
    assert isinstance(model, BaseModel)
    if not path:
        return model.model_copy(update={name: value})
    return model.model_copy(update={path[0]: _put(getattr(model, path[0]), path[1:], name, value)})

"""A provider's folder that is not registered is a provider that nobody can start."""

import pkgutil
from importlib import import_module
from pathlib import Path

import ingestors
from ingestors.bar_history import bar_history_of
from ingestors.registry import PROVIDERS
from runtime.clock import SystemClock
from runtime.settings import Settings

SHARED = {"exchange_server", "books", "limits", "polling"}
TEMPLATE = "template"
FILES = {"config.py", "wire.py", "parse.py", "client.py", "ingestor.py", "README.md"}


def folders() -> set[Path]:
    root = Path(ingestors.__file__).parent
    return {path for path in root.iterdir() if path.is_dir() and (path / "__init__.py").exists() and path.name not in SHARED}


def test_every_folder_is_registered_and_can_be_started() -> None:
    assert {path.name for path in folders()} - {TEMPLATE} == {
        provider.module.rpartition(".")[2] for provider in PROVIDERS.values() if not provider.built_by
    }
    for provider in PROVIDERS.values():
        assert pkgutil.resolve_name(provider.ingestor).__module__ == (provider.built_by.partition(":")[0] or f"{provider.module}.ingestor")


def test_every_provider_has_the_same_files() -> None:
    for folder in folders():
        assert {path.name for path in folder.iterdir()} >= FILES


def test_bars_of_every_polled_provider_are_published_by_default() -> None:
    settings = Settings()
    sources = {
        getattr(settings.providers, provider.name.replace("-", "_")).source
        for provider in PROVIDERS.values()
        if provider.transport == "poll"
    }
    assert sources <= set(settings.process.provider_bars)


def test_bars_of_the_past_are_published_by_default_under_another_source_than_what_is_streamed() -> None:
    keyed = {name: {"api_key": "key"} for name in ("polygon", "finnhub")} | {"oanda": {"api_key": "key", "account": "101-004-1-001"}}
    settings, found = Settings.model_validate({"providers": keyed}), set[str]()
    for provider in PROVIDERS.values():
        if provider.transport == "stream" and hasattr(import_module(f"{provider.module}.ingestor"), "bar_history"):
            source = bar_history_of(provider.name, settings, SystemClock()).source
            assert source.removesuffix("-bars") == provider.name
            found.add(source)
    assert {"polygon-bars", "oanda-bars", "kraken-bars", "finnhub-bars"} < found <= set(settings.process.provider_bars)

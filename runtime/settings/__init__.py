"""Settings: typed, frozen, resolved once at start. Later wins: defaults, tickerplant.toml, environment, command line.

Environment: TICKERPLANT_<SECTION>__<NAME>, as TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS. Unknown keys are refused wherever they stand.
Where no address is given, the local stack's is used (see runtime.addresses).
"""

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from runtime.errors import UserError
from runtime.settings.cache import CacheSettings
from runtime.settings.gateway import GatewaySettings
from runtime.settings.ingest import IngestSettings
from runtime.settings.kafka import KafkaSettings
from runtime.settings.limits import LimitSettings
from runtime.settings.operating import FaultSettings, HealthSettings, LogSettings
from runtime.settings.process import ProcessSettings
from runtime.settings.providers import BinanceSettings, ProvidersSettings
from runtime.settings.quality import QualitySettings
from runtime.settings.schedule import ScheduleSettings
from runtime.settings.secrets import SecretsSettings
from runtime.settings.servers import PostgresSettings, RedisSettings, StackSettings
from runtime.settings.sinks import SinkSettings, WebhookSettings
from runtime.settings.stages import IndicatorSettings, SignalWeights, StageSettings
from runtime.settings.storage import StorageSettings

__all__ = [
    "CONFIG_FILE_VARIABLE",
    "PREFIX",
    "CacheSettings",
    "FaultSettings",
    "GatewaySettings",
    "HealthSettings",
    "IndicatorSettings",
    "IngestSettings",
    "KafkaSettings",
    "LogSettings",
    "PostgresSettings",
    "ProcessSettings",
    "QualitySettings",
    "RedisSettings",
    "Settings",
    "SignalWeights",
    "SinkSettings",
    "StackSettings",
    "StageSettings",
    "StorageSettings",
    "WebhookSettings",
    "load_settings",
]

PREFIX = "TICKERPLANT_"
CONFIG_FILE_VARIABLE = "TICKERPLANT_CONFIG"


class Settings(BaseSettings):
    """All settings of all processes."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, populate_by_name=True)

    data_dir: Path = Field(Path(".tickerplant"), description="data, logs, locks and addresses of one local stack")
    kafka: KafkaSettings = KafkaSettings()
    postgres: PostgresSettings = PostgresSettings()
    redis: RedisSettings = RedisSettings()
    secrets: SecretsSettings = SecretsSettings()
    stack: StackSettings = StackSettings()
    ingest: IngestSettings = IngestSettings()
    binance: BinanceSettings = BinanceSettings()
    providers: ProvidersSettings = ProvidersSettings()
    limits: LimitSettings = LimitSettings()
    process: ProcessSettings = ProcessSettings()
    sink: SinkSettings = SinkSettings()
    cache: CacheSettings = CacheSettings()
    storage: StorageSettings = StorageSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    gateway: GatewaySettings = GatewaySettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()
    faults: FaultSettings = FaultSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        path = Path(os.environ.get(CONFIG_FILE_VARIABLE, "tickerplant.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process. Raises UserError with one line that names the key, what is wrong with it and what is accepted."""
    _refuse_unknown_variables()
    path = os.environ.get(CONFIG_FILE_VARIABLE)
    if path and not Path(path).is_file():
        raise UserError(f"{CONFIG_FILE_VARIABLE} names {path}, which is not there; create it or unset the variable")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UserError(f"setting {key}: {_said(first['msg'])}; `tickerplant config show` lists all settings") from None
    except ValueError as error:
        raise UserError(f"settings cannot be read: {error}") from None


def _said(message: str) -> str:
    """Ours as it is, with its paths and names; the library's begins like a sentence."""
    ours = message.removeprefix("Value error, ")
    return ours if ours != message else message.lower()


def _refuse_unknown_variables() -> None:
    """pydantic-settings ignores unknown variables: a misspelt one would silently do nothing."""
    for name in os.environ:
        if not name.startswith(PREFIX) or name == CONFIG_FILE_VARIABLE:
            continue
        section, _, rest = name.removeprefix(PREFIX).lower().partition("__")
        if not _is_known(section, rest):
            raise UserError(f"unknown setting in the environment: {name}; `tickerplant config show` lists all settings")


def _is_known(section: str, rest: str) -> bool:
    field = Settings.model_fields.get(section)
    if field is None:
        return False
    if not rest:
        return True
    model = field.annotation
    names = {f.alias or n for n, f in model.model_fields.items()} if isinstance(model, type) and issubclass(model, BaseModel) else set()
    return rest.split("__")[0] in names

"""Settings: typed, frozen, resolved once at start. Later wins: defaults, tickerplant.toml, environment, command line.

Environment: TICKERPLANT_<SECTION>__<NAME>, as TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS. Unknown keys are refused wherever they stand.
Where no address is given, the local stack's is used (see runtime.addresses).
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from runtime.access_settings import AccessSettings
from runtime.errors import UserError
from runtime.failover_settings import FailoverSettings
from runtime.forms import kill_moments, postgres_url, redis_url, webhook_secret, webhook_url
from runtime.limit_settings import LimitSettings
from runtime.provider_settings import BinanceSettings, ProvidersSettings
from runtime.schedule_settings import ScheduleSettings
from runtime.secret_settings import SecretsSettings
from runtime.sections import PemFile, Section
from schemas.symbols import AssetClass
from schemas.timeframes import Timeframe
from schemas.topics import Topic

PREFIX = "TICKERPLANT_"
CONFIG_FILE_VARIABLE = "TICKERPLANT_CONFIG"


class KafkaSettings(Section):
    """The broker. Without bootstrap_servers the local stack's is used."""

    bootstrap_servers: str | None = Field(None, description="host:port[,host:port] of your own cluster")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="TLS and SASL as Kafka names them"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("SCRAM-SHA-512", description="used with a SASL protocol")
    sasl_username: str | None = Field(None, description="required by a SASL protocol")
    sasl_password: SecretStr | None = Field(None, description="required by a SASL protocol")
    ssl_ca_location: PemFile | None = Field(None, description="PEM file of the authority that signed the brokers' certificates")
    ssl_certificate_location: PemFile | None = Field(None, description="PEM file of our certificate, for mutual TLS")
    ssl_key_location: PemFile | None = Field(None, description="PEM file of its key")
    partitions: int = Field(4, ge=1, le=1024, description="of every market.* topic; fixed once data is there")
    replication_factor: int = Field(1, ge=1, le=7, description="of topics that we create")
    topic_names: dict[Topic, str] = Field(default_factory=dict, description="physical names that differ from the logical ones")
    group_prefix: str = Field("tickerplant", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="consumer groups are <prefix>.<stage>")
    session_timeout_s: float = Field(
        10.0, ge=6.0, le=300, description="a killed worker's partitions come back after this, or at once with the same instance id"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError(f"{self.security_protocol} needs sasl_username and sasl_password")
        if len(set(self.topic_names.values())) < len(self.topic_names):
            raise ValueError("topic_names gives one name to two topics")
        return self

    def topic(self, topic: Topic) -> str:
        """The physical name."""
        return self.topic_names.get(topic, topic.value)


class PostgresSettings(Section):
    """PostgreSQL or TimescaleDB. TLS goes into the URL: ?sslmode=verify-full&sslrootcert=..."""

    url: Annotated[SecretStr, AfterValidator(postgres_url)] | None = Field(None, description="postgresql://user:password@host:port/name")
    connect_timeout_s: float = Field(5.0, gt=0, le=120, description="an attempt to connect is given up after this, and made again")


class RedisSettings(Section):
    """Redis. rediss:// for TLS."""

    url: Annotated[SecretStr, AfterValidator(redis_url)] | None = Field(None, description="redis://:password@host:port/0")
    ssl_ca_location: PemFile | None = Field(None, description="PEM file of the authority that signed the server's certificate")


class StackSettings(Section):
    """The local stack, `tickerplant up`. A port of 0 is a free one."""

    kafka_port: int = Field(0, ge=0, le=65535, description="port of the local broker; 0: a free one")
    postgres_port: int = Field(0, ge=0, le=65535, description="port of the local PostgreSQL; 0: a free one")
    redis_port: int = Field(0, ge=0, le=65535, description="port of the local Redis; 0: a free one")
    kafka_heap_mb: int = Field(512, ge=256, le=32768, description="memory of the local broker's Java heap")
    kafka_quick_compiler: bool = Field(
        False, description="a local broker that is ready sooner and slower after its first minutes: for tests"
    )
    start_timeout_s: float = Field(90.0, gt=0, le=3600, description="a part that is not ready after this ends the start")
    stop_timeout_s: float = Field(20.0, gt=0, le=600, description="a part that has not ended after this is killed")
    minimum_free_mb: int = Field(500, ge=0, description="less free space than this on the data folder's disk refuses to start")
    java: Path | None = Field(None, description="a java >= 17 to use instead of the installed package's")
    postgres_bin: Path | None = Field(None, description="folder with a PostgreSQL's initdb and postgres to use instead of the package's")
    redis_server: Path | None = Field(None, description="a redis-server to use instead of the package's")
    maven_url: str = Field("", description="Maven repository that Kafka's jars come from; empty: Maven Central")


class IngestSettings(Section):
    """Shared by all ingestors."""

    flush_ticks: int = Field(500, ge=1, le=2_000, description="ticks at which an envelope is sent at once")
    flush_interval_s: float = Field(0.0005, ge=0, le=1, description="oldest a waiting tick gets")
    queue_frames: int = Field(
        20_000, ge=100, le=1_000_000, description="frames between the socket reader and the parser; full: the socket waits"
    )
    conflate_quotes: bool = Field(
        True,
        description="while the broker does not keep up and the queue is full, leave out quotes that a newer one has overtaken (counted)",
    )
    watermark_interval_s: float = Field(0.25, gt=0, le=10, description="watermarks are written so often, of the ingest clock's time")
    watermark_delay_s: float = Field(1.0, ge=0, le=60, description="how far event time may run behind the clock while nothing comes")
    gap_fill_max_trades: int = Field(100_000, ge=0, le=10_000_000, description="a larger hole is not fetched and is told as unfillable")
    import_waiting: int = Field(
        100_000,
        ge=1_000,
        le=100_000_000,
        description="rows of `tickerplant import` that may wait in the line: more hold live data up for longer",
    )
    book_levels: int = Field(20, ge=0, le=500, description="best levels of an order book that go to market.books; 0: no books are kept")
    book_interval_s: float = Field(0.1, ge=0, le=60, description="changes of a book within it become one event, of the ingest clock's time")
    book_snapshot_s: float = Field(10.0, gt=0, le=3600, description="the best levels are told whole so often, else what changed")
    silence_timeout_s: float = Field(
        30.0, gt=0, le=3600, description="no data for so long while a market is open: the connection is taken for dead"
    )
    capture: bool = Field(False, description="keep the raw frames, compressed, in <data dir>/capture/<source>")
    capture_file_mb: int = Field(64, ge=1, le=4_096, description="a file of the capture so large is followed by a new one")
    capture_keep_files: int = Field(16, ge=1, le=10_000, description="older files of the capture are deleted")


class StageSettings(Section):
    """Pace of one Faust stage. pace_s: waited before a fetch that follows a small one, latency for CPU."""

    pace_s: float = Field(0.01, ge=0, le=1, description="waited before a fetch that follows a small one: latency for CPU")
    commit_interval_s: float = Field(1.0, gt=0, le=60, description="at most so long is done again after a crash")


class IndicatorSettings(StageSettings):
    """Pace of the stage, and what it computes beside RSI, MACD and momentum."""

    also: tuple[str, ...] = Field(
        (), max_length=500, description="more indicators: names or keys of the catalogue, as `atr` or `bbands_20_2.5`; or `all`"
    )


class SignalWeights(Section):
    """Weights of the components; normalised to a sum of 1."""

    macd: float = Field(1.0, ge=0, le=1000, description="weight of the macd vote")
    rsi: float = Field(1.0, ge=0, le=1000, description="weight of the rsi vote")
    momentum: float = Field(1.0, ge=0, le=1000, description="weight of the momentum vote")


class QualitySettings(Section):
    """What validate calls wrong or odd, and how often it tells the quality of a source and symbol."""

    interval_s: float = Field(5.0, ge=0.25, le=3600, description="length of a window of market.quality, of the ingest clock's time")
    ahead_s: float = Field(600.0, ge=60, le=86_400, description="a tick or watermark further ahead of its receipt is refused")
    stale_quote_s: float = Field(
        900.0, ge=60, le=86_400, description="a quote older than this at its receipt, in open market time, is stale"
    )
    silence_s: float = Field(
        300.0, ge=1, le=86_400, description="no tick for so long, in open market time: a gap; and 20 times the usual spacing"
    )
    anomaly_window: int = Field(
        64,
        ge=16,
        le=1024,
        description="trades whose median and MAD say what is usual for the next so many; of quotes those with every 31st seq count",
    )
    price_deviations: float = Field(10.0, ge=3, le=1000, description="robust standard deviations from the median that a price may have")
    price_share: float = Field(0.005, gt=0, le=1, description="share of the median price within which no price is an anomaly")
    volume_deviations: float = Field(
        8.0, ge=3, le=1000, description="robust standard deviations of log size that a size may be above the median"
    )
    volume_factor: float = Field(10_000.0, ge=2, le=1e9, description="a size up to so many times the median is no anomaly")
    spread_deviations: float = Field(
        8.0, ge=3, le=1000, description="robust standard deviations of log spread that a quote's spread may be above the median"
    )
    spread_factor: float = Field(100.0, ge=2, le=1e9, description="a spread up to so many times the median is no anomaly")
    spread_share: float = Field(0.005, gt=0, le=1, description="nor is one up to this share of the median price")
    cross_source_share: float = Field(0.01, gt=0, le=1, description="share of the other sources' price that a trade may differ from it")
    cross_source_age_s: float = Field(10.0, gt=0, le=3600, description="other sources' trades further away in event time are not compared")


class ProcessSettings(Section):
    """The stages."""

    validate_: StageSettings = Field(StageSettings(pace_s=0.0), alias="validate")
    bars: StageSettings = StageSettings(pace_s=0.02)
    indicators: IndicatorSettings = IndicatorSettings(pace_s=0.0)
    signals: StageSettings = StageSettings(pace_s=0.0)
    quality: QualitySettings = QualitySettings()
    failover: FailoverSettings = FailoverSettings()
    alerts: StageSettings = StageSettings()
    timeframes: tuple[Timeframe, ...] = Field(tuple(Timeframe), min_length=1, description="1m is always built; the others from it")
    grace_s: float = Field(1.0, ge=0, le=3600, description="event time that a bar waits behind the watermark")
    asset_classes: dict[str, AssetClass] = Field(
        default_factory=dict, description="by symbol, where its name does not tell: crypto, equity, fx or index"
    )
    quote_bars: tuple[AssetClass, ...] = Field(
        ("fx", "index"), description="asset classes whose bars are built from quotes, not from trades"
    )
    history_bars: int = Field(
        64, ge=64, le=500, description="closed 1m bars that a late tick may correct through the stream; state grows with it"
    )
    synthetic_bars: tuple[str, ...] = Field((), description="symbols of which an interval without trades gets a bar; * for all")
    provider_bars: tuple[str, ...] = Field(
        (
            *("file-bars", "binance-bars", "coinbase-bars", "polygon-bars", "oanda-bars"),
            *("yahoo", "fmp", "alpha-vantage", "tiingo-rest", "twelve-data-rest", "cryptocompare", "coingecko", "currencylayer", "quandl"),
        ),
        description="sources that send no trades: the bars that they build are published, and none are built of their ticks",
    )
    forming_timeframes: tuple[Timeframe, ...] = Field((Timeframe.M1,), description="timeframes whose open bars are shown; empty for none")
    forming_interval_s: float = Field(0.25, ge=0.25, le=60, description="an open bar that changed is shown so often at most")
    rsi_period: int = Field(14, ge=2, le=500, description="closes of the relative strength index")
    macd_fast: int = Field(12, ge=2, le=500, description="bars of the fast average; below macd_slow")
    macd_slow: int = Field(26, ge=3, le=1000, description="bars of the slow average")
    macd_signal: int = Field(9, ge=2, le=500, description="bars of the signal line")
    momentum_period: int = Field(10, ge=1, le=500, description="bars back that the close is compared with")
    signal_weights: SignalWeights = SignalWeights()
    signal_resolution: Literal["hierarchy", "conflict", "weighted"] = Field(
        "hierarchy", description="how votes that disagree become one signal"
    )
    minimum_quality: float = Field(0.5, ge=0, le=1, description="a signal on bars below it says low_quality and holds")
    stall_timeout_s: float = Field(60.0, gt=0, le=3600, description="a partition with lag that does not move for so long ends the process")

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"macd_fast ({self.macd_fast}) must be below macd_slow ({self.macd_slow})")
        return self


StreamName = Literal["trades", "quotes", "bars", "indicators", "signals"]


class WebhookSettings(Section):
    """Where alerts are posted to."""

    urls: tuple[Annotated[SecretStr, AfterValidator(webhook_url)], ...] = Field(
        (), max_length=20, description="https://host/path of each receiver; none: nothing is posted"
    )
    secret: Annotated[SecretStr | None, AfterValidator(webhook_secret)] = Field(
        None, description="key of the HMAC-SHA256 signature; none: requests are not signed"
    )
    timeout_s: float = Field(5.0, gt=0, le=60, description="a receiver that has not answered after this is asked again")
    give_up_after_s: float = Field(
        600.0, ge=0, le=86_400, description="a receiver that fails for so long gets one attempt an alert; what fails then is a dead letter"
    )


class SinkSettings(Section):
    """The sinks. A batch is written when it is large or old enough, whichever is first."""

    batch_rows: int = Field(10_000, ge=1, le=1_000_000, description="a batch of so many rows is written at once")
    batch_interval_s: float = Field(0.25, gt=0, le=60, description="a batch so old is written at once")
    quote_ttl_s: int = Field(60, ge=1, le=86_400, description="a quote in Redis is gone after this")
    streams: tuple[StreamName, ...] = Field(
        ("bars", "signals"), description="kinds of events whose newest are also kept in Redis streams, by symbol"
    )
    stream_length: int = Field(
        200, ge=1, le=100_000, description="events of one stream; memory in Redis grows with symbols, streams and this"
    )
    movers_interval_s: float = Field(60.0, ge=0, le=3600, description="the largest daily changes are worked out so often; 0: never")
    webhook: WebhookSettings = WebhookSettings()


class CacheSettings(Section):
    """The cache library (package `cache`), in every process that uses it: what it keeps in memory for while Redis is away."""

    memory_entries: int = Field(10_000, ge=1, le=1_000_000, description="values in memory; the longest unused goes first")
    memory_bytes: int = Field(33_554_432, ge=65_536, le=4_294_967_296, description="their bytes, compressed ones as they are")
    away_s: float = Field(
        300.0, ge=0, le=86_400, description="while Redis is away a value is read from memory so long past its lifetime, marked as expired"
    )
    timeout_s: float = Field(0.25, gt=0, le=10, description="an answer that takes longer means that Redis is away")
    retry_s: float = Field(1.0, gt=0, le=60, description="it is asked again so often while it is away")
    compress_above_bytes: int = Field(1024, ge=64, le=16_777_216, description="larger values are compressed")
    maximum_value_bytes: int = Field(8_388_608, ge=1024, le=67_108_864, description="a larger value is refused")
    lifetimes_s: dict[str, Annotated[int, Field(ge=1, le=604_800)]] = Field(
        default_factory=dict, description="by kind, as news, where they differ from the table; not for the kinds that the sink writes"
    )


class StorageSettings(Section):
    """How long PostgreSQL or TimescaleDB keeps what, by event time. Indicators, signals and history go with their bars. 0: for ever."""

    retention: bool = Field(
        False,
        description="TimescaleDB drops old chunks by itself, and the sink refuses rows that are older; off, because recordings are older than any retention when "
        "they are replayed",
    )
    major_symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), description="symbols whose ticks are kept for major_ticks_days")
    major_ticks_days: int = Field(365, ge=0, le=36_500, description="ticks of major symbols")
    ticks_days: int = Field(182, ge=0, le=36_500, description="ticks of the other symbols")
    minute_bars_days: int = Field(1096, ge=0, le=36_500, description="bars below 5m")
    intraday_bars_days: int = Field(1826, ge=0, le=36_500, description="bars from 5m to below 1d")
    daily_bars_days: int = Field(3653, ge=0, le=36_500, description="bars of 1d and longer")
    quality_days: int = Field(365, ge=0, le=36_500, description="rows of market_quality")
    alerts_days: int = Field(1096, ge=0, le=36_500, description="rows of market_alerts")
    columnstore_after_days: int = Field(
        7, ge=0, le=36_500, description="on TimescaleDB chunks so old become columns, beyond the lateness of ticks; 0: never"
    )


class GatewaySettings(Section):
    """The WebSocket gateway and its page."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8001, ge=0, le=65535, description="0: a free one")
    processes: int = Field(
        1,
        ge=1,
        le=64,
        description="gateway processes on the port (SO_REUSEPORT): the kernel spreads clients over them; each is started with its --instance",
    )
    snapshot_bars: int = Field(300, ge=0, le=5000, description="closed bars that a new subscription gets first")
    read_back_records: int = Field(
        20_000, ge=0, le=1_000_000, description="bars, indicators, signals a partition that are read at start for snapshots"
    )
    resume_memory_mb: int = Field(
        16, ge=1, le=1024, description="newest records kept for clients that come back; older ones come from Kafka"
    )
    resume_records: int = Field(
        20_000,
        ge=0,
        le=1_000_000,
        description="so far before what is in memory a client may go on, in records of a partition; else a snapshot",
    )
    max_connections: int = Field(1000, ge=1, le=100_000, description="more clients are turned away")
    max_message_bytes: int = Field(65_536, ge=256, le=1_048_576, description="a longer message of a client closes its connection")
    max_subscriptions: int = Field(100, ge=1, le=10_000, description="of one client")
    max_variants: int = Field(
        16,
        ge=1,
        le=10_000,
        description="of one client: in how many ways it may want one series, each with filters, pace and form of its own",
    )
    queue_messages: int = Field(
        10_000,
        ge=10,
        le=1_000_000,
        description="waiting for one client; more: it is told what it missed, and evicted with code 4008 if it stays behind",
    )
    queue_mb: int = Field(8, ge=1, le=1024, description="the same by size, for messages that are large")
    slow_client_s: float = Field(
        30.0, gt=0, le=3600, description="a client whose socket takes nothing for so long is evicted with code 4008"
    )
    batch_window_ms: float = Field(0, ge=0, le=20, description="messages wait so long for others, so that they go out in fewer writes")
    allowed_origins: tuple[str, ...] = Field((), description="beside the gateway's own address")
    tls_certificate: PemFile | None = Field(None, description="PEM file of the port's certificate chain: TLS 1.3, https and wss alone")
    tls_key: PemFile | None = Field(None, description="PEM file of its key, without a password")
    handshake_timeout_s: float = Field(10.0, gt=0, le=120, description="a connection that has not become a WebSocket by then is cut off")
    max_handshakes: int = Field(
        500,
        ge=1,
        le=100_000,
        description="connections that have not said yet what they want; of more the oldest is cut off; with TLS they count once that is settled",
    )
    heartbeat_s: float = Field(15.0, ge=0, le=3600, description="a client that got nothing for so long gets a heartbeat; 0: never")
    drain_s: float = Field(10.0, ge=0, le=600, description="at the end clients are closed one after another, over so long at most")
    access: AccessSettings = AccessSettings()

    @model_validator(mode="after")
    def _tls_complete(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("give both tls_certificate and tls_key, or neither")
        return self


class HealthSettings(Section):
    """/metrics, /live and /ready of every process."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, ge=0, le=65535, description="0: a free one, written to <data dir>/run/<process>.json")
    max_lag_records: int = Field(50_000, ge=0, description="more lag than this is not ready")
    max_data_age_s: float = Field(60.0, gt=0, description="an ingestor without data for so long is not ready")


class LogSettings(Section):
    """Logs go to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="events below it are not written")
    format: Literal["json", "text"] = Field("json", description="json for machines, text for people")


class FaultSettings(Section):
    """For tests only: see runtime.faults."""

    kill_at: Annotated[str, AfterValidator(kill_moments)] = Field("", description="process:point:times")


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

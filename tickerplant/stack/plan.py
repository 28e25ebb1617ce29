"""Which processes of ours make the line, in which order they start, and with which feed. Values only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ingestors.process_shard import ProcessShard
from runtime.settings import PREFIX, Settings
from tickerplant.stack.ports import LOOPBACK

SIMULATED_SOURCE = "binance-simulated"


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds the line: the simulated exchange, live providers, or nothing. symbols: empty for the settings' own. processes: how many a provider's symbols are spread
    over, where there is more than one."""

    kind: Literal["simulated", "live", "none"] = "simulated"
    symbols: tuple[str, ...] = ()
    speed: str = "1"
    providers: tuple[str, ...] = ("binance",)
    processes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours: `tickerplant <arguments> --data-dir ...` with more environment. nice: as of nice(1), 0 to 19."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    nice: int = 0


# On a machine that is short of cores, whoever waits for a tick goes before what sums up, and that before what stores: of 20,000 ticks a second a client gets one in
# half the time that it takes with 5 for both.
_SUMS_UP, _STORES = 10, 15

LINE = (
    Process("process-validate", ("process", "validate")),
    Process("process-bars", ("process", "bars"), nice=_SUMS_UP),
    Process("process-indicators", ("process", "indicators"), nice=_SUMS_UP),
    Process("process-signals", ("process", "signals"), nice=_SUMS_UP),
    Process("process-alerts", ("process", "alerts"), nice=_SUMS_UP),
    Process("sink-timescale", ("sink", "timescale"), nice=_STORES),
    Process("sink-redis", ("sink", "redis"), nice=_STORES),
    Process("gateway", ("gateway",)),
)
WEBHOOK = Process("sink-webhook", ("sink", "webhook"))  # only where there is somebody to call
SCHEDULE = Process("schedule", ("schedule", "run"))  # only where the settings give it something to do

# The feed stops first, so that what it sent goes through; then what reads what it wrote; each group waits for the one before.
STOP_ORDER = (
    ("exchange", "schedule"),
    ("ingest",),
    ("process-validate", "process-bars", "process-indicators", "process-signals", "process-alerts"),
    ("sink-timescale", "sink-redis", "sink-webhook", "gateway"),
    ("redis", "postgres"),
    ("kafka",),
)


def stop_name(name: str) -> str:
    """As STOP_ORDER names it: `gateway` for gateway-1, `ingest` for ingest-kraken."""
    return next((one for one in ("gateway", "ingest") if name.startswith(f"{one}-")), name)


def more_gateways(settings: Settings) -> list[Process]:
    """Those beside the first, on its port."""
    numbers = range(1, settings.gateway.processes)
    return [Process(f"gateway-{number}", ("gateway", "--instance", str(number))) for number in numbers]


def _where_wanted(settings: Settings) -> list[Process]:
    """Those that a stack has only for settings of the user's."""
    wanted = [WEBHOOK] if settings.sink.webhook.urls else []
    return [*wanted, SCHEDULE] if settings.schedule.backfills or settings.storage.retention else wanted


def _ingestors(provider: str, feed: Feed, partitions: int) -> list[Process]:
    """Those of one provider. Without symbols they carry those of the settings."""
    section = "BINANCE" if provider == "binance" else f"PROVIDERS__{provider.replace('-', '_').upper()}"
    environment = {f"{PREFIX}{section}__SYMBOLS": json.dumps(feed.symbols)} if feed.symbols else {}
    name, words, of = f"ingest-{provider}", ("ingest", provider), feed.processes.get(provider, 1)
    shards = [ProcessShard(partitions, number, of) for number in range(1, of + 1)]
    return [Process(one.named(name), words if one.whole else (*words, "--shard", str(one)), environment) for one in shards]


def start_groups(settings: Settings, feed: Feed, exchange_port: int) -> list[tuple[Process, ...]]:
    """Groups in order of their start; each is ready before the next one starts: what reads is there before what writes."""
    line = (*LINE, *more_gateways(settings), *_where_wanted(settings))
    if feed.kind == "none":
        return [line]
    if feed.kind == "live":
        return [line, tuple(one for provider in feed.providers for one in _ingestors(provider, feed, settings.kafka.partitions))]
    symbols = feed.symbols or settings.binance.symbols
    words = ("exchange", "--host", LOOPBACK, "--port", str(exchange_port), "--symbols", ",".join(symbols), "--speed", feed.speed)
    simulated = {
        f"{PREFIX}BINANCE__SYMBOLS": json.dumps(symbols),
        f"{PREFIX}BINANCE__WEBSOCKET_URL": f"ws://{LOOPBACK}:{exchange_port}",
        f"{PREFIX}BINANCE__REST_URL": f"http://{LOOPBACK}:{exchange_port}",
        f"{PREFIX}BINANCE__CLOCK": "capture",
        f"{PREFIX}BINANCE__SOURCE": SIMULATED_SOURCE,
    }
    return [line, (Process("exchange", words),), (Process("ingest-binance", ("ingest", "binance"), simulated),)]

"""The process `sink-timescale`: put together here, run by sinks.process."""

from functools import partial

from runtime.addresses import resolve
from runtime.clock import Clock
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.kafka import Publisher
from runtime.settings import Settings
from sinks.letters import LetterBox
from sinks.process import run_sink
from sinks.reader import TopicReader
from sinks.timescale.horizon import Horizon
from sinks.timescale.log_identity import identify
from sinks.timescale.offsets import Offsets
from sinks.timescale.policies import prepare_database
from sinks.timescale.session import Session
from sinks.timescale.store import TOPICS, TimescaleStore
from sinks.timescale.table_writers import table_writers
from sinks.worker import SinkWorker

PROCESS = "sink-timescale"


def run(settings: Settings, instance: int = 0) -> int:
    """Runs until stopped; returns the exit code."""
    return run_sink(PROCESS, settings, partial(build, settings, instance))


def build(settings: Settings, instance: int, health: Health, clock: Clock) -> SinkWorker:
    """instance: 0, 1, ...; each has a fixed place in the group."""
    addresses = resolve(settings)
    kafka = settings.kafka
    reader = TopicReader(kafka, addresses.kafka, PROCESS, TOPICS, instance)
    stages = [writer.table for writer in table_writers().values()]
    store = TimescaleStore(
        PROCESS,
        Session(addresses.postgres, settings.postgres.connect_timeout_s, f"{PROCESS}-{instance}", stages),
        Offsets(kafka),
        LetterBox("row_refused", partial(Publisher, kafka, addresses.kafka)),
        KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run"),
        clock,
        identify=partial(identify, kafka, addresses.kafka, TOPICS),
        limits=reader.limits,
        prepare=partial(prepare_database, addresses.postgres, settings.storage, settings.process.asset_classes),
        announce=partial(reader.commit, wait=False),
        horizon=Horizon(settings.storage, clock),
        asset_classes=settings.process.asset_classes,
    )
    return SinkWorker(PROCESS, reader, store, health, clock, settings)

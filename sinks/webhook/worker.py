"""The process `sink-webhook`: put together here, run by sinks.process."""

from functools import partial

from runtime.addresses import kafka_address
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.kafka import Publisher
from runtime.settings import Settings
from sinks.process import run_sink
from sinks.reader import TopicReader
from sinks.webhook.store import TOPICS, WebhookStore
from sinks.worker import SinkWorker

PROCESS = "sink-webhook"


def run(settings: Settings, instance: int = 0) -> int:
    """Runs until stopped; returns the exit code. Raises UserError if there is nobody to call."""
    if not settings.sink.webhook.urls:
        raise UserError(
            "there is no URL to post to; set sink.webhook.urls, as TICKERPLANT_SINK__WEBHOOK__URLS='[\"https://example.org/hook\"]'"
        )
    return run_sink(PROCESS, settings, partial(build, settings, instance))


def build(settings: Settings, instance: int, health: Health, clock: Clock) -> SinkWorker:
    """instance: 0, 1, ...; each has a fixed place in the group."""
    bootstrap = kafka_address(settings)
    reader = TopicReader(settings.kafka, bootstrap, PROCESS, TOPICS, instance)
    points = KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run")
    store = WebhookStore(PROCESS, settings.sink.webhook, reader, lambda: Publisher(settings.kafka, bootstrap), points, clock)
    return SinkWorker(PROCESS, reader, store, health, clock, settings)

"""The Faust app of a stage: the settings that its users converged on, TLS and SASL, and nothing that needs a table, a web server or a producer."""

import ssl
from typing import Any

import faust
from faust.app.base import BootStrategy

from runtime.faust_stage.batch_consumer import StageHooks, StageTransport
from runtime.faust_stage.exits import stop_loudly
from runtime.faust_stage.spec import StageSpec
from runtime.settings import KafkaSettings


class _ConsumerOnly(BootStrategy):  # type: ignore[misc]  # Faust is untyped
    """Outputs go through confluent-kafka: Faust's producer would only hold a connection."""

    enable_kafka_producer = False
    enable_web = False


class StageApp(faust.App):  # type: ignore[misc]
    """One app a stage. A crash anywhere in Faust ends the process at once, before its own stop could commit."""

    BootStrategy = _ConsumerOnly
    stage: StageHooks

    def _crash(self, reason: BaseException) -> None:
        stop_loudly("faust_crashed", reason)

    def _create_directories(self) -> None:
        """No tables, so no folders."""

    def _new_transport(self) -> StageTransport:
        return StageTransport(self.conf.broker_consumer, self)


def build_app(spec: StageSpec, kafka: KafkaSettings, bootstrap: str, instance: int, stage: StageHooks) -> StageApp:
    """An app without agents. Call it inside the running event loop."""
    group = f"{kafka.group_prefix}.{spec.name}"
    app = StageApp(
        group,
        broker=";".join(f"kafka://{address.strip()}" for address in bootstrap.split(",")),
        broker_credentials=credentials(kafka),
        processing_guarantee="at_least_once",
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_buffer_maxsize=4,  # batches, each up to 500 records: two are enough to keep the agent busy
        broker_max_poll_records=500,
        consumer_max_fetch_size=524_288,  # a partition; 1 MiB, the default, costs 20 MB more resident memory
        broker_commit_interval=spec.commit_interval_s,
        broker_request_timeout=max(90.0, kafka.session_timeout_s),
        broker_session_timeout=kafka.session_timeout_s,
        broker_heartbeat_interval=kafka.session_timeout_s / 5,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{group}-{instance}",
    )
    app.stage = stage
    return app


def credentials(kafka: KafkaSettings) -> Any:
    """What faust.App takes as broker_credentials; None for a plain connection."""
    protocol = kafka.security_protocol
    context = _ssl_context(kafka) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL"):
        password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else ""
        return faust.SASLCredentials(username=kafka.sasl_username, password=password, mechanism=kafka.sasl_mechanism, ssl_context=context)
    return faust.SSLCredentials(context) if context else None


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(kafka.ssl_ca_location) if kafka.ssl_ca_location else None)
    if kafka.ssl_certificate_location:
        context.load_cert_chain(kafka.ssl_certificate_location, kafka.ssl_key_location)
    return context

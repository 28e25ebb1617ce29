"""How settings become Faust's: TLS, SASL, several brokers, and the choices that must not be Faust's defaults."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from faust.types.enums import ProcessingGuarantee

from runtime.faust_stage.app import build_app, credentials
from runtime.faust_stage.spec import StageSpec
from runtime.settings import KafkaSettings
from runtime.stage import StageCore
from schemas.topics import Topic

SPEC = StageSpec("bars", "process-bars", (Topic.TICKS,), Topic.STATE_BARS, lambda _: cast(StageCore, None), 0.01, 0.75)


def _authority(folder: Path) -> Path:
    """A certificate that signs itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ours")])
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(days=10_000))
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    path = folder / "ca.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path


async def test_the_app_has_the_settings_that_its_users_converged_on() -> None:
    kafka = KafkaSettings(group_prefix="line", session_timeout_s=12.0)
    app = build_app(SPEC, kafka, "one:9092, two:9093", 3, cast(Any, SimpleNamespace()))
    conf = app.conf
    assert conf.id == "line.bars"
    assert conf.consumer_group_instance_id == "line.bars-3"
    assert [(url.host, url.port) for url in conf.broker] == [("one", 9092), ("two", 9093)]
    assert (conf.broker_session_timeout, conf.broker_commit_interval, conf.broker_max_poll_records) == (12.0, 0.75, 500)
    assert conf.processing_guarantee == ProcessingGuarantee.AT_LEAST_ONCE
    assert (conf.stream_wait_empty, conf.topic_allow_declare, conf.web_enabled, conf.cython_optimizations) == (False, False, False, False)
    assert conf.consumer_auto_offset_reset == "earliest"
    assert str(conf.store) == "memory:"


def test_a_plain_connection_needs_no_credentials() -> None:
    assert credentials(KafkaSettings()) is None


def test_sasl_without_tls() -> None:
    kafka = KafkaSettings.model_validate(
        {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "tp", "sasl_password": "secret", "sasl_mechanism": "SCRAM-SHA-256"}
    )
    found = credentials(kafka)
    assert (found.username, found.password, found.mechanism.value, found.protocol.value) == (
        "tp",
        "secret",
        "SCRAM-SHA-256",
        "SASL_PLAINTEXT",
    )


@pytest.mark.parametrize(("protocol", "found"), [("SSL", "SSL"), ("SASL_SSL", "SASL_SSL")])
def test_tls_checks_the_broker_against_the_given_authority(protocol: str, found: str, tmp_path: Path) -> None:
    login = {"sasl_username": "tp", "sasl_password": "secret"} if protocol.startswith("SASL") else {}
    kafka = KafkaSettings.model_validate({"security_protocol": protocol, "ssl_ca_location": _authority(tmp_path), **login})
    made = credentials(kafka)
    context = made.context if protocol == "SSL" else made.ssl_context
    assert made.protocol.value == found
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1

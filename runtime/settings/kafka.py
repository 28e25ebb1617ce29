"""The broker."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from runtime.sections import PemFile, Section
from schemas.topics import Topic


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
    # A broker handles a connection's requests one after the other anyway. With two there is always one at hand, and what comes meanwhile shares the next.
    requests_in_flight: int = Field(
        2, ge=1, le=5, description="produce requests on their way to a broker at once: more for a distant broker; few cost less under load"
    )
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

"""The WebSocket gateway."""

from typing import Self

from pydantic import Field, model_validator

from runtime.sections import PemFile, Section
from runtime.settings.access import AccessSettings


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

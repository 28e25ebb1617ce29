"""The sinks."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from runtime.forms import webhook_secret, webhook_url
from runtime.sections import Section

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

    batch_rows: int = Field(5_000, ge=1, le=1_000_000, description="a batch of so many rows is written at once")
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

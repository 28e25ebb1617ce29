"""What every provider can be told, by the way its data come."""

from typing import Literal

from pydantic import Field

from runtime.sections import Section
from schemas.sources import DEFAULT_PRIORITY

SOURCE = r"^[a-z][a-z0-9-]{0,31}$"


class StreamSettings(Section):
    """What every streaming provider can be told. Canonical symbols; the provider's own come from its symbol table."""

    symbols: tuple[str, ...] = Field((), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    websocket_url: str = Field("", description="scheme, host and port of the stream")
    rest_url: str = Field("", description="scheme, host and port of the REST interface")
    source: str = Field("", pattern=SOURCE, description="name of the source on every event")
    priority: int = Field(
        DEFAULT_PRIORITY,
        ge=0,
        le=1_000,
        description="place among the sources of a symbol, the lowest is preferred as its primary one; `tickerplant sources priority` stands above it",
    )
    clock: Literal["system", "capture"] = Field("system", description="capture: the time of receipt comes with the frames (replay)")
    max_frame_bytes: int = Field(262_144, ge=1024, le=16_777_216, description="larger frames become dead letters")
    symbols_per_connection: int = Field(100, ge=1, le=1_000, description="more symbols are spread over several connections")

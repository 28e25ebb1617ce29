"""Settings of which source is a symbol's primary one."""

from pydantic import Field

from runtime.sections import Section


class FailoverSettings(Section):
    """When a symbol's primary source changes. Times are those of the ingestors' clocks, as the log has them."""

    lost_s: float = Field(
        4.0, ge=1, le=3600, description="a source whose event time has not moved for so long, while another's did, is lost"
    )
    quiet_s: float = Field(
        15.0, ge=1, le=86_400, description="no tick of a symbol for so long, and 20 times its usual spacing, while another source has some"
    )
    settle_s: float = Field(
        30.0,
        ge=0,
        le=86_400,
        description="a preferred source that came back takes over after this; twice as long after each break soon after",
    )

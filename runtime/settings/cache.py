"""The cache library."""

from typing import Annotated

from pydantic import Field

from runtime.sections import Section


class CacheSettings(Section):
    """The cache library (package `cache`), in every process that uses it: what it keeps in memory for while Redis is away."""

    memory_entries: int = Field(10_000, ge=1, le=1_000_000, description="values in memory; the longest unused goes first")
    memory_bytes: int = Field(33_554_432, ge=65_536, le=4_294_967_296, description="their bytes, compressed ones as they are")
    away_s: float = Field(
        300.0, ge=0, le=86_400, description="while Redis is away a value is read from memory so long past its lifetime, marked as expired"
    )
    timeout_s: float = Field(0.25, gt=0, le=10, description="an answer that takes longer means that Redis is away")
    retry_s: float = Field(1.0, gt=0, le=60, description="it is asked again so often while it is away")
    compress_above_bytes: int = Field(1024, ge=64, le=16_777_216, description="larger values are compressed")
    maximum_value_bytes: int = Field(8_388_608, ge=1024, le=67_108_864, description="a larger value is refused")
    lifetimes_s: dict[str, Annotated[int, Field(ge=1, le=604_800)]] = Field(
        default_factory=dict, description="by kind, as news, where they differ from the table; not for the kinds that the sink writes"
    )

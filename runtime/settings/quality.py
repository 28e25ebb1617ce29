"""What validate calls wrong or odd."""

from pydantic import Field

from runtime.sections import Section


class QualitySettings(Section):
    """What validate calls wrong or odd, and how often it tells the quality of a source and symbol."""

    interval_s: float = Field(5.0, ge=0.25, le=3600, description="length of a window of market.quality, of the ingest clock's time")
    ahead_s: float = Field(600.0, ge=60, le=86_400, description="a tick or watermark further ahead of its receipt is refused")
    stale_quote_s: float = Field(
        900.0, ge=60, le=86_400, description="a quote older than this at its receipt, in open market time, is stale"
    )
    silence_s: float = Field(
        300.0, ge=1, le=86_400, description="no tick for so long, in open market time: a gap; and 20 times the usual spacing"
    )
    anomaly_window: int = Field(
        64,
        ge=16,
        le=1024,
        description="trades whose median and MAD say what is usual for the next so many; of quotes those with every 31st seq count",
    )
    price_deviations: float = Field(10.0, ge=3, le=1000, description="robust standard deviations from the median that a price may have")
    price_share: float = Field(0.005, gt=0, le=1, description="share of the median price within which no price is an anomaly")
    volume_deviations: float = Field(
        8.0, ge=3, le=1000, description="robust standard deviations of log size that a size may be above the median"
    )
    volume_factor: float = Field(10_000.0, ge=2, le=1e9, description="a size up to so many times the median is no anomaly")
    spread_deviations: float = Field(
        8.0, ge=3, le=1000, description="robust standard deviations of log spread that a quote's spread may be above the median"
    )
    spread_factor: float = Field(100.0, ge=2, le=1e9, description="a spread up to so many times the median is no anomaly")
    spread_share: float = Field(0.005, gt=0, le=1, description="nor is one up to this share of the median price")
    cross_source_share: float = Field(0.01, gt=0, le=1, description="share of the other sources' price that a trade may differ from it")
    cross_source_age_s: float = Field(10.0, gt=0, le=3600, description="other sources' trades further away in event time are not compared")

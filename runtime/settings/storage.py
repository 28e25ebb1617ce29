"""How long tables keep what."""

from pydantic import Field

from runtime.sections import Section


class StorageSettings(Section):
    """How long PostgreSQL or TimescaleDB keeps what, by event time. Indicators, signals and history go with their bars. 0: for ever."""

    retention: bool = Field(
        False,
        description="TimescaleDB drops old chunks by itself, and the sink refuses rows that are older; off, because recordings are older than any retention when "
        "they are replayed",
    )
    major_symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), description="symbols whose ticks are kept for major_ticks_days")
    major_ticks_days: int = Field(365, ge=0, le=36_500, description="ticks of major symbols")
    ticks_days: int = Field(182, ge=0, le=36_500, description="ticks of the other symbols")
    minute_bars_days: int = Field(1096, ge=0, le=36_500, description="bars below 5m")
    intraday_bars_days: int = Field(1826, ge=0, le=36_500, description="bars from 5m to below 1d")
    daily_bars_days: int = Field(3653, ge=0, le=36_500, description="bars of 1d and longer")
    quality_days: int = Field(365, ge=0, le=36_500, description="rows of market_quality")
    alerts_days: int = Field(1096, ge=0, le=36_500, description="rows of market_alerts")
    columnstore_after_days: int = Field(
        7, ge=0, le=36_500, description="on TimescaleDB chunks so old become columns, beyond the lateness of ticks; 0: never"
    )

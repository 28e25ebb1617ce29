"""Settings of the drop folder for files."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from runtime.sections import Section


class CsvDropSettings(Section):
    """A folder: CSV and Parquet files that are put there are imported once. All have the same form; the fields mean what the options of `tickerplant import` do."""

    folder: Path | None = Field(None, description="where files are put; done/ and refused/ are made in it")
    look_interval_s: float = Field(2.0, ge=0.01, le=3_600, description="a file is taken when it has not changed between two looks")
    map: dict[str, str] = Field(default_factory=dict, description='which column is what, as `price = "px"`; what is not named is guessed')
    columns: tuple[str, ...] = Field((), description="names of the columns of files without a header; `-` leaves one out")
    kind: Literal["trades", "quotes", "bars", ""] = Field("", description="what the rows are; empty: by their columns")
    symbol: str = Field("", max_length=64, description="of rows that name none")
    timeframe: str = Field("", max_length=8, description="of bars that name none; empty: the usual step between their times")
    rows_source: str = Field("", max_length=32, description="source of rows that name none; empty: `file`, for bars `file-bars`")
    rename: dict[str, str] = Field(default_factory=dict, description="canonical names by the files' own")
    time_zone: str = Field("UTC", max_length=64, description="of times that name none")
    time_unit: Literal["s", "ms", "us", "ns", ""] = Field("", description="of times that are numbers; empty: by their size")
    time_format: str = Field("", max_length=64, description="of times as text, as strptime writes it; empty: ISO 8601")
    bars_end: bool = Field(False, description="the time of a bar is that of its end")

"""Quandl's own answers (Nasdaq Data Link, time series). Numbers are read as their text; unknown fields are ignored, a missing one is an error."""

from typing import Any

from msgspec import Struct


class DatasetData(Struct):
    """data: a row a date, in the order of column_names, whose names differ from dataset to dataset."""

    column_names: list[str]
    data: list[list[Any]]
    frequency: str = "daily"


class Dataset(Struct):
    dataset_data: DatasetData


class Failure(Struct):
    code: str = ""
    message: str = ""


class ErrorBody(Struct):
    quandl_error: Failure | None = None

"""Health, logs, and faults that tests plant."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from runtime.forms import kill_moments
from runtime.sections import Section


class HealthSettings(Section):
    """/metrics, /live and /ready of every process."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(0, ge=0, le=65535, description="0: a free one, written to <data dir>/run/<process>.json")
    max_lag_records: int = Field(50_000, ge=0, description="more lag than this is not ready")
    max_data_age_s: float = Field(60.0, gt=0, description="an ingestor without data for so long is not ready")


class LogSettings(Section):
    """Logs go to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="events below it are not written")
    format: Literal["json", "text"] = Field("json", description="json for machines, text for people")


class FaultSettings(Section):
    """For tests only: see runtime.faults."""

    kill_at: Annotated[str, AfterValidator(kill_moments)] = Field("", description="process:point:times")

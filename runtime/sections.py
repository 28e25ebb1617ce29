"""What all sections of the settings share."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from runtime.forms import existing_file

PemFile = Annotated[Path, AfterValidator(existing_file)]


class Section(BaseModel):
    """Base of all sections: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

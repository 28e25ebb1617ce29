"""The migration files of this folder."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import FatalError

FOLDER = Path(__file__).parent
_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.up\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. up and down are SQL; checksum is that of `up`, kept with the applied step, so that a later change of the file is noticed."""

    version: int
    name: str
    up: str
    down: str

    @property
    def label(self) -> str:
        return f"{self.version:04}_{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.up.encode()).hexdigest()


def load_migrations(folder: Path = FOLDER) -> list[Migration]:
    """All steps by version. Raises FatalError if a number is missing or taken twice, or a step has no way back."""
    found = sorted(filter(None, (_NAME.match(path.name) for path in folder.glob("*.up.sql"))), key=lambda match: match[1])
    steps = [_load(folder, int(match[1]), match[2]) for match in found]
    if [step.version for step in steps] != list(range(1, len(steps) + 1)):
        raise FatalError(f"migrations are not numbered 1 to {len(steps)}: {', '.join(step.label for step in steps)}")
    return steps


def _load(folder: Path, version: int, name: str) -> Migration:
    up, down = (folder / f"{version:04}_{name}.{direction}.sql" for direction in ("up", "down"))
    if not down.is_file():
        raise FatalError(f"migration {up.name} has no {down.name}")
    return Migration(version, name, up.read_text(), down.read_text())

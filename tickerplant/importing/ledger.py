"""How far an import has come: one small file an import, so that one that was killed goes on and one that is done is not done again.

An import is known by the contents of its files and by how they are read; names and places of the files do not matter. What it says holds for one
log only: where the topics are others, the import begins anew.
"""

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from runtime.errors import UserError
from tickerplant.importing.recipe import Recipe


class Progress(Struct):
    """log: which Kafka log it is about. events, refused: delivered so far, in the order in which the files give them. done: everything was sent.

    newest: event time of what each series had when the import began, for the sources seen so far. complete_until_ns: said at its end, 0 if not.
    """

    files: list[str]
    log: str
    events: int = 0
    refused: int = 0
    done: bool = False
    sources: list[str] = []
    newest: dict[str, int] = {}
    complete_until_ns: int = 0


class Ledger:
    """folder: imports/ in the data folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.json"

    def read(self, files: Sequence[str], log: str) -> Progress:
        """What is known, or a beginning. Raises UserError if the file is broken."""
        try:
            known = msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except FileNotFoundError:
            return Progress(list(files), log)
        except (OSError, msgspec.DecodeError) as error:
            raise UserError(f"{self.path} cannot be read ({error}); delete it, and the import begins anew: what is stored stays") from None
        return known if known.log == log else Progress(list(files), log)

    def completed(self, log: str) -> dict[str, int]:
        """Up to when other imports into the same log were said to be complete, by source: bars up to there are closed. Unreadable files say nothing."""
        found: dict[str, int] = {}
        for path in self.path.parent.glob("*.json"):
            with suppress(OSError, msgspec.DecodeError):
                known = msgspec.json.decode(path.read_bytes(), type=Progress)
                if path != self.path and known.log == log and known.complete_until_ns:
                    found |= {source: max(known.complete_until_ns, found.get(source, 0)) for source in known.sources}
        return found

    def write(self, progress: Progress) -> None:
        """Whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(msgspec.json.encode(progress))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def name_of(paths: Sequence[Path], recipe: Recipe) -> str:
    """The same for files with the same contents, read the same way."""
    digest = hashlib.sha256(repr(recipe).encode())
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]

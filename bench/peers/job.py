"""What every copying peer is told, by environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Job:
    """Copy `source` to `target` as consumer group `group`; folder: for files of its own."""

    bootstrap: str
    source: str
    target: str
    group: str
    folder: Path

    def environment(self) -> dict[str, str]:
        return {
            "BENCH_BOOTSTRAP": self.bootstrap,
            "BENCH_SOURCE": self.source,
            "BENCH_TARGET": self.target,
            "BENCH_GROUP": self.group,
            "BENCH_FOLDER": str(self.folder),
        }

    @classmethod
    def from_environment(cls) -> Self:
        read = os.environ
        return cls(read["BENCH_BOOTSTRAP"], read["BENCH_SOURCE"], read["BENCH_TARGET"], read["BENCH_GROUP"], Path(read["BENCH_FOLDER"]))

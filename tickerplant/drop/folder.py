"""The drop folder itself: which files are whole, and where they go afterwards."""

from contextlib import suppress
from pathlib import Path

from runtime.errors import UserError

DONE, REFUSED = "done", "refused"
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")
_ENDINGS = (".csv", ".csv.gz", ".zip", ".parquet")


class DropFolder:
    """Files are taken in the order of their names. Nothing is deleted: what was taken moves to done/, what cannot be read to refused/."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[Path, tuple[int, int]] = {}

    def prepare(self) -> None:
        """Makes its subfolders. Raises UserError where it is no folder, or cannot be written."""
        try:
            for name in (DONE, REFUSED):
                (self._path / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self._path} cannot be used as a drop folder ({error.strerror}); correct providers.csv_drop.folder") from None

    def ready(self) -> list[Path]:
        """Whole files: those that are as they were at the last look. A file that is still written grows, or is named as unfinished."""
        now = {path: state for path in self._files() if (state := _state(path))}
        same = sorted(path for path, state in now.items() if self._seen.get(path) == state)
        self._seen = now
        return same

    def _files(self) -> list[Path]:
        if not self._path.is_dir():
            return []
        names = [path for path in self._path.iterdir() if not path.name.startswith(".") and not path.name.endswith(_UNFINISHED)]
        return [path for path in names if path.is_file() and path.name.lower().endswith(_ENDINGS)]

    def done(self, path: Path) -> Path:
        """Moves it away; returns where to."""
        return self._move(path, DONE)

    def refuse(self, path: Path, why: str) -> Path:
        """Moves it away, and writes why beside it."""
        moved = self._move(path, REFUSED)
        moved.with_name(f"{moved.name}.why.txt").write_text(f"{why}\n")
        return moved

    def _move(self, path: Path, folder: str) -> Path:
        """A name that is there already gets a number: neither file is lost."""
        target, number = self._path / folder / path.name, 1
        while target.exists():
            number += 1
            target = self._path / folder / f"{number}-{path.name}"
        with suppress(FileNotFoundError):  # somebody took it away meanwhile
            path.rename(target)
        self._seen.pop(path, None)
        return target


def _state(path: Path) -> tuple[int, int] | None:
    """(bytes, time of the last change); None for a file that is empty, or was taken away meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if found.st_size else None

"""One supervisor a data folder. The kernel holds the lock and lets go of it when the holder ends, however it ends; the pid inside is for people."""

import fcntl
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from runtime.errors import UserError

_ATTEMPTS = 5


def lock_file(data_dir: Path) -> Path:
    """<data dir>/run/up.lock."""
    return data_dir / "run" / "up.lock"


def holder(data_dir: Path) -> int | None:
    """Pid of the supervisor that runs on this folder, None if none does (a lock file left by a killed one does not count)."""
    try:
        with lock_file(data_dir).open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)
    except FileNotFoundError:
        pass
    return None


class Lock:
    """`with Lock(data_dir) as lock`: raises UserError if another holds it. was_stale: the holder before was killed and left its pid."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.was_stale = False

    def __enter__(self) -> Self:
        path = lock_file(self._data_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+")
        self._file.seek(0)
        pid = self._file.read()
        if not self._acquire():
            self._file.close()
            raise UserError(
                f"a stack already runs on {self._data_dir} (pid {pid}); stop it with "
                f"`tickerplant down --data-dir {self._data_dir}` or use another --data-dir"
            )
        self.was_stale = bool(pid)
        self._write(str(os.getpid()))
        return self

    def _acquire(self) -> bool:
        """A few attempts: `tickerplant status` holds the lock for an instant to see whether anybody does."""
        for _ in range(_ATTEMPTS):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                threading.Event().wait(0.05)
        return False

    def _write(self, text: str) -> None:
        self._file.truncate(0)
        self._file.write(text)
        self._file.flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._write("")
        self._file.close()

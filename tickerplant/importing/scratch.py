"""Folders for what is sorted outside memory. One that was left by a process that was killed is removed by the next import."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

_PREFIX = "sorting-"


@contextmanager
def sorting_folder(parent: Path) -> Iterator[Path]:
    """A new one, which is gone afterwards."""
    parent.mkdir(parents=True, exist_ok=True)
    with _held(parent):  # nobody cleans before it is held
        path = Path(mkdtemp(prefix=_PREFIX, dir=parent))
        lock = _lock(path, fcntl.LOCK_EX)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def remove_left(parent: Path) -> None:
    """Folders that no process holds: their owners ended without a chance to clean."""
    if not parent.is_dir():
        return
    with _held(parent):
        for path in parent.glob(f"{_PREFIX}*"):
            try:
                lock = _lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue  # another import sorts there, or is through just now
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


@contextmanager
def _held(path: Path) -> Iterator[None]:
    lock = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path, how: int) -> int:
    """The kernel lets go of it when its process ends, however that ends."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor

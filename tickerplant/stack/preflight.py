"""What can be known to fail is said before anything starts: one line each."""

import os
import shutil
from pathlib import Path

from runtime.errors import UserError
from runtime.settings import Settings

_MB = 1_000_000


def check_folder(settings: Settings) -> Path:
    """Makes the data folder and returns its absolute path. Raises UserError if it cannot be written or its disk is nearly full."""
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "run").mkdir(exist_ok=True)
        probe = folder / "run" / f".probe.{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise UserError(f"the data folder {folder} cannot be written ({error.strerror}); use another --data-dir") from None
    free_mb = shutil.disk_usage(folder).free // _MB
    if free_mb < settings.stack.minimum_free_mb:
        raise UserError(
            f"only {free_mb} MB are free on the disk of {folder}, {settings.stack.minimum_free_mb} are needed: "
            f"free some, use another --data-dir, or lower stack.minimum_free_mb"
        )
    return folder

"""Kill points: places between the steps of a commit at which a test can have the process killed, to show that any crash leaves exact results.

Off unless settings.faults.kill_at names one, as `validate:outputs_delivered:3`: the third time that the stage `validate` passes the point
`outputs_delivered`, the process writes a marker file (so that the test can assert that the point was hit) and kills itself with SIGKILL.
The marker also switches the point off, so the restarted process goes on.
"""

import os
import signal
from pathlib import Path


class KillPoints:
    """Called by a process as `points.reach("offsets_committed")`; costs one dictionary look-up when off."""

    def __init__(self, process: str, kill_at: str = "", marker_dir: Path | None = None) -> None:
        self._left: dict[str, int] = {}
        self._process = process
        self._marker_dir = marker_dir
        for item in filter(None, kill_at.split(",")):
            name, point, times = item.split(":")
            if name == process and not self.marker(point).exists():
                self._left[point] = int(times)

    def marker(self, point: str) -> Path:
        """The file that says that the process was killed at this point."""
        return (self._marker_dir or Path()) / f"killed.{self._process}.{point}"

    def reach(self, point: str) -> None:
        """Does not return if this is the chosen moment."""
        left = self._left.get(point)
        if left is None:
            return
        self._left[point] = left - 1
        if left <= 1:
            self.marker(point).touch()
            os.kill(os.getpid(), signal.SIGKILL)

"""`tickerplant up --detach`: starts the supervisor as a process of its own, and returns when it says that all is ready.

The child writes lines into a pipe: what it does now, and at last `ready`. A pipe that ends without it means that the child has ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.errors import UserError

READY = "ready"


def start_detached(arguments: list[str], data_dir: Path, say: Callable[[str], None]) -> int:
    """Runs `tickerplant up <arguments>` in the background; returns its pid when the stack is ready. Blocks until then.

    Raises UserError with the child's last line if it ends before.
    """
    log = data_dir / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    read_end, write_end = os.pipe()
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "tickerplant", "up", *arguments, "--ready-fd", str(write_end)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(write_end,),
            start_new_session=True,
        )
    os.close(write_end)
    try:
        _read_until_ready(read_end, child, log, say)
    except KeyboardInterrupt:
        child.send_signal(signal.SIGTERM)
        child.wait()
        raise
    return child.pid


def _read_until_ready(read_end: int, child: "subprocess.Popen[bytes]", log: Path, say: Callable[[str], None]) -> None:
    with os.fdopen(read_end) as pipe:
        for line in map(str.strip, pipe):
            if line == READY:
                return
            say(line)
    code = child.wait()
    last = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-1:] or [f"exit {code}"]
    raise UserError(f"{last[0].removeprefix('tickerplant: ')} (log: {log})")


class Pipe:
    """The child's end. Nobody listens after `ready`, nor when the parent was stopped: that is no reason to end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        os.set_inheritable(descriptor, False)  # or a server would hold it open, and a failed start would never look like an end

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, f"{line}\n".encode())

    def ready(self) -> None:
        self.tell(READY)
        os.close(self._descriptor)

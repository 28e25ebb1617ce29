"""The unchanged ingestor as a child process: started, started again when it dies, ended in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from runtime.errors import FatalError, UserError

log = structlog.get_logger()

_FIRST_WAIT_S = 0.1
_MAX_WAIT_S = 5.0
_MAX_RESTARTS = 50
_STOP_TIMEOUT_S = 150.0  # a flush into a broker that restarts takes as long as runtime.kafka.DELIVERY_TIMEOUT_S
USER_ERROR = 2


class IngestorChild:
    """`tickerplant ingest PROVIDER` with the given environment on top of ours. restarts: how often it died.

    more: further words of its command line. ends: it ends by itself, with 0, when it has done its work.
    """

    def __init__(
        self, data_dir: Path, environment: Mapping[str, str], provider: str = "binance", more: Sequence[str] = (), ends: bool = False
    ) -> None:
        self._data_dir = data_dir
        self._environment = {**os.environ, **environment}
        self._log_path = data_dir / "logs" / f"ingest-{provider}.log"
        self._words = ["ingest", provider, *more]
        self._ends = ends
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.restarts = 0

    async def run(self) -> None:
        """Until `stop`, or its own end. Raises UserError if it refuses its settings, FatalError if it dies again and again."""
        wait_s = _FIRST_WAIT_S
        while True:
            code = await self._once()
            if self._stopping or (self._ends and code == 0):
                return
            if code == USER_ERROR:
                raise UserError(f"the ingestor does not start: {self._last_line()}")
            self.restarts += 1
            if self.restarts > _MAX_RESTARTS:
                raise FatalError(f"the ingestor died {self.restarts} times, last with code {code}; see {self._log_path}")
            log.warning("ingestor_died", code=code, restart=self.restarts)
            await asyncio.sleep(wait_s)
            wait_s = min(_MAX_WAIT_S, wait_s * 1.5)

    async def _once(self) -> int:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "tickerplant", *self._words, "--data-dir", str(self._data_dir)]
        with self._log_path.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *words, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            return await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()

    async def stop(self) -> int | None:
        """SIGTERM, and waits until it has delivered everything; its exit code, None if it did not run."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return process.returncode if process else None
        process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            return await process.wait()

    def _last_line(self) -> str:
        lines = self._log_path.read_text(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("tickerplant: ") if lines else "it says nothing"

"""One command of ours in a process of its own: a job that crashes, hangs or eats memory does not take the runner with it."""

import asyncio
import sys
from collections.abc import Mapping
from typing import NamedTuple

from tickerplant.schedule.jobs import Words

_STOP_S = 20.0  # for what it has begun; then it is killed
_KEPT_BYTES = 65_536


class Ended(NamedTuple):
    """exit_code: as of the process, below 0 for a signal. output: the end of what it said, both streams in one."""

    exit_code: int
    output: str


async def run(words: Words, environment: Mapping[str, str], timeout_s: float) -> Ended:
    """Until it ends, or timeout_s are over. Cancelled: the command is asked to end first."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tickerplant", *words, env=dict(environment), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    reading = asyncio.create_task(_tail(process))
    try:
        async with asyncio.timeout(timeout_s):
            await process.wait()
        return Ended(process.returncode or 0, await reading)
    except TimeoutError:
        await _end(process)
        return Ended(-1, f"{await reading}\nended after {timeout_s:.0f} s")
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        reading.cancel()


async def _tail(process: asyncio.subprocess.Process) -> str:
    """Reads all and keeps the end, so that a command never waits for us."""
    assert process.stdout is not None
    kept = b""
    while piece := await process.stdout.read(_KEPT_BYTES):
        kept = (kept + piece)[-_KEPT_BYTES:]
    return kept.decode(errors="replace").strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

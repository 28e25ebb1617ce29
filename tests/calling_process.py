"""A process of its own that asks a provider: `python -m tests.calling_process URL CALLS NEXT_DAY`, with the stack's Redis in its settings.

Its provider is `polled`, whose budget is that of the settings. Every call waits for as long as it takes. By its clock
a day more has passed once the file NEXT_DAY is there.
"""

import asyncio
import sys
from pathlib import Path

from ingestors.limits import gate
from ingestors.limits.gates import shared_gates
from ingestors.rest import RestClient
from runtime.clock import SystemClock
from runtime.settings import load_settings

gate.ASK_AGAIN_S = 0.05  # a test does not wait five seconds to see that a day is over


class Calendar(SystemClock):
    def __init__(self, next_day: Path) -> None:
        self._next_day = next_day

    def now_ns(self) -> int:
        return super().now_ns() + (90_000 * 10**9 if self._next_day.exists() else 0)


async def main(url: str, calls: int, next_day: Path) -> None:
    async with shared_gates(load_settings(), Calendar(next_day)):
        client = RestClient(url, "ingest.polled", "providers.polled", key="secret", patience_s=None)
        for _ in range(calls):
            await client.get("/quote")
        await client.close()
    print(f"asked {calls}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))

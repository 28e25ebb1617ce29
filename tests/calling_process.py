"""A process of its own that asks a provider: `python -m tests.calling_process URL CALLS`, with the stack's Redis in its settings.

Its provider is `polled`, whose budget is that of the settings. Every call waits for as long as it takes.
"""

import asyncio
import sys

from ingestors.limits import gate
from ingestors.limits.gates import shared_gates
from ingestors.rest import RestClient
from runtime.clock import SystemClock
from runtime.settings import load_settings

gate.ASK_AGAIN_S = 0.05  # a test does not wait five seconds to see that a day is over


async def main(url: str, calls: int) -> None:
    async with shared_gates(load_settings(), SystemClock()):
        client = RestClient(url, "ingest.polled", "providers.polled", key="secret", patience_s=None)
        for _ in range(calls):
            await client.get("/quote")
        await client.close()
    print(f"asked {calls}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

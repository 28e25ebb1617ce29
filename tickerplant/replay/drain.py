"""Waiting until the line has taken everything in. Deadlines count time without progress: a long replay is no fault, a stuck stage is."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from runtime.clock import Clock
from runtime.errors import TransientError
from tickerplant.replay.offsets import Ends, Offsets

_POLL_S = 0.2
T = TypeVar("T")
Tell = Callable[[str], None]


async def wait_until_drained(offsets: Offsets, clock: Clock, timeout_s: float, tell: Tell) -> dict[str, int]:
    """Returns {} once every reader has twice in a row been found at the same ends; what is left by reader after timeout_s without progress."""
    last: tuple[dict[str, int], Ends] | None = None
    progress_s = clock.monotonic_s()
    behind = {"unknown": -1}
    while clock.monotonic_s() - progress_s < timeout_s:
        try:
            found = await asyncio.to_thread(offsets.behind)
        except TransientError as error:
            tell(str(error))
            await asyncio.sleep(_POLL_S)
            continue
        behind = found[0]
        if found == last and not behind:
            return {}
        if found != last:
            progress_s = clock.monotonic_s()
            tell("draining: " + (", ".join(f"{name} {left}" for name, left in behind.items()) or "nothing left"))
        last = found
        await asyncio.sleep(_POLL_S)
    return behind


async def wait_until_published(
    published: Callable[[], dict[str, int]], wanted: dict[str, int], clock: Clock, timeout_s: float
) -> dict[str, int]:
    """Waits until each symbol's newest trade is in the raw topic; what is missing after timeout_s without progress, by symbol.

    Without it an ingestor that was killed at the end of a replay would be stopped before it has filled its hole.
    """
    progress_s = clock.monotonic_s()
    last: dict[str, int] | None = None
    newest: dict[str, int] | None = None
    missing = wanted
    while clock.monotonic_s() - progress_s < timeout_s:
        try:
            newest = await asyncio.to_thread(published)
            missing = {symbol: trade_id for symbol, trade_id in wanted.items() if newest.get(symbol, -1) < trade_id}
        except TransientError:
            newest = last
        if not missing:
            return {}
        if newest != last:
            progress_s, last = clock.monotonic_s(), newest
        await asyncio.sleep(_POLL_S)
    return missing

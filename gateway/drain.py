"""The end of a process: clients are told and closed one after another, so that they do not all come to the next process at once."""

import asyncio
from collections.abc import Callable, Sequence

_CLIENTS_PER_S = 500  # what a process that starts takes in without a queue
_STEP_S = 0.02


def spread_s(clients: int, longest_s: float) -> float:
    """Over how long so many clients are closed."""
    return min(longest_s, clients / _CLIENTS_PER_S)


async def drain(ends: Sequence[Callable[[float], None]], longest_s: float) -> None:
    """ends: one a client; called with the seconds after which it may reconnect, evenly over the time."""
    spread = spread_s(len(ends), longest_s)
    steps = max(1, round(spread / _STEP_S))
    done = 0
    for step in range(1, steps + 1):
        until = len(ends) * step // steps
        for end in ends[done:until]:
            end(round(spread, 2))
        done = until
        if step < steps:
            await asyncio.sleep(_STEP_S)

"""Pages of one symbol and window from the provider onto the disk."""

import asyncio
from collections.abc import Callable

from ingestors.backoff import Backoff
from runtime.errors import TransientError
from tickerplant.backfill.ask import Window
from tickerplant.backfill.past import Page, Past
from tickerplant.backfill.spool import Spool

_ATTEMPTS = 8  # with the waits between them some two minutes: longer outages are for whoever runs the command again
_LONGEST_WAIT_S = 60.0
OnPage = Callable[[Spool], None]


async def fetch(past: Past, symbol: str, window: Window, spool: Spool, on_page: OnPage, say: Callable[[str], None]) -> None:
    """Until the window is complete, from where an earlier run ended. Raises TransientError after several attempts without an answer, and UserError."""
    while not spool.complete:
        page = await _patient(past, symbol, window, spool.next, say)
        spool.append(page)
        on_page(spool)


async def _patient(past: Past, symbol: str, window: Window, at: int | None, say: Callable[[str], None]) -> Page:
    backoff = Backoff(1.0, _LONGEST_WAIT_S)
    while True:
        try:
            return await past.page(symbol, window, at)
        except TransientError as error:
            if backoff.attempts == _ATTEMPTS - 1:
                raise TransientError(f"{error}; the same command goes on from here") from error
            wait_s = backoff.next_s()
            say(f"{symbol}: {error}; asked again in {wait_s:.0f} s")
            await asyncio.sleep(wait_s)

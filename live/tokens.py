"""Where tokens come from, and the next one before the last one ends."""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable

Token = str | Callable[[], str | Awaitable[str]] | None
_REFRESH_AT = 0.7  # of the time that is left
_AGAIN_S = 1.0
_log = logging.getLogger("live")


async def current(token: Token) -> str | None:
    """Asks for it where it is a function; what that raises, the caller gets."""
    if token is None or isinstance(token, str):
        return token
    found = token()
    return await found if inspect.isawaitable(found) else found


async def refresh(token: Token, left_s: float, send: Callable[[str], Awaitable[None]]) -> None:
    """Waits, then sends the next token; asks again where that fails, until the last one has ended and the connection with it."""
    wait_s = left_s * _REFRESH_AT
    while True:
        await asyncio.sleep(max(0.0, wait_s))
        try:
            found = await current(token)
        except (
            Exception
        ) as error:  # the caller's function: it is asked once more, and then at the next connection, where its error is shown
            _log.warning("the next token could not be had: %s", error)
            wait_s = _AGAIN_S
            continue
        if found is not None:
            await send(found)
        return

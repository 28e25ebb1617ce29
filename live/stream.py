"""The shell around the conversation: connects, comes back, hands messages to the caller."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from http import HTTPStatus
from typing import Any, Self

from msgspec import json
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from live import tokens
from live.conversation import Conversation, Interrupted, Message
from live.errors import LiveError, Refused
from live.following import Following
from live.selection import Selection, check
from live.tokens import Token
from live.waits import Waits

_MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # a snapshot of the most records there may be
_FRAMES_AHEAD = 256  # read before the caller takes them; beyond them the gateway sees a slow client
_BAD_CLIENT = 1008  # close codes
_UNAUTHENTICATED = 4401
_FINAL_STATUSES = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_log = logging.getLogger("live")


class Stream:
    """Iterate it once. In `async with` the connection is closed when the block ends, also if the iteration was left before.

    Raises Refused where the gateway says no for good, LiveError for what cannot work. Lost connections, a gateway that restarts or is not there yet, raise
    nothing: the stream comes back, after 0.2 s at first and up to 10 s later, and goes on behind the last message.
    connections: how often it has connected.
    """

    def __init__(self, url: str, selections: Sequence[Selection], token: Token, tls: ssl.SSLContext | None, proxy: str | None) -> None:
        check(selections)
        self.connections = 0
        self._url = url
        self._options: dict[str, Any] = {"ssl": tls} if tls is not None else {}
        self._options |= {"proxy": proxy, "max_size": _MAX_MESSAGE_BYTES, "max_queue": _FRAMES_AHEAD, "compression": None}
        self._token = token
        self._followings = [Following(selection, number) for number, selection in enumerate(selections)]
        self._waits = Waits()
        self._messages = self._run()

    def __aiter__(self) -> AsyncIterator[Message]:
        return self._messages

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the iteration. Not while another task waits for its next message: cancel that instead."""
        await self._messages.aclose()

    async def _run(self) -> AsyncGenerator[Message, None]:
        while True:
            conversation: Conversation | None = None
            try:
                async with connect(self._url, **self._options) as connection:
                    self.connections += 1
                    conversation = Conversation(self._followings, await tokens.current(self._token))
                    async with contextlib.aclosing(self._follow(connection, conversation)) as messages:
                        async for message in messages:
                            yield message
            except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, Interrupted) as error:
                self._raise_if_final(error)
                await self._wait(conversation, error)

    async def _follow(self, connection: ClientConnection, conversation: Conversation) -> AsyncGenerator[Message, None]:
        refreshing: asyncio.Task[None] | None = None
        try:
            await _send_all(connection, conversation)
            while True:
                message = conversation.take(await connection.recv(decode=False))
                await _send_all(connection, conversation)
                if conversation.is_serving:
                    self._waits.reset()
                refreshing = self._refresh(connection, conversation, refreshing)
                if message is not None:
                    yield message
        finally:
            if refreshing is not None:
                refreshing.cancel()

    def _refresh(
        self, connection: ClientConnection, conversation: Conversation, before: asyncio.Task[None] | None
    ) -> asyncio.Task[None] | None:
        """A task that sends the next token, whenever it has become known how long this one counts."""
        left_s, conversation.token_left_s = conversation.token_left_s, None
        if left_s is None or not callable(self._token):
            return before

        async def send(token: str) -> None:
            conversation.authenticate(token)
            with contextlib.suppress(ConnectionClosed):  # the stream's own reading meets it too
                await _send_all(connection, conversation)

        return asyncio.create_task(tokens.refresh(self._token, left_s, send))

    def _raise_if_final(self, error: Exception) -> None:
        if isinstance(error, InvalidURI):
            raise LiveError(f"{self._url} is no address of a WebSocket: write ws://HOST:PORT/ws") from None
        if isinstance(error, InvalidStatus) and error.response.status_code in _FINAL_STATUSES:
            sentence = bytes(error.response.body or b"").decode("utf-8", "replace").strip()
            raise Refused(f"http_{error.response.status_code}", sentence or error.response.reason_phrase) from None
        if not isinstance(error, ConnectionClosed) or error.rcvd is None:
            return
        code, reason = error.rcvd.code, error.rcvd.reason
        if code == _BAD_CLIENT:
            raise Refused("bad_client", reason) from None
        if code == _UNAUTHENTICATED and not callable(self._token):
            raise Refused("token_expired" if self._token else "not_authenticated", reason) from None

    async def _wait(self, conversation: Conversation | None, error: Exception) -> None:
        wait_s = self._waits.take(conversation.come_back_s if conversation else None)
        _log.info("connection to %s lost (%s), again in %.1f s", self._url, error, wait_s)
        await asyncio.sleep(wait_s)


async def _send_all(connection: ClientConnection, conversation: Conversation) -> None:
    while conversation.say:
        await connection.send(json.encode(conversation.say.pop(0)).decode())


def subscribe(
    url: str,
    *selections: Selection,
    token: Token = None,
    tls: ssl.SSLContext | None = None,
    proxy: str | None = None,
    **fields: Any,
) -> Stream:
    """Typed messages from a snapshot on, for as long as you iterate.

    url: ws://HOST:PORT/ws or wss://. fields: those of a Selection (channel, symbol, ...), where one is enough. token: a JWT, or a function (also async) that
    returns the next one: it is called for every connection, and before a token ends. tls: with your own certificates. proxy: an HTTP or SOCKS proxy's address.
    Raises LiveError for selections that cannot be, or could not be told apart.
    """
    try:
        chosen = (*selections, Selection(**fields)) if fields else selections
    except TypeError as error:
        raise LiveError(f"no such selection: {error}") from None
    return Stream(url, chosen, token, tls, proxy)

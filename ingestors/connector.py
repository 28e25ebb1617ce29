"""Keeps one connection to a provider alive: connects, speaks, watches, waits, connects again."""

import asyncio
from collections.abc import Callable

import structlog

from ingestors.backoff import Backoff
from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue
from ingestors.link import Link, LinkRefused
from ingestors.links import open_link
from ingestors.liveness import Liveness, Timeouts
from runtime.clock import Clock
from runtime.errors import TransientError, UserError

log = structlog.get_logger()

_STEP_S = 0.25  # how often is looked at what is due and what has not come
_SEND_TIMEOUT_S = 5.0  # our own messages are short: a socket that does not take them is dead


class Connector:
    """One connection after the other until stopped. converse: a new conversation for each attempt. market_open: whether data are to be expected now.

    Opening and closing stand in the queue as markers, in order with the frames.
    """

    def __init__(
        self,
        converse: Callable[[], Conversation],
        queue: FrameQueue,
        clock: Clock,
        *,
        max_size: int,
        silence_timeout_s: float,
        backoff: Backoff | None = None,
        market_open: Callable[[], bool] = lambda: True,
    ) -> None:
        self._converse = converse
        self._queue = queue
        self._clock = clock
        self._max_size = max_size
        self._silence_timeout_s = silence_timeout_s
        self._backoff = backoff or Backoff()
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._market_open = market_open
        self._live = Liveness(Timeouts(silence_timeout_s), 0.0)
        self._opened_s = 0.0
        self.data_connections = 0  # connections that brought data
        self._brought_data = False
        self._link: Link | None = None
        self.conversation: Conversation | None = None

    def data_seen(self, events: int = 1) -> None:
        """The parser made something of frames: the feed lives. Resets back-off and silence."""
        self._live.data(self._clock.monotonic_s(), events)
        self._backoff.reset()
        if not self._brought_data:
            self._brought_data = True
            self.data_connections += 1

    def heard(self) -> None:
        """The provider said something, if only that it is there."""
        self._live.word(self._clock.monotonic_s())

    def data_age_s(self) -> float:
        """Seconds since data came, or since the connection was made."""
        return self._live.data_age_s(self._clock.monotonic_s())

    def age_s(self) -> float:
        """Seconds that the connection lives; 0 without one."""
        return self._clock.monotonic_s() - self._opened_s if self._link else 0.0

    @property
    def connected(self) -> bool:
        return self._link is not None

    def speak(self) -> None:
        """The conversation has something to say, or nothing more to wait for."""
        self._wake.set()

    def drop(self) -> None:
        """Closes the current connection; another one follows."""
        if self._link:
            self._link.cut()

    def stop(self) -> None:
        """Ends `run` after an orderly close."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Returns after `stop`; all that was received is in the queue by then. Raises UserError if the provider refuses what it is asked."""
        while not self._stopping.is_set():
            try:
                await self._one_connection()
            except TransientError as error:
                log.warning("connection_failed", error=str(error), attempt=self._backoff.attempts)
            if not self._stopping.is_set():
                await _wait(self._stopping, self._backoff.next_s())

    async def _one_connection(self) -> None:
        conversation = self._converse()
        link = await self._open(conversation)
        self._link, self.conversation = link, conversation
        self._opened_s, self._brought_data = self._clock.monotonic_s(), False
        self._live = Liveness(Timeouts(self._silence_timeout_s, conversation.session.heartbeat_timeout_s), self._opened_s)
        conversation.opened(self._opened_s)
        log.info("connected", symbols=len(conversation.symbols))
        ended = asyncio.ensure_future(link.ended())
        ended.add_done_callback(lambda _: self._wake.set())
        try:
            await self._watch(ended, link, conversation)
            await link.leave()
        finally:
            self._link = None
            ended.cancel()
        log.info("disconnected", last_words=link.last_words)

    async def _open(self, conversation: Conversation) -> Link:
        session = conversation.session
        try:
            url = await session.address(conversation.symbols)
        except UserError as error:  # it answered when it was asked for symbols: what it refuses now may pass
            raise TransientError(f"no address to connect to: {error}") from error
        try:
            return await open_link(url, self._queue, self._clock, self._max_size, conversation)
        except LinkRefused as error:
            if session.key_setting:
                raise UserError(f"the provider refuses the key: {error}; check {session.key_setting}") from None
            raise TransientError(f"the provider refuses the connection: {error}") from error

    async def _watch(self, ended: "asyncio.Future[None]", link: Link, conversation: Conversation) -> None:
        """Speaks, until the connection is over or is to be; cuts one that is dead."""
        while not (ended.done() or self._stopping.is_set()):
            self._wake.clear()
            problem = await self._say(link, conversation) or self._problem(link, conversation)
            if problem:
                log.warning("connection_given_up", problem=problem)
                link.cut()
                await ended
                return
            await _wait(self._wake, min(_STEP_S, self._silence_timeout_s / 4))

    async def _say(self, link: Link, conversation: Conversation) -> str:
        now_s, repeated = self._clock.monotonic_s(), conversation.repeated
        frames = conversation.due(now_s)
        if conversation.repeated > repeated:
            log.warning("acknowledgement_lost", asked_again=sorted(conversation.waiting())[:5])
        try:
            if self._live.wants_ping(now_s):
                await link.ask()
            for frame in frames:
                await asyncio.wait_for(link.say(frame), _SEND_TIMEOUT_S)
        except TimeoutError:
            return "the socket takes nothing"
        except TransientError:
            return ""  # it is closed, which `ended` says too
        return ""

    def _problem(self, link: Link, conversation: Conversation) -> str:
        """Why the connection counts as dead, or "". Not while frames wait to be parsed: what they say is not known yet, and a full queue holds up the
        socket."""
        now_s = self._clock.monotonic_s()
        self._live.byte(now_s - (self._clock.now_ns() - link.received_ns) / 1e9)
        if len(self._queue):
            self._live.byte(now_s)
            return ""
        return self._live.problem(now_s, self._market_open()) or conversation.problem(now_s)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event, or the time-out."""
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return

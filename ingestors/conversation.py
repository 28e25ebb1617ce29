"""Our side of one connection: what was asked for, what the provider has confirmed, what is to be said next. Pure: time is given, frames come out."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingestors.events import Acknowledged, Ping, Refused, Welcome
from ingestors.session import Request, Session

ACKNOWLEDGEMENT_S = 5.0  # an acknowledgement that has not come after this is taken for lost, and asked for again
ATTEMPTS = 3  # then the connection is given up


@dataclass(slots=True)
class _Asked:
    request: Request
    waiting: set[str]
    sent_s: float | None = None  # None: stands in the outbox
    attempts: int = 0


class Conversation:
    """One session's. All times are of one monotonic clock, in seconds."""

    def __init__(self, session: Session, symbols: Collection[str]) -> None:
        self.session = session
        self.symbols = set(symbols)
        self.refused: dict[str, str] = {}  # key to the provider's words
        self.repeated = 0  # requests whose acknowledgement was lost
        self._asked: list[_Asked] = []
        self._outbox: deque[str | _Asked] = deque()
        self._next_s = 0.0
        self._ping_s = 0.0
        self._login: set[str] | None = None  # what of it is not acknowledged yet; None: it was not said yet
        self._subscribed = False

    def opened(self, now_s: float) -> None:
        """The connection is there."""
        self._ping_s = now_s + self.session.ping_interval_s
        if not self.session.awaits_welcome:
            self._begin()

    def _begin(self) -> None:
        """Says who we are, where the provider asks; else subscribes."""
        login = self.session.login()
        self._login = {key for request in login for key in request.keys}
        self._ask(login)
        self._go_on()

    def _go_on(self) -> None:
        if self._login is not None and not self._login and not self._subscribed:
            self._subscribed = True
            self._ask(self.session.subscribe(self.symbols, True))

    def hear(self, event: object) -> None:
        """A control event of this connection."""
        if isinstance(event, Acknowledged):
            self._done(event.keys)
            self._go_on()
        elif isinstance(event, Refused):
            keys = {event.key} if event.key or not self._asked else set(self._asked[0].waiting)  # the oldest question, if it does not say
            self.refused.update(dict.fromkeys(keys, event.detail))
            self._done(keys)
        elif isinstance(event, Ping):
            self._outbox.append(event.answer)
        elif isinstance(event, Welcome) and self.session.awaits_welcome and self._login is None:
            self._begin()

    def add(self, symbols: Iterable[str]) -> None:
        """More symbols on a connection that is there."""
        new = set(symbols) - self.symbols
        self.symbols |= new
        if new and self._subscribed:
            self._ask(self.session.subscribe(sorted(new), False))

    def remove(self, symbols: Iterable[str]) -> None:
        gone = set(symbols) & self.symbols
        self.symbols -= gone
        if gone and self._subscribed:
            self._ask(self.session.unsubscribe(sorted(gone)))

    def books_again(self, symbol: str) -> bool:
        """Asks anew for a symbol's order book. False if the session has no words for it."""
        requests = self.session.resubscribe_books([symbol])
        self._ask(requests)
        return bool(requests)

    def due(self, now_s: float) -> list[str]:
        """The frames to send now, in order: requests, repeated ones whose acknowledgement is overdue, pings."""
        self._repeat(now_s)
        if self.session.ping_interval_s and now_s >= self._ping_s:
            self._ping_s = now_s + self.session.ping_interval_s
            self._outbox.appendleft(self.session.ping())
        frames = []
        while self._outbox and now_s >= self._next_s:
            frames.append(self._take(now_s))
            self._next_s = now_s + self.session.request_interval_s
        return frames

    def waiting(self) -> set[str]:
        """The keys that were asked for and neither confirmed nor refused."""
        return {key for asked in self._asked for key in asked.waiting}

    def problem(self, now_s: float) -> str:
        """Why this connection is to be replaced by another one, or ""."""
        overdue = [asked for asked in self._asked if asked.attempts >= ATTEMPTS and self._overdue(asked, now_s)]
        return f"no acknowledgement of {', '.join(sorted(overdue[0].waiting)[:5])}" if overdue else ""

    def _ask(self, requests: list[Request]) -> None:
        for request in requests:
            asked = _Asked(request, set(request.keys))
            self._outbox.append(asked)
            if asked.waiting:
                self._asked.append(asked)

    def _done(self, keys: Iterable[str]) -> None:
        if self._login:
            self._login.difference_update(keys)
        for asked in self._asked:
            asked.waiting.difference_update(keys)
        self._asked = [asked for asked in self._asked if asked.waiting]

    def _repeat(self, now_s: float) -> None:
        for asked in self._asked:
            if self._overdue(asked, now_s) and asked.attempts < ATTEMPTS:
                asked.sent_s = None
                self.repeated += 1
                self._outbox.append(asked)

    @staticmethod
    def _overdue(asked: _Asked, now_s: float) -> bool:
        return asked.sent_s is not None and now_s - asked.sent_s > ACKNOWLEDGEMENT_S

    def _take(self, now_s: float) -> str:
        first = self._outbox.popleft()
        if isinstance(first, str):
            return first
        first.sent_s = now_s
        first.attempts += 1
        return first.request.frame

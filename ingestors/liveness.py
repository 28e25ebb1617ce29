"""Whether a connection is alive, on three levels: the socket, the provider's own heartbeat, data at the rate that it had. Pure: time is given.

Lower levels cannot see what higher ones do: a socket may answer pings while nothing is behind it, a provider may send heartbeats and no trades, and a
feed may go on with one symbol of a hundred.
"""

from dataclasses import dataclass

SOCKET_S = 20.0  # no byte for so long, though we asked for one half way: providers ping every 20 s, and answer at once
WINDOW_S = 20.0  # of the data rate
EXPECTED = 200  # events that the baseline promises for a window; fewer: chance decides too much
COLLAPSE = 0.02  # below this share of the baseline the feed counts as stalled
_WEIGHT = 0.1  # of the newest window in the baseline: ten windows are remembered, about three minutes


@dataclass(frozen=True, slots=True)
class Timeouts:
    """silence_s: without data while the market is open; heartbeat_s: without any word of the provider, 0: it promises none."""

    silence_s: float
    heartbeat_s: float = 0.0
    socket_s: float = SOCKET_S


class Liveness:
    """Of one connection, from its opening on."""

    def __init__(self, timeouts: Timeouts, now_s: float) -> None:
        self._timeouts = timeouts
        self._byte_s = self._word_s = self._data_s = self._open_s = now_s
        self._asked_s = now_s - 1.0
        self._window_s = now_s
        self._events = 0
        self._baseline = 0.0  # events a second
        self._collapsed = False

    def byte(self, now_s: float) -> None:
        """Anything at all was received."""
        self._byte_s = max(self._byte_s, now_s)

    def word(self, now_s: float) -> None:
        """The provider said something."""
        self._word_s = now_s

    def data(self, now_s: float, events: int) -> None:
        """Market data came."""
        self._data_s = self._word_s = now_s
        self._events += events

    def data_age_s(self, now_s: float) -> float:
        """Of the time in which data were to be expected: a closed night makes nothing old."""
        return now_s - max(self._data_s, self._open_s)

    def wants_ping(self, now_s: float) -> bool:
        """The socket is to be asked for a sign of life now; true once a silence."""
        quiet = now_s - self._byte_s > self._timeouts.socket_s / 2 and self._asked_s < self._byte_s
        if quiet:
            self._asked_s = now_s
        return quiet

    def problem(self, now_s: float, market_open: bool) -> str:
        """Why the connection counts as dead, or "". Data are expected only while the market is open."""
        timeouts = self._timeouts
        self._measure(now_s, market_open)
        if not market_open:
            self._open_s = now_s
        if now_s - self._byte_s > timeouts.socket_s:
            return f"socket: no byte for {timeouts.socket_s:g} s"
        if timeouts.heartbeat_s and now_s - self._word_s > timeouts.heartbeat_s:
            return f"heartbeat: no sign of life for {timeouts.heartbeat_s:g} s"
        if now_s - max(self._data_s, self._open_s) > timeouts.silence_s:
            return f"data: none for {timeouts.silence_s:g} s"
        return "data: the rate has collapsed" if self._collapsed else ""

    def _measure(self, now_s: float, market_open: bool) -> None:
        """Closes a window: compares it with the baseline, and lets it join."""
        length_s = now_s - self._window_s
        if length_s < WINDOW_S:
            return
        rate, self._events, self._window_s = self._events / length_s, 0, now_s
        self._collapsed = market_open and self._baseline * length_s >= EXPECTED and rate < COLLAPSE * self._baseline
        self._baseline += (_WEIGHT if self._baseline else 1.0) * (rate - self._baseline)

"""One receiver: what it still has to get, in order, and when it may be asked again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.stage import InputRecord
from schemas.reasons import Reason
from sinks.webhook.client import WebhookClient

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0
_REMEMBERED = 10_000  # delivered ids: repeats around a crash of the stage come within seconds


class Pending(NamedTuple):
    """An alert that was taken and not flushed."""

    record: InputRecord
    alert_id: str


Drop = Callable[[Pending, Reason, str], None]


class Receiver:
    """drop: told of an alert that this receiver does not get, with the reason. Called from one thread."""

    def __init__(self, client: WebhookClient, clock: Clock, give_up_after_s: float, drop: Drop) -> None:
        self.name = client.name
        self._client = client
        self._clock = clock
        self._give_up_after_s = give_up_after_s
        self._drop = drop
        self._waiting: OrderedDict[str, Pending] = OrderedDict()
        self._done: OrderedDict[str, None] = OrderedDict()
        self._failing_since_s: float | None = None
        self._pause_s = _FIRST_PAUSE_S
        self._not_before_s = 0.0
        self.trouble = ""

    def take(self, one: Pending) -> None:
        """A repeat of what was delivered, or waits already, is left out."""
        if one.alert_id not in self._done:
            self._waiting.setdefault(one.alert_id, one)

    def deliver(self, until_s: float) -> bool:
        """Posts what waits, oldest first. False if some is left: the receiver is away, wants a pause, or the time (monotonic) is over."""
        while self._waiting:
            now_s = self._clock.monotonic_s()
            if now_s < self._not_before_s or now_s >= until_s:
                return False
            self._post(next(iter(self._waiting.values())))
        return True

    def _post(self, one: Pending) -> None:
        with metrics.WRITE_SECONDS.labels("webhook").time():
            answer = self._client.post(one.record.value, one.alert_id)
        if answer.result == "failed" and not self._is_given_up():
            metrics.POSTS.labels("failed").inc()
            self._rest(answer.said, answer.retry_after_s)
            return
        result = "given_up" if answer.result == "failed" else answer.result
        metrics.POSTS.labels(result).inc()
        if answer.result == "failed":
            self._drop(one, Reason.UNDELIVERED, f"{self.name}: {answer.said}")
        else:
            self._recover()
            if answer.result == "refused":
                self._drop(one, Reason.REFUSED_BY_RECEIVER, f"{self.name}: {answer.said}")
        self._finish(one)

    def _is_given_up(self) -> bool:
        """True while the receiver has failed for too long: each alert still gets its one attempt."""
        if self._failing_since_s is None:
            self._failing_since_s = self._clock.monotonic_s()
        return self._clock.monotonic_s() - self._failing_since_s >= self._give_up_after_s

    def _rest(self, said: str, retry_after_s: float) -> None:
        if not self.trouble:
            get_logger().warning("receiver_fails", receiver=self.name, error=said, retry_after_s=retry_after_s)
        self.trouble = f"{self.name} {said}"
        self._not_before_s = self._clock.monotonic_s() + max(self._pause_s, retry_after_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _recover(self) -> None:
        if self.trouble:
            get_logger().info("receiver_answers", receiver=self.name)
        self.trouble, self._failing_since_s, self._pause_s, self._not_before_s = "", None, _FIRST_PAUSE_S, 0.0

    def _finish(self, one: Pending) -> None:
        del self._waiting[one.alert_id]
        self._done[one.alert_id] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)

    def forget(self) -> None:
        """What waits will be read again; what was delivered stays known."""
        self._waiting.clear()

    def close(self) -> None:
        self._client.close()

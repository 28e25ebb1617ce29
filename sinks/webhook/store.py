"""The webhook store: alerts posted to every receiver, then the group's offsets.

Order: alerts posted -> dead letters delivered -> offsets committed. After a crash between them alerts are posted again, with the same
Idempotency-Key.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from runtime.clock import Clock
from runtime.dead_letters import letter_of
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from runtime.metrics import DROPPED
from runtime.records import check_identity
from runtime.settings import WebhookSettings
from runtime.stage import InputRecord
from schemas.codec import DecodeError, SchemaError, decode_alert
from schemas.identity import Identity
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.letters import LetterBox
from sinks.positions import GroupLog, group_positions
from sinks.store import Place, StoreDown, WritesAtOnce
from sinks.webhook.client import WebhookClient
from sinks.webhook.receiver import Pending, Receiver

TOPICS = (Topic.ALERTS,)
_FLUSH_S = 20.0  # then the reader polls: a member of the group that does not for five minutes is put out


class WebhookStore(WritesAtOnce):
    """A sinks.store.Store. A receiver that is away holds up the positions, not the other receivers."""

    part = "webhook"

    def __init__(
        self, process: str, settings: WebhookSettings, log: GroupLog, publisher: Callable[[], Publisher], points: KillPoints, clock: Clock
    ) -> None:
        self._log = log
        self._points = points
        self._clock = clock
        self._process = process
        self._letters = LetterBox("alert_dropped", publisher)
        self._receivers = [
            Receiver(
                WebhookClient(number, url.get_secret_value(), settings, clock), clock, settings.give_up_after_s, partial(self._drop, number)
            )
            for number, url in enumerate(settings.urls)
        ]
        self._stored: dict[Place, int] = {}
        self.forget()

    @property
    def stored(self) -> Mapping[Place, int]:
        return self._stored

    @property
    def waiting_rows(self) -> int:
        return self._alerts

    @property
    def waiting_records(self) -> int:
        return self._records

    def begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Without a committed position from the topic's first record: an alert is posted rather twice than never."""
        self.forget()
        self._stored = group_positions(self._log, places)
        return self._stored

    def take(self, record: InputRecord) -> None:
        self._ends[(record.topic, record.partition)] = record.offset + 1
        self._records += 1
        try:
            check_identity(record)
            alert = decode_alert(record.value)
            if not (alert.alert_id.isalnum() and alert.alert_id.isascii()):
                raise InvalidRecord(Reason.INVALID_FIELD, "alert_id is none that a header can hold")
        except InvalidRecord as error:
            self._refuse(record, -1, Reason(error.reason), error.detail)
        except SchemaError as error:
            self._refuse(record, -1, Reason.INVALID_SCHEMA, str(error))
        except DecodeError as error:
            self._refuse(record, -1, Reason.UNDECODABLE, str(error))
        else:
            self._alerts += 1
            for receiver in self._receivers:
                receiver.take(Pending(record, alert.alert_id))

    def _drop(self, number: int, one: Pending, reason: Reason, error: str) -> None:
        self._refuse(one.record, number, reason, error)

    def _refuse(self, record: InputRecord, number: int, reason: Reason, error: str) -> None:
        """number: the receiver's, -1 for the whole record; it is in the letter's identity, so that repeats are known."""
        letter = letter_of(self._process, record, reason, error, index=number)
        self._letters.send(letter, Identity(f"{self._process}-{number + 1}", record.topic, record.partition, record.offset, 0), record.key)
        DROPPED.labels(self._process, reason).inc()

    def flush(self) -> None:
        """Raises StoreDown while a receiver fails, wants a pause, or takes long; the same alerts go on at the next call."""
        until_s = self._clock.monotonic_s() + _FLUSH_S
        left = [receiver for receiver in self._receivers if not receiver.deliver(until_s)]
        if left:
            raise StoreDown("; ".join(receiver.trouble or f"{receiver.name} takes long" for receiver in left))
        self._points.reach("alerts_posted")
        self._letters.deliver()
        self._points.reach("letters_delivered")
        self._log.commit(self._ends, wait=True)
        self._points.reach("offsets_committed")
        self._stored.update(self._ends)
        self._empty()

    def forget(self) -> None:
        self._stored = {}
        self._empty()

    def _empty(self) -> None:
        for receiver in self._receivers:
            receiver.forget()
        self._ends: dict[Place, int] = {}
        self._records = self._alerts = 0

    def ping(self) -> None:
        """Receivers are asked only by alerts: raises StoreDown while the last attempt at one failed."""
        if troubles := [receiver.trouble for receiver in self._receivers if receiver.trouble]:
            raise StoreDown("; ".join(troubles))

    def close(self) -> None:
        for receiver in self._receivers:
            receiver.close()

"""Receivers of one series that want the same bytes, and the bytes on their way to them. A message is encoded once a group."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from gateway.frames import frame
from gateway.series import TRAITS, Event, Placed, SeriesKey
from gateway.shapes import encode
from gateway.variant import Variant
from schemas.ticks import Quote


class Outgoing(Struct, gc=False):
    """One message as a whole frame. prev, seq: its link in the group's chain. is_passing: a newer one of its kind says all that it said."""

    prev: str | None
    seq: str
    frame: bytes
    is_passing: bool


class Batch(Struct):
    """Messages of one group in their order; frames are all of theirs, joined once for all receivers."""

    group: "Group"
    messages: list[Outgoing]
    frames: bytes


class Receiver(Protocol):
    """A client. deliver and send must not block and must not raise. room: waits until not much waits for the client.

    write: takes whole frames while nothing stands in their way, and then who calls it adds to `sent`, in messages; None: deliver decides.
    """

    write: Callable[[bytes], None] | None
    sent: int

    def deliver(self, batch: Batch) -> None: ...

    def send(self, frames: bytes, messages: int = 1) -> None: ...

    async def room(self) -> None: ...


class Group:
    """Of one series and variant. seq: of its newest message, which is `prev` of the next; at first the series' newest.

    held: what waits for the group's pace, at most one of each kind of event; next_s: not before then.
    """

    __slots__ = ("epoch", "held", "is_filter", "is_state", "key", "members", "next_s", "pending", "seq", "variant")

    def __init__(self, key: SeriesKey, variant: Variant, epoch: str, seq: str | None) -> None:
        self.key = key
        self.variant = variant
        self.epoch = epoch
        self.seq = seq
        self.is_filter = variant.is_filter
        self.is_state = TRAITS[key.channel].is_state
        self.members: dict[Receiver, int] = {}  # how many of the receiver's subscriptions take this series
        self.pending: list[Outgoing] = []
        self.held: dict[type, tuple[Placed, Event]] = {}
        self.next_s = 0.0

    def wants(self, event: Event) -> bool:
        return not self.is_filter or self.variant.wants(event)

    def take(self, placed: Placed, event: Event) -> None:
        """Encodes the event as the next message of the chain."""
        seq = placed.seq
        message = frame(encode(placed, event, self.seq, self.epoch, self.variant), self.variant.wire)
        self.pending.append(Outgoing(self.seq, seq, message, self.is_state or isinstance(event, Quote)))
        self.seq = seq

    def take_held(self) -> None:
        """What waited, in the order of the log."""
        for placed, event in sorted(self.held.values(), key=lambda pair: (pair[0].offset, pair[0].index)):
            self.take(placed, event)
        self.held.clear()

    def cut(self) -> Batch:
        """All that is pending."""
        batch = Batch(self, self.pending, b"".join([message.frame for message in self.pending]))
        self.pending = []
        return batch

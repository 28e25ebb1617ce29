"""One series to one client that comes back: the messages that it missed, in its chain, and then the live ones without a hole between."""

import asyncio

from gateway import answers
from gateway.frames import frame, frame_of_json
from gateway.groups import Receiver
from gateway.hub import Hub
from gateway.recent import Recent
from gateway.resume import MOST_AT_ONCE, Backfill, Missed, Position, missed_of
from gateway.series import TRAITS
from gateway.shapes import encode
from gateway.views import Subscription, View
from runtime import metrics
from schemas.partitioner import partition_of

_WAIT_S = 0.05
_WAITS = 100  # a gateway process that is behind the one which the client came from gets five seconds to read as far
_READS = 3  # from Kafka, for one series: memory may have moved on before its turn came

TOO_FAR = "too_far"  # the log, or what may be read of it, does not reach back to the client's position
OTHER_EPOCH = "epoch"  # the topic was made anew
ONLY_LATEST = "only_latest"  # of this channel, or at this pace, only the newest message counts
UNKNOWN = "unknown"  # the client named no position of this series


class CatchUp:
    """Of the hub's series, from memory or Kafka."""

    def __init__(self, hub: Hub, recent: Recent, backfill: Backfill, partitions: int) -> None:
        self._hub = hub
        self._recent = recent
        self._backfill = backfill
        self._partitions = partitions

    async def follow(self, outbox: Receiver, subscription: Subscription, view: View, after: Position) -> bool:
        """Sends what lies behind `after`, attaches the subscription, and says `resumed`. False, nothing attached, if the log does not have it,
        or nothing at all of the series from there on.

        Waits while the client does not read: it catches up at its own pace, and with nobody else waiting.
        """
        partition = partition_of(view.key.symbol, self._partitions)
        if not await self._is_reached(view, partition, after):
            return False
        last, sent = after.seq, 0
        while True:
            found = await self._from(view, partition, after)
            if found is None:
                return False
            missed = [pair for pair in found if (pair[0].offset, pair[0].index) > after]
            last, count = self._send(outbox, subscription, view, missed, last)
            sent += count
            if len(found) < MOST_AT_ONCE:
                break
            after = Position(found[-1][0].offset, found[-1][0].index)
            await outbox.room()
        # No await since the last look at memory: what comes next is live.
        for placed, event in found:
            view.learn(placed, event)
        if view.seq is None:
            return False
        self._join(outbox, subscription, view, last, sent)
        return True

    def _join(self, outbox: Receiver, subscription: Subscription, view: View, last: str, sent: int) -> None:
        """A new group goes on from the client's last message: what its variant leaves out is no link of its chain."""
        variant, channel = subscription.selector.variant, view.key.channel
        is_new = variant not in view.groups
        self._hub.attach(subscription, view)
        group = view.groups[variant]
        if is_new:
            group.seq = last
        partition = partition_of(view.key.symbol, self._partitions)
        outbox.send(frame_of_json(answers.resumed(view.key, partition, group.seq, self._hub.epochs[channel], sent), variant.wire))
        metrics.RESUMES.labels(channel, "recovered").inc()

    async def _is_reached(self, view: View, partition: int, after: Position) -> bool:
        """True once this process has read the message that the client has."""
        ring = self._recent.ring(TRAITS[view.key.channel].topic, partition)
        for _ in range(_WAITS):
            if after.offset < ring.end:
                return True
            await asyncio.sleep(_WAIT_S)
        return False

    async def _from(self, view: View, partition: int, first: Position) -> Missed | None:
        """With the client's last message itself, if the log has it."""
        before = Position(first.offset, first.number - 1)
        for _ in range(_READS):
            found = missed_of(self._recent, view.key, partition, before)
            if found is not None:
                return found
            if not await self._backfill.read(TRAITS[view.key.channel].topic, partition, first.offset):
                return None
        return missed_of(self._recent, view.key, partition, before)

    def _send(self, outbox: Receiver, subscription: Subscription, view: View, missed: Missed, last: str) -> tuple[str, int]:
        variant, epoch = subscription.selector.variant, self._hub.epochs[view.key.channel]
        frames = []
        for placed, event in missed:
            if variant.wants(event):
                frames.append(frame(encode(placed, event, last, epoch, variant), variant.wire))
                last = placed.seq
        if frames:
            outbox.send(b"".join(frames), len(frames))
            metrics.MESSAGES.labels(view.key.channel).inc(len(frames))
        return last, len(frames)

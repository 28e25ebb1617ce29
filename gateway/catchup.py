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
        """Sends what lies behind `after`, attaches the subscription, and says `resumed`. False, nothing attached, if the log does not have it.

        Waits while the client does not read: it catches up at its own pace, and with nobody else waiting.
        """
        partition = partition_of(view.key.symbol, self._partitions)
        if not await self._is_reached(view, partition, after):
            return False
        last, sent = after.seq, 0
        while True:
            missed = await self._missed(view, partition, after)
            if missed is None:
                return False
            last, count = self._send(outbox, subscription, view, missed, last)
            sent += count
            if len(missed) < MOST_AT_ONCE:
                break
            after = Position(missed[-1][0].offset, missed[-1][0].index)
            await outbox.room()
        # No await since the last look at memory: what comes next is live.
        self._hub.attach(subscription, view)
        group = view.groups[subscription.selector.variant]
        resumed = answers.resumed(view.key, partition, group.seq, self._hub.epochs[view.key.channel], sent)
        outbox.send(frame_of_json(resumed, group.variant.wire))
        metrics.RESUMES.labels(view.key.channel, "recovered").inc()
        return True

    async def _is_reached(self, view: View, partition: int, after: Position) -> bool:
        """True once this process has read the message that the client has."""
        ring = self._recent.ring(TRAITS[view.key.channel].topic, partition)
        for _ in range(_WAITS):
            if after.offset < ring.end:
                return True
            await asyncio.sleep(_WAIT_S)
        return False

    async def _missed(self, view: View, partition: int, after: Position) -> Missed | None:
        for _ in range(_READS):
            missed = missed_of(self._recent, view.key, partition, after)
            if missed is not None:
                return missed
            if not await self._backfill.read(TRAITS[view.key.channel].topic, partition, after.offset):
                return None
        return missed_of(self._recent, view.key, partition, after)

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

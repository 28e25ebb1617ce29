"""Frames of snapshots; clients that reconnect together ask for the same ones, so the last are kept."""

from collections import OrderedDict

from gateway import answers
from gateway.frames import frame_of_json
from gateway.hub import Hub
from gateway.series import SeriesKey
from gateway.shapes import encode_json
from gateway.variant import Variant
from gateway.views import View

_KEPT = 64
_LARGEST_KEPT_BYTES = 262_144


class Snapshots:
    """Of the hub's series."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._kept: OrderedDict[tuple[SeriesKey, Variant, int, str], tuple[str | None, str | None, bytes]] = OrderedDict()

    def frame(self, view: View, variant: Variant, count: int, lost: str = "") -> bytes:
        """A snapshot with at most `count` records of the series. lost: why it comes instead of what a resuming client missed."""
        count = min(count, self._hub.memory.depth)
        group = view.groups.get(variant)
        seq = group.seq if group else view.seq
        kept = self._kept.get((view.key, variant, count, lost))
        if kept and kept[:2] == (view.seq, seq):
            return kept[2]
        frame = self._build(view, variant, count, seq, lost)
        if len(frame) <= _LARGEST_KEPT_BYTES:
            self._kept[view.key, variant, count, lost] = (view.seq, seq, frame)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return frame

    def _build(self, view: View, variant: Variant, count: int, seq: str | None, lost: str) -> bytes:
        epoch = self._hub.epochs[view.key.channel]
        found = [(placed, event) for placed, event in view.history.items(count) if variant.wants(event)]
        items = [encode_json(placed, event, None, epoch, variant) for placed, event in found]
        return frame_of_json(answers.snapshot(view.key, items, view.partition, seq, epoch, lost), variant.wire)

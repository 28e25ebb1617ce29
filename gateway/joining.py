"""A subscription's first word on one series: what the client missed of it, or a snapshot, and its updates from that moment on."""

import asyncio
from collections.abc import Iterable

from gateway import catchup
from gateway.protocol import BadMessage, Subscribe
from gateway.resume import Position, can_resume, positions_of
from gateway.selector import Selector
from gateway.series import SeriesKey
from gateway.services import Services
from gateway.views import Subscription, View
from runtime import metrics

_VIEWS_AT_ONCE = 50  # series whose first word is made before others get their turn

Positions = dict[SeriesKey, Position]


def positions_in(action: Subscribe, selector: Selector) -> Positions:
    """Where the client goes on. Raises BadMessage for a resume that fits no series of the subscription."""
    if action.resume is None:
        return {}
    positions = positions_of(action.resume, selector)
    if not positions:
        raise BadMessage("invalid_field", "resume names no series of this subscription; several need `series`", "resume")
    return positions


async def start_all(services: Services, subscription: Subscription, views: Iterable[View], action: Subscribe, positions: Positions) -> None:
    """One after the other, at the client's pace; others' messages go on between them."""
    for number, view in enumerate(views, 1):
        await start(services, subscription, view, action, positions)
        await subscription.receiver.room()
        if number % _VIEWS_AT_ONCE == 0:
            await asyncio.sleep(0)


async def start(services: Services, subscription: Subscription, view: View, action: Subscribe, positions: Positions) -> None:
    """Attaches the subscription to the series, right after what it is told first."""
    receiver, selector, lost = subscription.receiver, subscription.selector, ""
    if action.resume is not None:
        after = positions.get(view.key)
        lost = _why_lost(services, action.resume.epoch, selector, after)
        if after is not None and not lost:
            if await services.catch_up.follow(receiver, subscription, view, after):
                return
            lost = catchup.TOO_FAR
        metrics.RESUMES.labels(selector.channel, "lost").inc()
    frame = services.snapshots.frame(view, selector.variant, _depth(services, action, selector), lost)
    if selector.is_exact or not services.hub.give_up(subscription, view):
        services.hub.attach(subscription, view)
    receiver.send(frame)


def _why_lost(services: Services, epoch: str, selector: Selector, after: Position | None) -> str:
    """Empty: it may be tried."""
    if epoch != services.hub.epochs[selector.channel]:
        return catchup.OTHER_EPOCH
    if not can_resume(selector):
        return catchup.ONLY_LATEST
    return "" if after is not None else catchup.UNKNOWN


def _depth(services: Services, action: Subscribe, selector: Selector) -> int:
    most = services.settings.snapshot_bars
    default = 1 if selector.any_symbol else most
    return min(default if action.snapshot is None else action.snapshot, most)

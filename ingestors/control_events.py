"""What a provider says beside its data: its conversation hears it, and what it says of the connection itself is acted on."""

import structlog

from ingestors.events import Denied, Leaving, Lost, Refused
from ingestors.lane import Lane
from ingestors.lanes import Lanes
from runtime.errors import UserError

log = structlog.get_logger()


class ControlEvents:
    """name: the provider's, for the user's eyes."""

    def __init__(self, name: str, lanes: Lanes) -> None:
        self._name = name
        self._lanes = lanes

    def hear(self, lane: Lane, event: object) -> None:
        """An event that came over the lane's connection. Raises UserError for a key that is refused."""
        shard = next(shard for shard in self._lanes if shard.lane is lane)
        shard.connector.heard()
        if lane.conversation:
            lane.conversation.hear(event)
        if isinstance(event, Denied):
            self._end_if_ours(lane, event)
        elif isinstance(event, Refused):
            log.warning("subscription_refused", key=event.key, detail=event.detail)
        elif isinstance(event, Leaving):
            log.info("provider_leaves")
            self._lanes.renew(shard)
        elif isinstance(event, Lost):
            log.warning("messages_lost", detail=event.detail)
            shard.connector.drop()
        shard.connector.speak()

    def _end_if_ours(self, lane: Lane, denied: Denied) -> None:
        """But for a capture: who recorded it had that trouble."""
        if lane.conversation and lane.conversation.session.key_setting:
            raise UserError(f"{self._name} refuses the key: {denied.detail}; check {lane.conversation.session.key_setting}")

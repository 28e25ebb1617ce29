"""What a provider says beside its data reaches the conversation that it belongs to, and a connection that is to end is replaced, dropped or given up."""

from types import SimpleNamespace
from typing import Any

import pytest

from ingestors.control_events import ControlEvents
from ingestors.events import Denied, Heartbeat, Leaving, Lost, Refused
from ingestors.frame_queue import FrameQueue
from ingestors.lane import Lane
from runtime.errors import UserError


class Connections(list[Any]):
    """Two of them; calls: what was done with the second."""

    def __init__(self, key_setting: str = "") -> None:
        self.calls: list[Any] = []
        super().__init__(SimpleNamespace(lane=self._lane(key_setting), connector=self._connector(number)) for number in range(2))

    def _lane(self, key_setting: str) -> Lane:
        lane = Lane({"BTC-USD"}, FrameQueue(9))
        conversation: Any = SimpleNamespace(session=SimpleNamespace(key_setting=key_setting), hear=self.calls.append)
        lane.conversation = conversation
        return lane

    def _connector(self, number: int) -> Any:
        def told(word: str) -> Any:
            return lambda: self.calls.append(word if number else f"the other is {word}")

        return SimpleNamespace(heard=told("heard"), drop=told("dropped"), speak=told("speaks"))

    def renew(self, shard: Any) -> None:
        self.calls.append("renewed" if shard is self[1] else "the other is renewed")


@pytest.mark.parametrize(
    ("event", "done"),
    [
        (Heartbeat(), []),
        (Refused("trades", "no such symbol"), []),
        (Leaving(), ["renewed"]),
        (Lost("7 after 5"), ["dropped"]),
        (Denied("no"), []),
    ],
)
def test_the_conversation_hears_it_and_the_connection_follows(event: Any, done: list[str]) -> None:
    lanes: Any = Connections()
    ControlEvents("template", lanes).hear(lanes[1].lane, event)
    assert lanes.calls == ["heard", event, *done, "speaks"]


def test_a_key_that_is_refused_is_the_users_to_mend() -> None:
    lanes: Any = Connections("providers.template.api_key")
    with pytest.raises(UserError, match=r"template refuses the key: expired; check providers\.template\.api_key"):
        ControlEvents("template", lanes).hear(lanes[1].lane, Denied("expired"))

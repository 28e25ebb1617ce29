"""Who is counted as inside: nobody whose socket is gone, whenever it went."""

from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from gateway.access.control import AccessControl
from gateway.access.shared import Limits
from gateway.door import Door
from runtime.clock import ManualClock
from runtime.settings import GatewaySettings


class Socket:
    """As much of a connection as the door looks at."""

    remote_address = ("203.0.113.5", 1234)

    def __init__(self, is_lost: bool = False) -> None:
        self.id = id(self)
        self.is_lost = is_lost
        self.on_lost: Any = None
        self.member: Any = None

    def offer(self, _wire: object) -> None:
        """Accepts any."""


def door(**settings: Any) -> Door:
    gateway, clock = GatewaySettings(**settings), ManualClock(10**18)
    return Door(gateway, AccessControl(gateway.access, clock, Limits(clock)))


async def status(door: Door, socket: Any) -> int:
    answer = await door.refusal(socket, Request("/ws", Headers(Host="127.0.0.1")))
    return 101 if answer is None else int(answer.status_code)


@pytest.mark.parametrize("is_lost", [False, True])
async def test_sockets_that_are_gone_leave_their_places(is_lost: bool) -> None:
    """One that went before its request was looked at tells nobody afterwards that it went."""
    two = door(max_connections=2)
    for _ in range(5):
        socket = Socket(is_lost)
        assert await status(two, socket) == 101
        if not is_lost:
            socket.on_lost()
    assert [await status(two, Socket()) for _ in range(3)] == [101, 101, 503]

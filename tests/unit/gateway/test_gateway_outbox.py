"""What goes to one client, without a socket."""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.access.pace import Pace
from gateway.frames import frame
from gateway.outbox import Outbox
from runtime.clock import ManualClock
from runtime.settings import GatewaySettings


class Socket:
    """Takes everything while it is writable."""

    on_change: Callable[[], None]
    on_writable: Callable[[], None]

    def __init__(self) -> None:
        self.is_open = self.is_writable = True
        self.written = b""
        self.loop = asyncio.get_running_loop()
        self.transport = self

    def write(self, frames: bytes) -> None:
        self.write_frames(frames)

    def write_frames(self, frames: bytes) -> None:
        self.written += frames

    async def drain(self) -> None:
        await asyncio.sleep(0)


class Client:
    """An outbox, what it writes to and why it was ended. per_s: its tier's pace."""

    def __init__(self, per_s: float = 0, **settings: Any) -> None:
        self.clock = ManualClock(10**18)
        self.socket = Socket()
        self.pace = Pace(per_s, self.clock) if per_s else None
        self.ends: list[int] = []
        member: Any = self
        connection: Any = self.socket
        self.outbox = Outbox(connection, member, self.clock, GatewaySettings(**settings), lambda code, _reason: self.ends.append(code))


async def test_every_message_is_counted_once() -> None:
    client = Client()
    client.outbox.send(frame(b"{}"))
    client.outbox.send(frame(b"{}") * 2, 2)
    assert client.outbox.sent == 3
    assert client.socket.written == frame(b"{}") * 3


async def test_client_that_asks_for_more_than_its_tier_lets_through_is_not_read_meanwhile() -> None:
    client = Client(per_s=1)
    client.outbox.send(b"x" * 300_000, 5)  # at once: a second's worth; the rest is owed
    client.outbox.send(b"x" * 300_000)
    answered = asyncio.create_task(client.outbox.answered())
    await asyncio.sleep(0.05)
    assert not answered.done()
    client.clock.advance_s(60)
    client.outbox._paced_on()
    await asyncio.wait_for(answered, 10)
    assert len(client.socket.written) == 600_000


async def test_updates_that_wait_do_not_keep_a_client_from_unsubscribing() -> None:
    client = Client(per_s=1)
    for _ in range(200):
        client.outbox.send(frame(b"{}"))
    assert client.outbox.waiting > 100
    await asyncio.wait_for(client.outbox.answered(), 1)
    client.outbox.close()


async def test_frames_go_straight_to_the_transport_only_while_nothing_stands_in_their_way() -> None:
    client = Client()
    outbox, socket = client.outbox, client.socket
    assert outbox.write is not None
    socket.is_writable = False
    socket.on_change()
    assert outbox.write is None
    outbox.send(frame(b"{}"))  # it waits
    socket.is_writable = True
    assert outbox.write is None
    socket.on_writable()
    assert outbox.write is not None
    assert socket.written == frame(b"{}")
    socket.is_open = False
    socket.on_change()
    assert outbox.write is None


async def test_a_tier_with_a_pace_never_writes_past_it() -> None:
    client = Client(per_s=100)
    assert client.outbox.write is None
    client.pace = None
    client.outbox.look()
    assert client.outbox.write is not None
    client.outbox.close()
    assert client.outbox.write is None

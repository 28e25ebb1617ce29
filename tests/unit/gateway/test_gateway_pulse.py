"""Pings: everybody in turn."""

from gateway.pulse import PING_EVERY_S, Pulse


class Client:
    def __init__(self) -> None:
        self.pings = 0

    def ping(self) -> None:
        self.pings += 1


def test_each_is_pinged_once_a_round_and_never_at_once() -> None:
    pulse, clients = Pulse(), [Client() for _ in range(3 * PING_EVERY_S)]
    turns = []
    for number, client in enumerate(clients):
        turns.append(pulse.add(client))
        if number % 3 == 2:
            assert client.pings == 0
            pulse.beat()
    before = [client.pings for client in clients]
    for _ in range(PING_EVERY_S):
        pulse.beat()
    assert [client.pings - was for client, was in zip(clients, before, strict=True)] == [1] * len(clients)
    pulse.discard(clients[0], turns[0])
    for _ in range(PING_EVERY_S):
        pulse.beat()
    assert clients[0].pings == before[0] + 1

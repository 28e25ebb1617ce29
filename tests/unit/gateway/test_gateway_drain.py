"""The end of a process, and what is let wait before the first request."""

from gateway.drain import drain, spread_s
from gateway.handshakes import Handshakes


def test_few_clients_at_once_and_many_no_longer_than_they_may() -> None:
    assert spread_s(5, 10) == 0.01
    assert spread_s(2500, 10) == 5
    assert spread_s(100_000, 10) == 10
    assert spread_s(100_000, 0) == 0


async def test_every_client_is_told_once_in_order() -> None:
    told: list[tuple[int, float]] = []
    ends = [lambda after_s, number=number: told.append((number, after_s)) for number in range(53)]
    await drain(ends, 10)  # type: ignore[arg-type]
    assert told == [(number, 0.11) for number in range(53)]
    await drain([], 10)


class Silent:
    def __init__(self) -> None:
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def test_oldest_silent_connection_makes_room() -> None:
    handshakes = Handshakes(3)
    silent = [Silent() for _ in range(5)]
    for each in silent[:3]:
        handshakes.begin(each)
    handshakes.end(silent[0])
    for each in silent[3:]:
        handshakes.begin(each)
    assert [each.is_aborted for each in silent] == [False, True, False, False, False]
    for each in silent:
        handshakes.end(each)
    assert len(handshakes) == 0

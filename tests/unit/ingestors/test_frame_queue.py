"""The queue between reader and parser: order, bounds, a paused socket, and what is left out when even that does not help."""

from hypothesis import given
from hypothesis import strategies as st

from ingestors.binance.parse import quote_stream
from ingestors.frame_queue import FrameQueue, Marker
from tests.feeds import quote_frame, trade_frame


class Pausable:
    """What the queue needs of a transport."""

    def __init__(self) -> None:
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def is_closing(self) -> bool:
        return False


def test_a_full_queue_pauses_the_socket_until_a_quarter_is_left() -> None:
    queue, transport = FrameQueue(100), Pausable()
    queue.put([(1, b"x")] * 100, transport)  # type: ignore[arg-type]
    assert not transport.paused
    queue.put([(1, b"x")], transport)  # type: ignore[arg-type]
    assert transport.paused
    assert len(queue.take(70)) == 70
    assert transport.paused
    assert len(queue.take(6)) == 6
    assert not transport.paused
    assert len(queue.take(1000)) == 25


def test_few_but_large_frames_pause_the_socket_until_a_quarter_of_their_bytes_is_left() -> None:
    queue, transport = FrameQueue(100, limit_bytes=4_000), Pausable()
    queue.put([(1, b"x" * 1_000)] * 4, transport)  # type: ignore[arg-type]
    assert not transport.paused
    queue.put([(1, b"x")], transport)  # type: ignore[arg-type]
    assert (transport.paused, queue.full, queue.size_bytes) == (True, True, 4_001)
    assert len(queue.take(100, 2_500)) == 3
    assert (transport.paused, queue.size_bytes) == (True, 1_001)
    assert len(queue.take(1)) == 1
    assert (transport.paused, queue.size_bytes) == (False, 1)


def test_a_batch_ends_with_the_frame_that_makes_it_heavy() -> None:
    queue = FrameQueue(100)
    queue.put([(i, b"x" * 10) for i in range(5)], Pausable())  # type: ignore[arg-type]
    assert [len(queue.take(4, 25)), len(queue.take(4, 1)), len(queue.take(4, 1_000))] == [3, 1, 1]


@given(st.lists(st.integers(0, 5), max_size=50), st.integers(1, 7))
def test_the_queue_keeps_order(sizes: list[int], limit: int) -> None:
    queue, sent, taken = FrameQueue(1000), [], []
    for size in sizes:
        frames = [(len(sent) + i, b"x" * i) for i in range(size)]
        sent += frames
        queue.put(frames, Pausable())  # type: ignore[arg-type]
        taken += queue.take(limit)
    while len(queue):
        taken += queue.take(limit, 3)
        assert queue.size_bytes == sum(len(frame) for _, frame in sent[len(taken) :])
    assert taken == sent


def _full(frames: list[bytes | Marker], limit: int) -> tuple[FrameQueue, Pausable]:
    queue, transport = FrameQueue(limit), Pausable()
    queue.put(list(enumerate(frames)), transport)  # type: ignore[arg-type]
    return queue, transport


def test_a_full_queue_leaves_out_overtaken_quotes_only() -> None:
    trades = [trade_frame(i).encode() for i in range(4)]
    quotes = [quote_frame(i).encode() for i in range(40)]
    opened = Marker("opened")
    queue, transport = _full([opened, quotes[0], trades[0], *quotes[1:20], trades[1], *quotes[20:], *trades[2:]], 32)
    assert transport.paused
    assert queue.conflate(quote_stream) == 39
    assert queue.size_bytes == sum(map(len, [*trades, quotes[-1]]))
    assert not transport.paused
    assert [frame for _, frame in queue.take(100)] == [opened, *trades[:2], quotes[-1], *trades[2:]]


def test_trades_alone_keep_the_socket_waiting() -> None:
    queue, transport = _full([trade_frame(i).encode() for i in range(50)], 32)
    assert queue.conflate(quote_stream) == 0
    assert transport.paused
    assert len(queue.take(100)) == 50


def test_below_the_limit_every_quote_stays() -> None:
    queue, _ = _full([quote_frame(i).encode() for i in range(32)], 32)
    assert queue.conflate(quote_stream) == 0
    assert len(queue) == 32

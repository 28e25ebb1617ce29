"""First in, first out, never more than the limit."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.queues import ClientQueue


@given(st.lists(st.integers(1, 5) | st.none(), max_size=60))
def test_queue_keeps_order_and_limit(steps: list[int | None]) -> None:
    queue, model, number = ClientQueue(10), [], 0
    for step in steps:
        if step is None:
            if model:
                assert queue.pop() == model.pop(0)[0]
        else:
            number += 1
            frames = str(number).encode()
            fits = sum(count for _, count in model) + step <= 10
            assert queue.put(frames, step) is fits
            if fits:
                model.append((frames, step))
        assert queue.messages == sum(count for _, count in model)
        assert bool(queue) is bool(model)
    queue.clear()
    assert not queue

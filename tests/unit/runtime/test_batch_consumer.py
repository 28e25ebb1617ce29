"""How long a stage waits between two fetches: latency while records trickle, throughput while envelopes have grown."""

from types import SimpleNamespace

import pytest

from runtime.faust_stage.batch_consumer import pause_after


def fetched(*partitions: list[int]) -> list[list[SimpleNamespace]]:
    """Records of these sizes; -1: a null value."""
    return [[SimpleNamespace(value=None if size < 0 else b"x" * size) for size in sizes] for sizes in partitions]


@pytest.mark.parametrize(
    ("sizes", "pause_s"),
    [
        ([], 0.0),
        ([[300]], 0.001),
        ([[300], [-1, 300]], 0.001),
        ([[300] * 25, [300] * 25], 0.0),
        ([[300] * 500], 0.0),
        ([[70_000]], 0.02),
        ([[40_000], [40_000]], 0.02),
        ([[70_000] * 50], 0.0),
    ],
)
def test_the_pause_follows_what_was_fetched(sizes: list[list[int]], pause_s: float) -> None:
    assert pause_after(fetched(*sizes), 0.001) == pause_s


def test_a_stage_that_is_slower_anyway_keeps_its_pace() -> None:
    assert pause_after(fetched([70_000]), 0.05) == 0.05

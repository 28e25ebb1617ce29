"""A server of the session goes away, and comes back with its data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def stopping(stack: Any, name: str) -> Iterator[Callable[[], object]]:
    """A function that kills a server of the session, which is started again with its data at the end of the block."""
    if stack.running is None:
        pytest.skip("the servers are not ours to stop")
    child = stack.running.children[name]
    try:
        yield lambda: child.stop(0)
    finally:
        child.stop(0)
        stack.running.restart(name)


@contextmanager
def stopped(stack: Any, name: str) -> Iterator[None]:
    """A server of the session killed, and started again with its data."""
    with stopping(stack, name) as stop:
        stop()
        yield

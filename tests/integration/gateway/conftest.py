"""Fixtures of the suites of the gateway as a process on a real Kafka: one that runs, events for it, a client."""

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.gateway_support import Client, Feeder, Gateway, client_of, running_gateway

_names = (f"T{number}-USD" for number in itertools.count())


@pytest.fixture(scope="module")
def gateway(module_line: Any) -> Iterator[Gateway]:
    """One for the tests that do not end it; each takes symbols of its own."""
    with running_gateway(
        module_line, TICKERPLANT_GATEWAY__MAX_SUBSCRIPTIONS="20", TICKERPLANT_GATEWAY__MAX_MESSAGE_BYTES="4096"
    ) as started:
        yield started


@pytest.fixture(scope="module")
def feeder(module_line: Any) -> Feeder:
    return Feeder(module_line)


@pytest.fixture
def symbol() -> str:
    return next(_names)


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[Client]:
    async with client_of(gateway) as connected:
        yield connected

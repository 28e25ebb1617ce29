"""Fixtures of the suites of the gateway without sockets."""

import pytest

from tests.gateway_hub import World


@pytest.fixture
def world() -> World:
    return World()

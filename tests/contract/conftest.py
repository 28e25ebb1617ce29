"""Fixtures of the suites over all providers."""

from tests.provider_world import world as world

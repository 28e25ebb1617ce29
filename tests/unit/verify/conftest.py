"""Fixtures of the suites of the audit."""

import pytest

from tests.planted_errors import right_tables
from tests.verify_world import MemoryTables


@pytest.fixture
def tables() -> MemoryTables:
    return right_tables()

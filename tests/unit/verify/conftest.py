"""Fixtures of the suites of the audit."""

import pytest

from tests.memory_tables import MemoryTables
from tests.planted_errors import right_tables


@pytest.fixture
def tables() -> MemoryTables:
    return right_tables()

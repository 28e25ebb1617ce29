"""One key a purpose: a runner of the schedule held the one of the policies once, and no sink came up beside it."""

import re

from runtime.database_locks import DatabaseLock
from tests.support import ROOT

_NUMBERED = re.compile(r"7_?424_?230_?\d{3}")


def test_every_key_stands_in_one_file() -> None:
    folders = ("runtime", "sinks", "tickerplant", "ingestors", "gateway", "history", "cache")
    found = {
        str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py") if _NUMBERED.search(path.read_text())
    }
    assert found == {"runtime/database_locks.py"}
    assert len({lock.value for lock in DatabaseLock}) == 3

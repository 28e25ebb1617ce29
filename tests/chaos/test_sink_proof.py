"""One load through the TimescaleDB sink while it is killed, PostgreSQL is stopped at once, and connections break around COMMIT: every row once, and no other.

SINK_TICKS (20,000), SINK_KILLS (2), SINK_STOPS (1) and SINK_CUTS (3); `make chaos` takes 1,000,000 ticks, 100 kills, 5 stops and 60 cuts. CHAOS_SEED chooses the moments.
"""

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.commit_cutter import CommitCutter, commit_cutter
from tests.sink_load import SinkLoad, read_records, stored
from tests.sink_processes import log_of, start_sink
from tests.support import eventually

TICKS = int(os.environ.get("SINK_TICKS", "20000"))
KILLS = int(os.environ.get("SINK_KILLS", "2"))
STOPS = int(os.environ.get("SINK_STOPS", "1"))
CUTS = int(os.environ.get("SINK_CUTS", "3"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(120 + 6 * (KILLS + STOPS + CUTS) + TICKS // 10_000)]
# Small batches, so that most moments are within one.
SMALL = {"TICKERPLANT_SINK__BATCH_ROWS": "400", "TICKERPLANT_SINK__BATCH_INTERVAL_S": "0.02", "TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6"}
_MOMENTS = ("before", "inside", "after")


class Attacked:
    """The sink behind the cutter, and what can be done to it."""

    def __init__(self, line: Any, stack: Any, load: SinkLoad, cutter: CommitCutter, chance: random.Random) -> None:
        self._line, self._stack, self._load, self._cutter, self._chance = line, stack, load, cutter, chance
        self._clock = threading.Event()
        self._process = self._start()
        self.killed_at_work = 0

    def _start(self) -> subprocess.Popen[bytes]:
        return start_sink(self._line, "timescale", TICKERPLANT_POSTGRES__URL=self._cutter.url, **SMALL)

    def kill(self, ticks: int) -> None:
        """Four in five while rows land; the others wherever it is in starting."""
        self._load.send(ticks)
        working = self._chance.random() < 0.8 and self._await_work()
        self._clock.wait(self._chance.uniform(0, 0.2))  # not a synchronisation: the random moment
        self.killed_at_work += working and not self._is_done()
        self._assert_alive()
        self._process.kill()
        self._process.wait()
        self._process = self._start()

    def stop_postgres(self, ticks: int) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, recovery from the log at the next start."""
        self._load.send(ticks)
        self._await_work()
        child = self._stack.running.children["postgres"]
        os.kill(child.pid, signal.SIGQUIT)
        eventually(lambda: child.exit_code() is not None, 30)
        self._stack.running.restart("postgres")

    def cut(self, ticks: int) -> None:
        before = self._cutter.cuts
        self._cutter.arm(_MOMENTS[before % 3])
        self._load.send(ticks)
        eventually(lambda: self._cutter.cuts > before, 60)

    def end(self) -> int:
        self._assert_alive()
        self._process.terminate()
        return self._process.wait(60)

    def _await_work(self) -> bool:
        """True once rows land, False if there are none left."""
        before = read_records(self._line)
        eventually(lambda: read_records(self._line) > before or self._is_done(), 60)
        return not self._is_done()

    def _is_done(self) -> bool:
        return read_records(self._line) == self._load.records

    def _assert_alive(self) -> None:
        assert self._process.poll() is None, log_of(self._line, "timescale")[-4000:]


def _schedule(attacked: Attacked, chance: random.Random) -> list[Callable[[int], None]]:
    schedule = [attacked.kill] * KILLS + [attacked.stop_postgres] * STOPS + [attacked.cut] * CUTS
    chance.shuffle(schedule)
    return schedule


def test_every_row_once_whatever_happens(line: Any, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("the servers are not ours to stop")
    chance, load = random.Random(SEED), SinkLoad(line)
    with commit_cutter(line.addresses.postgres) as cutter:
        attacked = Attacked(line, stack, load, cutter, chance)
        schedule = _schedule(attacked, chance)
        for attack in schedule:
            attack(TICKS // len(schedule))
        load.send(TICKS - load.content.rows)
        eventually(lambda: read_records(line) == load.records, 120, interval_s=0.5)
        assert attacked.end() == 0
    assert stored(line) == load.content
    assert load.content.rows >= TICKS
    assert cutter.cuts == CUTS
    assert attacked.killed_at_work

"""Gathers what the view shows: the supervisor's states, and the figures from every process's /metrics. Also writes it for `tickerplant status`."""

import asyncio
from pathlib import Path

import psutil

from runtime.clock import Clock
from tickerplant.stack import probe
from tickerplant.stack.figures import Figures, Scrape, compare, parse
from tickerplant.stack.servers import write_private
from tickerplant.stack.supervisor import Supervisor
from tickerplant.stack.unit import Unit, describe_exit
from tickerplant.stack.view import Picture, Row


def status_file(data_dir: Path) -> Path:
    """Written by a running supervisor, read by `tickerplant status`."""
    return data_dir / "run" / "status.json"


class Monitor:
    """Remembers the scrape before, since rates are differences."""

    def __init__(self, supervisor: Supervisor, feed: str, clock: Clock) -> None:
        self._supervisor = supervisor
        self._feed = feed
        self._clock = clock
        self._started_s = clock.monotonic_s()
        self._data_dir = supervisor.settings.data_dir.absolute()
        self._before: dict[str, tuple[int, Scrape]] = {}

    async def picture(self) -> Picture:
        """One look at everything; scrapes run on threads."""
        rows = await asyncio.gather(*(self._row(unit) for unit in self._supervisor.units))
        elapsed_s = self._clock.monotonic_s() - self._started_s
        return Picture(self._feed, self._page(), str(self._data_dir), elapsed_s, rows)

    async def _row(self, unit: Unit) -> Row:
        note = unit.missing or (f"last {describe_exit(unit.last_exit)}" if unit.last_exit is not None else "")
        figures = await self._figures(unit)
        return Row(unit.name, unit.state, unit.pid, unit.restarts, note, _memory_mb(unit.pid), figures)

    async def _figures(self, unit: Unit) -> Figures | None:
        entry = probe.read_run_file(self._data_dir, unit.name, unit.pid) if unit.pid else {}
        if unit.pid is None or "health" not in entry:
            return None
        text = await asyncio.to_thread(probe.metrics_text, str(entry["health"]))
        if not text:
            return None
        now = parse(text, self._clock.monotonic_s())
        pid, before = self._before.get(unit.name, (unit.pid, now))
        self._before[unit.name] = (unit.pid, now)
        return compare(before if pid == unit.pid else Scrape(before.at_s), now)

    def _page(self) -> str:
        gateway = next((unit for unit in self._supervisor.units if unit.name == "gateway"), None)
        if gateway is None or gateway.pid is None:
            return ""
        entry = probe.read_run_file(self._data_dir, "gateway", gateway.pid)
        return str(entry.get("gateway", ""))

    def write_status(self) -> None:
        """For `tickerplant status`: what only the supervisor knows."""
        processes = [
            {
                "name": unit.name,
                "state": unit.state,
                "pid": unit.pid,
                "restarts": unit.restarts,
                "last_exit": unit.last_exit,
                "missing": unit.missing,
            }
            for unit in self._supervisor.units
        ]
        entry = {"feed": self._feed, "ready": self._supervisor.ready, "page": self._page(), "processes": processes}
        write_private(status_file(self._data_dir), entry)


def _memory_mb(pid: int | None) -> float | None:
    if pid is None:
        return None
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.Error:
        return None

"""Runs a local stack: starts servers and processes in order, watches them, starts crashed ones again, stops all in the opposite order."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from runtime.addresses import Addresses, stack_file
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.health import run_file
from runtime.settings import PREFIX, Settings
from tickerplant.stack import probe
from tickerplant.stack.child import ChildSpec, end_orphans
from tickerplant.stack.plan import STOP_ORDER, Process, stop_name
from tickerplant.stack.servers import Server, local_servers, write_addresses
from tickerplant.stack.unit import Definition, Unit, describe_exit

Say = Callable[[str], None]
Groups = list[tuple[Process, ...]]
SpecOf = Callable[[Settings, Process], ChildSpec]
_LOOK_INTERVAL_S = 0.2
_START_LOOK_INTERVAL_S = 0.1
_READY_INTERVAL_S = 1.0


class Supervisor:
    """One stack on one data folder, whose lock the caller holds. `say` takes one line for people."""

    def __init__(self, settings: Settings, groups: Groups, clock: Clock, say: Say, spec_of: SpecOf | None = None) -> None:
        self.settings = settings
        self.units: list[Unit] = []
        self.servers: list[Server] = []
        self.addresses: Addresses | None = None
        self._groups = groups
        self._spec_of = spec_of or process_spec
        self._clock = clock
        self._say = say
        self._data_dir = settings.data_dir.absolute()
        self._pids = self._data_dir / "run" / "pids"

    async def start(self) -> None:
        """Starts everything; returns when all is ready. Raises UserError when a part cannot start; the caller then stops."""
        for name in await asyncio.to_thread(end_orphans, self._pids, self.settings.stack.stop_timeout_s):
            self._say(f"{name} of an earlier run was still there; ended it")
        self.servers = await asyncio.to_thread(local_servers, self.settings, self._say)
        await self._start_group([self._server_definition(server) for server in self.servers])
        self.addresses = write_addresses(self.settings, self.servers)
        self._say("preparing topics and tables")
        await asyncio.to_thread(prepare_stores, self.settings, self.addresses)
        for group in self._groups:
            await self._start_group([self._process_definition(process) for process in group])

    def _server_definition(self, server: Server) -> Definition:
        return Definition(server.name, server.prepare, lambda _pid: server.missing())

    def _process_definition(self, process: Process) -> Definition:
        spec = self._spec_of(self.settings, process)
        return Definition(process.name, lambda: spec, partial(probe.missing, self._data_dir, process.name))

    async def _start_group(self, definitions: Iterable[Definition]) -> None:
        units = [Unit(definition, self._pids, self._clock) for definition in definitions]
        if not units:
            return
        self._say(f"starting {', '.join(unit.name for unit in units)}")
        self.units += units
        for unit in units:
            await unit.start()
        deadline_s = self._clock.monotonic_s() + self.settings.stack.start_timeout_s
        while late := [unit for unit in units if unit.state != "ready"]:
            # Who is ready is left alone: to ask everybody all the time takes from those that still start.
            await asyncio.gather(*(unit.look() for unit in self.units if not unit.is_up()))
            for unit in units:
                unit.refuse_user_error()
            if self._clock.monotonic_s() > deadline_s:
                raise UserError(_not_started(late[0], self.settings.stack.start_timeout_s))
            await asyncio.sleep(_START_LOOK_INTERVAL_S)

    async def watch(self, until: asyncio.Event) -> None:
        """Keeps everything running until the event is set. A crash is said at once, and so is the return."""
        asked_s = 0.0
        while not until.is_set():
            for unit in self.units:
                if unit.notice():
                    self._say(f"{unit.name} crashed ({describe_exit(unit.last_exit or 0)}); starting it again")
            if self._clock.monotonic_s() - asked_s >= _READY_INTERVAL_S:
                asked_s = self._clock.monotonic_s()
                await asyncio.gather(*(unit.look() for unit in self.units))
            else:
                await asyncio.gather(*(unit.look() for unit in self.units if unit.state == "crashed"))
            await _wait(until, _LOOK_INTERVAL_S)

    @property
    def ready(self) -> bool:
        """All parts are."""
        return bool(self.units) and all(unit.state == "ready" for unit in self.units)

    async def stop(self) -> None:
        """Stops all, the feed first and the servers last; within a group at the same time."""
        for names in STOP_ORDER:
            group = [unit for unit in self.units if stop_name(unit.name) in names]
            if group:
                await asyncio.gather(*(unit.stop(self.settings.stack.stop_timeout_s) for unit in group))
        self._forget_addresses()
        self._say("stopped")

    def _forget_addresses(self) -> None:
        """So that a command says that nothing runs here, instead of waiting for servers that are gone."""
        stack_file(self._data_dir).unlink(missing_ok=True)
        for unit in self.units:
            run_file(self._data_dir, unit.name).unlink(missing_ok=True)


def process_spec(settings: Settings, process: Process) -> ChildSpec:
    """How one process of ours is run: the same interpreter, the same data folder, its log in <data dir>/logs."""
    data_dir = settings.data_dir.absolute()
    return ChildSpec(
        process.name,
        (sys.executable, "-m", "tickerplant", *process.arguments, "--data-dir", str(data_dir)),
        data_dir / "logs" / f"{process.name}.log",
        # All processes are on one machine here: a fixed health port would be taken by the first.
        {**process.environment, f"{PREFIX}HEALTH__PORT": "0"},
        nice=process.nice,
    )


def prepare_stores(settings: Settings, addresses: Addresses) -> None:
    """Topics and tables as this version wants them. Blocks for some seconds. Raises UserError if a part does not answer or refuses."""
    from runtime.topic_admin import apply
    from sinks.timescale.migrations import apply_migrations

    try:
        apply(settings.kafka, addresses.kafka)
        apply_migrations(addresses.postgres)
    except TransientError as error:
        raise UserError(str(error)) from error


def _not_started(unit: Unit, timeout_s: float) -> str:
    log: Path | str = unit.child.spec.log if unit.child else "its log"
    return f"{unit.name} is not ready after {timeout_s:.0f} s ({unit.missing}); see {log}, or raise stack.start_timeout_s"


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return

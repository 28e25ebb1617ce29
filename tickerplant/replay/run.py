"""One replay through a running line: exchange server here, the unchanged ingestor as a child, then wait, count, report."""

import asyncio
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import uvloop

from ingestors.exchange_server.material import Material
from ingestors.exchange_server.server import ExchangeServer
from ingestors.resume import read_published
from runtime.addresses import Addresses, resolve
from runtime.clock import Clock, SystemClock
from runtime.errors import FatalError, TransientError, UserError
from runtime.logs import configure
from runtime.settings import PREFIX, Settings
from tickerplant.replay.arguments import MakePace
from tickerplant.replay.child import IngestorChild
from tickerplant.replay.counts import COUNTED, count_rows, count_topics
from tickerplant.replay.drain import wait_until_drained, wait_until_published
from tickerplant.replay.offsets import Offsets
from tickerplant.replay.report import Report
from tickerplant.running_ingestors import running_shards

PROCESS = "replay"
_PROGRESS_S = 1.0
Tell = Callable[[str], None]


class Playable(Material, Protocol):
    """Material that can say how far it has come."""

    def newest_trade_ids(self) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """material: what is played; streams: which of the venue's streams are subscribed to; frames: how many there are, 0 if unknown."""

    title: str
    source: str
    material: Playable
    streams: tuple[str, ...]
    pace: MakePace
    frames: int = 0
    drain_timeout_s: float = 90.0

    def symbols(self) -> dict[str, str]:
        """The venue's name to the canonical one."""
        return {listed.venue: f"{listed.base}-{listed.quote}" for listed in self.material.symbols}


def run_replay(settings: Settings, plan: Plan, tell: Tell) -> Report:
    """Blocks until everything was played and the line has drained, or stands still. Raises UserError, FatalError, TransientError."""
    configure(settings.log, PROCESS)
    return uvloop.run(_Replay(settings, plan, tell, SystemClock()).run())


class _Replay:
    def __init__(self, settings: Settings, plan: Plan, tell: Tell, clock: Clock) -> None:
        self._settings = settings
        self._plan = plan
        self._tell = tell
        self._clock = clock
        self._addresses: Addresses = running_stack(settings)
        self._offsets = Offsets(settings.kafka, self._addresses.kafka, self._addresses.postgres)

    async def run(self) -> Report:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        starts = await self._first_look()
        rows_before = await asyncio.to_thread(count_rows, self._addresses.postgres)
        started_s = self._clock.monotonic_s()
        exchange = ExchangeServer(self._plan.material, self._plan.pace(self._clock), self._clock)
        websocket, rest = await exchange.start()
        child = IngestorChild(self._settings.data_dir, self._environment(websocket, rest))
        try:
            missing = await self._play(exchange, child)
        finally:
            await child.stop()
            await exchange.stop()
        behind = await wait_until_drained(self._offsets, self._clock, self._plan.drain_timeout_s, self._tell)
        seconds = self._clock.monotonic_s() - started_s
        ends = await asyncio.to_thread(self._offsets.settled_ends, COUNTED)
        topics = await asyncio.to_thread(count_topics, self._settings.kafka, self._addresses.kafka, starts, ends)
        rows_after = await asyncio.to_thread(count_rows, self._addresses.postgres)
        plan = self._plan
        return Report(plan.source, plan.title, exchange.frames, topics, rows_before, rows_after, seconds, child.restarts, behind, missing)

    async def _first_look(self) -> dict[tuple[str, int], int]:
        try:
            return await asyncio.to_thread(self._offsets.ends, COUNTED)
        except TransientError as error:
            raise UserError(f"the stack does not answer ({error}); start it with {_up(self._settings)}") from None

    async def _play(self, exchange: ExchangeServer, child: IngestorChild) -> dict[str, int]:
        """Until all is played and published; trades that are still missing, by symbol."""
        running = asyncio.ensure_future(child.run())
        ended = asyncio.ensure_future(exchange.ended.wait())
        try:
            while not ended.done():
                await asyncio.wait([running, ended], timeout=_PROGRESS_S, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                if exchange.failure():
                    raise FatalError(exchange.failure())
                self._tell(self._progress(exchange, child))
            names = self._plan.symbols()
            wanted = {names[venue]: newest for venue, newest in self._plan.material.newest_trade_ids().items()}
            return await wait_until_published(self._published, wanted, self._clock, self._plan.drain_timeout_s)
        finally:
            await child.stop()
            running.cancel()
            ended.cancel()

    def _published(self) -> dict[str, int]:
        found = read_published(self._settings.kafka, self._addresses.kafka, self._plan.source, self._plan.symbols().values())
        return {symbol: known.newest_id for symbol, known in found.trades.items()}

    def _progress(self, exchange: ExchangeServer, child: IngestorChild) -> str:
        played, total = exchange.frames.total(), self._plan.frames
        share = f" of {total:,} ({100 * played / total:.0f} %)" if total else ""
        deaths = f", ingestor restarted {child.restarts} times" if child.restarts else ""
        return f"played {played:,} frames{share}{deaths}"

    def _environment(self, websocket: str, rest: str) -> dict[str, str]:
        binance = {
            "WEBSOCKET_URL": websocket,
            "REST_URL": rest,
            "CLOCK": "capture",
            "SOURCE": self._plan.source,
            "SYMBOLS": json.dumps(list(self._plan.symbols().values())),
            "STREAMS": json.dumps(list(self._plan.streams)),
        }
        complete = {f"{PREFIX}INGEST__CONFLATE_QUOTES": "false"}  # a replay is of every frame, however long it takes
        return complete | {f"{PREFIX}BINANCE__{name}": value for name, value in binance.items()}


def running_stack(settings: Settings, process: str = "ingest-binance") -> Addresses:
    """The addresses. Raises UserError if there is no stack, or if a feed runs already."""
    try:
        addresses = resolve(settings)
    except UserError as error:
        raise UserError(f"{error} (for a replay: {_up(settings)})") from None
    if running_shards(settings.data_dir, process):
        raise UserError(f"an ingestor runs already in this stack; start it without a feed: tickerplant down, then {_up(settings)}")
    return addresses


def _up(settings: Settings) -> str:
    return f"`tickerplant up --no-feed --detach --data-dir {settings.data_dir}`"

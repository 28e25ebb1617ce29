"""Processes of providers on a real Kafka with the real `validate`, while each one's exchange does all that exchanges do: cuts in the middle of a frame,
stalls, says garbage, refuses to be asked while a gap is being filled, closes a connection that is a day old, loses an acknowledgement and says old
frames again. Afterwards each trade is in market.ticks once, and each fault was told.
"""

import asyncio
import json
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime.health import run_file
from schemas.codec import decode_dead_letter, decode_gap, decode_ticks
from schemas.dead_letters import DeadLetter
from schemas.gaps import Gap
from schemas.ticks import TickEnvelope, Trade
from schemas.topics import Topic
from tests.fault_world import BACK, SLOW_S, FaultWorld, fault_world
from tests.feeds import read_topic
from tests.support import eventually_async, start_tickerplant
from tests.venues.binance import Binance
from tests.venues.coinbase import Coinbase
from tests.venues.kraken import Kraken

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
DIALECTS = {one.name: one for one in (Binance, Coinbase, Kraken)}
every_provider = pytest.mark.parametrize("name", sorted(DIALECTS))


@dataclass
class Told:
    """What is in the topics, and what the processes said."""

    worlds: dict[str, FaultWorld]
    ids: dict[tuple[str, str], list[int]]
    gaps: list[Gap]
    letters: list[DeadLetter]
    validate_metrics: str
    exit_codes: set[int]


@pytest.fixture(scope="module")
def told(module_line: Any, untraced_children: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("faults")
    stage = start_tickerplant("process", "validate", env=module_line.env(), log=folder / "validate.log")
    try:
        found = asyncio.run(_play(module_line, folder))
        stage.terminate()
        found.exit_codes.add(stage.wait(SLOW_S))
        yield found
    finally:
        stage.kill()
        stage.wait()


async def _play(line: Any, folder: Path) -> Told:
    """All providers at once."""
    async with AsyncExitStack() as stack:
        worlds = {name: await stack.enter_async_context(fault_world(line, dialect(), folder)) for name, dialect in DIALECTS.items()}
        await asyncio.gather(*(world.play() for world in worlds.values()))
        wanted = {(name, symbol): set(ids) for name, world in worlds.items() for symbol, ids in world.traded().items()}
        await eventually_async(lambda: _is_there(line, wanted), SLOW_S, 0.5)
        codes = set(await asyncio.gather(*(world.stop() for world in worlds.values())))
    gaps, letters = await _read(line, Topic.GAPS), await _read(line, Topic.DLQ)
    found = Told(worlds, {}, [decode_gap(value) for value in gaps], [decode_dead_letter(value) for value in letters], _metrics(line), codes)
    found.ids = await _ids(line)
    return found


async def _is_there(line: Any, wanted: dict[tuple[str, str], set[int]]) -> bool:
    ids = await _ids(line)
    missing = {key: sorted(numbers - set(ids[key]))[:10] for key, numbers in wanted.items() if numbers - set(ids[key])}
    assert not missing, missing
    return True


async def _ids(line: Any) -> dict[tuple[str, str], list[int]]:
    """Of all trades in market.ticks, by source and symbol, in the order in which they stand there."""
    found = defaultdict[tuple[str, str], list[int]](list)
    for value in await _read(line, Topic.TICKS):
        record = decode_ticks(value)
        if isinstance(record, TickEnvelope):
            for tick in record.ticks:
                if isinstance(tick, Trade):
                    found[record.source, tick.symbol].append(int(tick.trade_id))
    return found


async def _read(line: Any, topic: Topic) -> list[bytes]:
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, topic)
    return [message.value() for message in messages]


def _metrics(line: Any) -> str:
    url = json.loads(run_file(line.settings.data_dir, "process-validate").read_text())["health"]
    with urllib.request.urlopen(f"{url}/metrics", timeout=SLOW_S) as answer:
        return str(answer.read().decode())


@every_provider
def test_every_trade_is_there_once(told: Told, name: str) -> None:
    for symbol, numbers in told.worlds[name].traded().items():
        assert sorted(told.ids[name, symbol]) == numbers
        assert len(numbers) > 100


def test_the_processes_ended_in_order(told: Told) -> None:
    assert told.exit_codes == {0}


@every_provider
def test_every_break_is_a_gap_that_was_filled(told: Told, name: str) -> None:
    gaps = [gap for gap in told.gaps if gap.source == name and gap.channel == "trade"]
    states = defaultdict[str, list[str]](list)
    for gap in gaps:
        states[gap.gap_id].append(gap.state)
    assert {one[-1] for one in states.values()} == {"filled"}
    assert "open" in {one[0] for one in states.values()}  # the one that could not be asked for
    for symbol in told.worlds[name].dialect.symbols:
        filled = [gap for gap in gaps if gap.symbol == symbol and gap.state == "filled"]
        assert len({gap.gap_id for gap in filled}) >= 5  # half a frame, a stall, bytes that are no frame, a cut, a day's end
        assert all(gap.filled == gap.to_id - gap.from_id - 1 for gap in filled)


@every_provider
def test_garbage_is_in_the_dead_letters(told: Told, name: str) -> None:
    dialect = told.worlds[name].dialect
    letters = [(letter.reason, letter.payload) for letter in told.letters if letter.stage == f"ingest.{name}"]
    assert letters == [("broken_json", dialect.malformed), ("unknown_message", dialect.unknown)]


@every_provider
def test_what_the_exchange_did_is_in_the_log(told: Told, name: str) -> None:
    world = told.worlds[name]
    assert any("data: none for 4 s" in line["problem"] for line in world.logged("connection_given_up"))
    problems = {line["problem"] for line in world.logged("rest_call_failed")}
    assert {status for status in ("429", "418", "503") if any(status in problem for problem in problems)} == {"429", "418", "503"}
    assert any("24 hours old" in str(line["last_words"]) for line in world.logged("disconnected"))
    assert len(world.logged("acknowledgement_lost")) >= 1


def test_old_frames_are_counted_as_duplicates(told: Told) -> None:
    [line] = [one for one in told.validate_metrics.splitlines() if one.startswith("tickerplant_dropped_total{") and '"duplicate"' in one]
    assert float(line.split()[-1]) >= 2 * BACK * len(DIALECTS)

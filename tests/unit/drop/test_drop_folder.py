"""The drop folder: whole files only, each once, none lost; and what the process does with them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import TransientError, UserError
from runtime.health import Health
from runtime.settings import Settings, load_settings
from tests.support import eventually_async, run_tickerplant
from tickerplant.drop import ingestor as ingestor_module
from tickerplant.drop.folder import DropFolder
from tickerplant.drop.importer import import_file
from tickerplant.drop.ingestor import DropIngestor
from tickerplant.importing.findings import Findings
from tickerplant.importing.run import Outcome


def test_a_file_is_whole_when_it_has_not_changed_between_two_looks(tmp_path: Path) -> None:
    folder = DropFolder(tmp_path)
    folder.prepare()
    (tmp_path / "b.csv").write_text("1")
    for name in (".hidden.csv", "a.csv.part", "notes.txt", "empty.csv"):
        (tmp_path / name).write_text("" if name.startswith("empty") else "1")
    assert folder.ready() == []
    assert folder.ready() == [tmp_path / "b.csv"]
    (tmp_path / "b.csv").write_text("12")
    (tmp_path / "a.csv.gz").write_text("1")
    assert folder.ready() == []
    assert folder.ready() == [tmp_path / "a.csv.gz", tmp_path / "b.csv"]


def test_nothing_is_lost_when_a_name_comes_again(tmp_path: Path) -> None:
    folder = DropFolder(tmp_path)
    folder.prepare()
    for text in ("one", "two"):
        (tmp_path / "a.csv").write_text(text)
        folder.done(tmp_path / "a.csv")
    assert sorted(path.read_text() for path in (tmp_path / "done").iterdir()) == ["one", "two"]
    (tmp_path / "a.csv").write_text("three")
    moved = folder.refuse(tmp_path / "a.csv", "no price")
    assert (moved.read_text(), (tmp_path / "refused" / "a.csv.why.txt").read_text()) == ("three", "no price\n")


def test_a_folder_that_is_none_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"correct providers\.csv_drop\.folder"):
        DropFolder(tmp_path / "file").prepare()


class FakeImport:
    """answers: what to do with each call, the last one again and again."""

    def __init__(self, *answers: Exception | Callable[[Any], None] | None) -> None:
        self.answers = list(answers)
        self.taken: list[str] = []

    def __call__(self, path: Path, settings: Settings, clock: Any, tell: Any) -> Outcome:
        self.taken.append(path.name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            answer(tell)
        return Outcome(Findings())


@asynccontextmanager
async def dropping(folder: Path, take: FakeImport) -> AsyncIterator[tuple[DropIngestor, Health]]:
    clock = ManualClock()
    health = Health("ingest-csv-drop", clock)
    settings = load_settings(providers={"csv_drop": {"folder": str(folder), "look_interval_s": 0.01}})
    ingestor = DropIngestor(settings, clock, health, take)
    running = asyncio.ensure_future(ingestor.run())
    try:
        yield ingestor, health
    finally:
        ingestor.stop()
        await asyncio.wait_for(running, 20)


async def test_files_are_taken_once_in_order_and_moved(tmp_path: Path) -> None:
    for name in ("2.csv", "1.csv"):
        (tmp_path / name).write_text("1")
    take = FakeImport(None)
    async with dropping(tmp_path, take) as (_, health):
        await eventually_async(lambda: len(list((tmp_path / "done").glob("*"))) == 2)
        assert health.ready()[0]
        (tmp_path / "3.csv").write_text("1")
        await eventually_async(lambda: (tmp_path / "done" / "3.csv").exists())
    assert take.taken == ["1.csv", "2.csv", "3.csv"]


async def test_a_file_that_cannot_be_read_is_put_aside_and_the_next_one_taken(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("1")
    (tmp_path / "2.csv").write_text("1")
    async with dropping(tmp_path, FakeImport(UserError("which column is the price?"), None)):
        await eventually_async(lambda: (tmp_path / "done" / "2.csv").exists())
    assert "which column is the price?" in (tmp_path / "refused" / "1.csv.why.txt").read_text()


async def test_a_file_waits_while_the_line_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestor_module, "Backoff", lambda *_: _NoWait())
    (tmp_path / "1.csv").write_text("1")
    take = FakeImport(TransientError("the line takes nothing in"), TransientError("the line takes nothing in"), None)
    async with dropping(tmp_path, take):
        await eventually_async(lambda: (tmp_path / "done" / "1.csv").exists())
    assert take.taken == ["1.csv"] * 3


class _NoWait:
    def next_s(self) -> float:
        return 0.001

    def reset(self) -> None:
        return


async def test_a_stop_ends_an_import_that_is_under_way_and_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("1")
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def without_end(tell: Callable[[str], None]) -> None:
        loop.call_soon_threadsafe(began.set)
        while True:
            tell("half of it")

    async with dropping(tmp_path, FakeImport(without_end)):
        await asyncio.wait_for(began.wait(), 20)
    assert (tmp_path / "1.csv").exists()


def test_a_file_without_a_price_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("when,what\n2024-01-02T00:00:00Z,3\n")
    with pytest.raises(UserError, match="columns when, what"):
        import_file(path, load_settings(data_dir=tmp_path), ManualClock(), lambda _: None)


def test_a_stack_that_is_down_is_no_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv"
    path.write_text("timestamp,price,size,side,trade_id\n2024-01-02T00:00:00Z,3,1,buy,7\n")
    settings = load_settings(data_dir=tmp_path, providers={"csv_drop": {"symbol": "BTC-USD"}})
    with pytest.raises(TransientError, match="no address for kafka"):
        import_file(path, settings, ManualClock(), lambda _: None)


def test_a_file_that_is_taken_away_meanwhile_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = DropFolder(tmp_path)
    folder.prepare()
    (tmp_path / "a.csv").write_text("1")
    monkeypatch.setattr(folder, "_files", lambda: [tmp_path / "a.csv", tmp_path / "gone.csv"])
    assert folder.ready() == []
    assert folder.ready() == [tmp_path / "a.csv"]
    folder.done(tmp_path / "gone.csv")
    folder.refuse(tmp_path / "gone.csv", "no price")
    assert (tmp_path / "a.csv").exists()


def test_without_a_folder_the_process_names_the_setting() -> None:
    answer = run_tickerplant("ingest", "csv-drop", env={"TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert answer.returncode == 2
    assert "set providers.csv_drop.folder" in answer.stderr

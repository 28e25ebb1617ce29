"""Rows in order of time, whatever the order of rows and files."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.ticks import Trade
from tickerplant.importing.files import Table
from tickerplant.importing.order import ordered
from tickerplant.importing.plan import recipe_of
from tickerplant.importing.reading import Refused, survey
from tickerplant.importing.recipe import Options

T0_MS = 1_723_161_600_000


def table(folder: Path, name: str, times: list[int]) -> Table:
    path = folder / name
    path.write_text("time,price,size,trade_id\n" + "".join(f"{T0_MS + at},1,1,{number}\n" for number, at in enumerate(times)))
    return Table(path)


def rows(tables: list[Table], folder: Path, portion_rows: int) -> list[tuple[int, int]]:
    recipe = recipe_of(tables, {}, None, Options(symbol="BTC-USDT"))
    found = []
    for event in ordered(tables, [survey(one, recipe) for one in tables], recipe, folder, portion_rows):
        assert not isinstance(event, Refused)
        assert isinstance(event.tick, Trade)
        assert isinstance(event.tick.trade_id, int)
        found.append((event.at_ns // 10**6 - T0_MS, event.tick.trade_id))
    return found


@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=25), min_size=1, max_size=3), st.integers(1, 10))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sorted_outside_memory_is_sorted_and_stable(tmp_path: Path, files: list[list[int]], portion_rows: int) -> None:
    tables = [table(tmp_path, f"{number}.csv", times) for number, times in enumerate(files)]
    expected = sorted(((at, number) for times in files for number, at in enumerate(times)), key=lambda one: one[0])
    assert rows(tables, tmp_path, portion_rows) == expected
    assert not list(tmp_path.glob("sorting-*"))


def test_files_that_follow_each_other_are_taken_in_their_order(tmp_path: Path) -> None:
    later, earlier = table(tmp_path, "b.csv", [5, 5, 6]), table(tmp_path, "a.csv", [1, 2])
    assert rows([later, earlier], tmp_path / "unused", 1) == [(1, 0), (2, 1), (5, 0), (5, 1), (6, 2)]
    assert not (tmp_path / "unused").exists()

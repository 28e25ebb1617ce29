"""The numbered migration files."""

from pathlib import Path

import pytest

from runtime.errors import FatalError
from sinks.timescale.migrations import load_migrations


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text(f"SELECT '{name}';")


def test_ours_are_numbered_and_reversible() -> None:
    steps = load_migrations()
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    assert steps[1].label == "0002_ticks"
    assert all(step.up.strip() and step.down.strip() for step in steps)


def test_a_missing_number_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.up.sql", "0001_a.down.sql", "0003_c.up.sql", "0003_c.down.sql")
    with pytest.raises(FatalError, match="not numbered 1 to 2"):
        load_migrations(tmp_path)


def test_a_step_without_a_way_back_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.up.sql")
    with pytest.raises(FatalError, match=r"no 0001_a\.down\.sql"):
        load_migrations(tmp_path)


def test_the_checksum_follows_the_sql(tmp_path: Path) -> None:
    write(tmp_path, "0001_a.up.sql", "0001_a.down.sql")
    before = load_migrations(tmp_path)[0].checksum
    (tmp_path / "0001_a.up.sql").write_text("SELECT 2;")
    assert load_migrations(tmp_path)[0].checksum != before

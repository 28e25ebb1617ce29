"""The file of what Java learns: which Java and jars it belongs to, and what a start is told with and without it."""

import os
from pathlib import Path

import pytest

from tests.unit.stack.test_java import fake_java
from tickerplant.stack import java_cache

JARS = (Path("a.jar"), Path("b.jar"))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_another_java_or_other_jars_have_another_file(tmp_path: Path) -> None:
    one, other = fake_java(tmp_path / "one", "25.0.1"), fake_java(tmp_path / "other", "25.0.1")
    files = {java_cache.cache_file(java, jars) for java in (one, other) for jars in (JARS, JARS[:1])}
    assert len(files) == 4
    assert java_cache.cache_file(one, JARS) == java_cache.cache_file(one, JARS)


def test_a_start_uses_the_file_only_if_it_is_there(tmp_path: Path) -> None:
    java = fake_java(tmp_path, "25.0.1")
    assert java_cache.flags(java, JARS) == ("-Xshare:auto",)
    path = java_cache.cache_file(java, JARS)
    path.parent.mkdir(parents=True)
    path.touch()
    assert java_cache.flags(java, JARS) == (f"-XX:AOTCache={path}", "-Xlog:aot*=error")


def test_an_older_java_learns_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    assert java_cache.make(fake_java(tmp_path, "17.0.15"), JARS, said.append) is None
    assert said == []


def test_only_the_newest_files_are_kept(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.aot" for number in range(6)]
    for age, path in enumerate(files):
        path.touch()
        os.utime(path, (1_000 - age, 1_000 - age))
    java_cache._forget_old(tmp_path)
    assert sorted(tmp_path.iterdir()) == files[:4]

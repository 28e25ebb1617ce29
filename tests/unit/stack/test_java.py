"""Which java is taken, and what is said when there is none."""

from pathlib import Path

import pytest

from runtime.errors import UserError
from tickerplant.stack import java
from tickerplant.stack.java import find_java, version_of


def fake_java(folder: Path, version: str) -> Path:
    """A program that answers as `java -version` does: on standard error."""
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    path.chmod(0o755)
    return path


def test_the_installed_packages_java_is_found() -> None:
    assert version_of(find_java(None)) >= 17


@pytest.mark.parametrize(("text", "version"), [("17.0.15", 17), ("1.8.0_402", 1), ("25", 25)])
def test_versions_are_read(tmp_path: Path, text: str, version: int) -> None:
    assert version_of(fake_java(tmp_path, text)) == version


def test_no_program_is_version_0(tmp_path: Path) -> None:
    assert version_of(tmp_path / "java") == 0


def test_a_setting_that_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"stack.java names .* no Java 17"):
        find_java(fake_java(tmp_path, "11.0.2"))


def test_java_home_is_taken_where_the_package_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    own = fake_java(tmp_path, "21.0.1")
    assert find_java(None) == own


def test_without_any_java_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no Java 17 or newer: run `make install`"):
        find_java(None)

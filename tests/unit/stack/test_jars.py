"""Kafka's jars: the locked ones, once, or one line that says why not."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.errors import UserError
from tickerplant.stack import jars
from tickerplant.stack.jars import Jar, fetch, locked

CONTENT = b"a jar"
GOOD = Jar("org.example", "good", "1.0", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """A Maven repository with one jar, on a local port."""
    folder = tmp_path / "remote"
    path = GOOD.path(folder)
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def with_lock(monkeypatch: pytest.MonkeyPatch, *wanted: Jar) -> None:
    monkeypatch.setattr(jars, "locked", lambda: wanted)


def test_the_lock_names_the_broker_and_every_jar_once() -> None:
    names = [(jar.group, jar.artifact) for jar in locked()]
    assert ("org.apache.kafka", "kafka_2.13") in names
    assert len(set(names)) == len(names) > 40
    assert all(len(jar.sha256) == 64 for jar in locked())


def test_the_lock_holds_what_is_asked_for() -> None:
    coordinates = {f"{jar.group}:{jar.artifact}:{jar.version}" for jar in locked()}
    assert set(jars.ROOTS) <= coordinates


def test_a_jar_is_downloaded_once(repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lock(monkeypatch, GOOD)
    said: list[str] = []
    [path] = fetch(repository, said.append, tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert said[-1].startswith("Kafka 1/1 jars")
    said.clear()
    assert fetch("http://127.0.0.1:9", said.append, tmp_path / "cache") == (path,)
    assert said == []


def test_another_file_than_the_locked_one_is_refused_and_not_kept(repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Jar(GOOD.group, GOOD.artifact, GOOD.version, "0" * 64)
    with_lock(monkeypatch, wrong)
    with pytest.raises(UserError, match="is not the locked file"):
        fetch(repository, lambda line: None, tmp_path / "cache")
    assert not wrong.path(tmp_path / "cache").exists()


def test_offline_is_one_line_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lock(monkeypatch, GOOD)
    with pytest.raises(UserError, match=r"cannot be downloaded from http://127.0.0.1:9 .* connect to the internet once") as raised:
        fetch("http://127.0.0.1:9", lambda line: None, tmp_path / "cache")
    assert "\n" not in str(raised.value)


def test_an_absent_jar_is_one_line(repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lock(monkeypatch, Jar("org.example", "absent", "1.0", "0" * 64))
    with pytest.raises(UserError, match="cannot be downloaded"):
        fetch(repository, lambda line: None, tmp_path / "cache")


def test_a_cache_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lock(monkeypatch, GOOD)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="set XDG_CACHE_HOME"):
        fetch("http://127.0.0.1:9", lambda line: None, tmp_path / "file" / "cache")

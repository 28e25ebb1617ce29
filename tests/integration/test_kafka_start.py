"""Java keeps what it learns from a real start of Kafka, and a real start takes it."""

from pathlib import Path

import pytest

from runtime.settings import load_settings
from tests.support import eventually
from tickerplant.stack import java_cache
from tickerplant.stack.child import Child
from tickerplant.stack.jars import fetch
from tickerplant.stack.java import find_java, version_of
from tickerplant.stack.kafka import KafkaServer
from tickerplant.stack.ports import free_port

JAVA = find_java(None)


@pytest.mark.skipif(
    version_of(JAVA) < java_cache.MINIMUM_VERSION, reason=f"Java {java_cache.MINIMUM_VERSION} or newer keeps what it learns"
)
def test_a_start_is_learned_once_and_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    jars = fetch(load_settings().stack.maven_url, said.append)
    monkeypatch.setattr(java_cache, "cache_dir", lambda: tmp_path / "cache" / "maven")
    path = java_cache.make(JAVA, jars, said.append)
    assert path is not None
    assert list(path.parent.iterdir()) == [path]
    before = len(said)
    assert java_cache.make(JAVA, jars, said.append) == path
    assert said[before:] == []
    port = free_port(set())
    strict = (*java_cache.flags(JAVA, jars), "-XX:AOTMode=on")  # Java ends at once if it cannot take the file
    server = KafkaServer(tmp_path, (port, free_port({port})), JAVA, jars, 256, quick_compiler=True, java_flags=strict)
    child = Child(server.prepare(), tmp_path / "pids")
    try:
        eventually(lambda: not server.missing() or child.exit_code() is not None, timeout_s=120)
        assert child.exit_code() is None, child.log_tail(5)
    finally:
        child.kill()

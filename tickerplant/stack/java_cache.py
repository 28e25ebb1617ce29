"""What a Java machine learns in one start of Kafka, kept in a file beside the jars: later starts take a third of the time (JEP 483 and 514: Java 25 or newer).

`python -m tickerplant.stack.java_cache` makes it, as `make install` does. Java checks that the file is of this Java and of these jars, and goes on without it if not.
"""

import hashlib
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from runtime.clock import Clock, SystemClock
from runtime.errors import UserError
from tickerplant.stack.child import Child
from tickerplant.stack.jars import cache_dir, fetch
from tickerplant.stack.java import find_java, version_of
from tickerplant.stack.kafka import JVM, KafkaServer
from tickerplant.stack.ports import free_port

MINIMUM_VERSION = 25
_HEAP_MB = 256
_KEPT = 4  # of 66 MB each: every virtual environment has a Java of its own
_START_S = 60.0
_WRITE_S = 120.0  # the file is written when the machine ends: some seconds on an idle computer


def cache_file(java: Path, jars: tuple[Path, ...]) -> Path:
    """Where it lies, there or not: another Java, other jars or other settings of the machine have another file."""
    state = java.resolve().stat()
    identity = [str(java.resolve()), str(state.st_size), str(state.st_mtime_ns), *map(str, jars), *JVM]
    return cache_dir().parent / "java" / f"{hashlib.sha256(chr(10).join(identity).encode()).hexdigest()[:16]}.aot"


def flags(java: Path, jars: tuple[Path, ...]) -> tuple[str, ...]:
    """For a java that is to start Kafka: with the file if it is there, else with what Java has of its own classes."""
    path = cache_file(java, jars)
    return (f"-XX:AOTCache={path}", "-Xlog:aot*=error") if path.exists() else ("-Xshare:auto",)


def make(java: Path, jars: tuple[Path, ...], report: Callable[[str], None], clock: Clock | None = None) -> Path | None:
    """The file, made if it is absent; None where this Java is too old. Blocks ten seconds. Raises UserError if Kafka does not start or end."""
    target = cache_file(java, jars)
    if target.exists():
        return target
    if version_of(java) < MINIMUM_VERSION:
        return None
    report("starting Kafka once, so that Java keeps what it learns (about 10 s)")
    target.parent.mkdir(parents=True, exist_ok=True)
    # A private folder first: nobody may start from half a file.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".learning-") as private:
        part = Path(private) / target.name
        _learn(java, jars, Path(private), part, clock or SystemClock())
        part.replace(target)
    _forget_old(target.parent)
    return target


def _forget_old(folder: Path) -> None:
    """Who still starts from one of them keeps what it has opened, and starts without it next time."""
    for path in sorted(folder.glob("*.aot"), key=lambda one: one.stat().st_mtime_ns)[:-_KEPT]:
        path.unlink(missing_ok=True)


def _learn(java: Path, jars: tuple[Path, ...], folder: Path, part: Path, clock: Clock) -> None:
    port = free_port(set())
    server = KafkaServer(folder, (port, free_port({port})), java, jars, _HEAP_MB, java_flags=(f"-XX:AOTCacheOutput={part}",))
    child = Child(server.prepare(), folder / "pids")
    try:
        _wait(server, child, clock)
        code = child.stop(_WRITE_S)
    finally:
        child.kill()
    if not part.exists():
        raise UserError(f"Java ended with {code} and kept nothing of Kafka's start: {child.log_tail()}")


def _wait(server: KafkaServer, child: Child, clock: Clock) -> None:
    deadline_s = clock.monotonic_s() + _START_S
    while missing := server.missing():
        if child.exit_code() is not None or clock.monotonic_s() > deadline_s:
            raise UserError(f"Kafka did not start ({missing}): {child.log_tail()}")
        threading.Event().wait(0.1)


def _main() -> int:
    """A Java that cannot learn is no reason to stop an installation: Kafka only starts slower."""
    from runtime.settings import load_settings
    from tickerplant.stack.progress import reporter

    try:
        stack = load_settings().stack
        with reporter() as report:
            java = find_java(stack.java)
            if make(java, fetch(stack.maven_url, report), report) is None:
                report(f"this Java is older than {MINIMUM_VERSION} and keeps nothing: Kafka starts a little slower")
    except (UserError, OSError) as error:
        sys.stderr.write(f"tickerplant: Kafka starts a little slower: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())

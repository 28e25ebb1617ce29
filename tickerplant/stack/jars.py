"""Kafka's jars by their Maven coordinates: exactly those of kafka.jars (coordinates and SHA-256), downloaded once into the user's cache folder.

`python -m tickerplant.stack.jars` fetches them; `... --lock` resolves Kafka's dependencies anew and prints the file, for an upgrade.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.addresses import without_login
from runtime.errors import UserError

ROOTS = ("org.apache.kafka:kafka_2.13:4.1.1", "org.slf4j:slf4j-simple:1.7.36")
_LOCK = Path(__file__).with_name("kafka.jars")
_DOWNLOADS = 6  # at a time: small files, the waiting is for answers

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked file."""

    group: str
    artifact: str
    version: str
    sha256: str

    def path(self, cache: Path) -> Path:
        """Where it lies, as in a Maven repository."""
        return cache.joinpath(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")


def cache_dir() -> Path:
    """$XDG_CACHE_HOME/tickerplant/maven, else ~/.cache/tickerplant/maven."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tickerplant" / "maven"


def locked() -> tuple[Jar, ...]:
    """The jars of kafka.jars."""
    lines = [line.split() for line in _LOCK.read_text().splitlines() if line and not line.startswith("#")]
    return tuple(_jar(coordinate, digest) for coordinate, digest in lines)


def _jar(coordinate: str, digest: str) -> Jar:
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, digest)


def fetch(maven_url: str, report: Report, cache: Path | None = None) -> tuple[Path, ...]:
    """Paths of all jars; what is absent is downloaded, with progress to `report`. Blocks.

    Raises UserError if one cannot be downloaded or is not the locked file.
    """
    cache = cache or cache_dir()
    jars = locked()
    absent = [jar for jar in jars if not jar.path(cache).exists()]
    if absent:
        _download(absent, maven_url, cache, report)
    return tuple(jar.path(cache) for jar in jars)


def _download(absent: list[Jar], maven_url: str, cache: Path, report: Report) -> None:
    report(f"downloading {len(absent)} jars of Kafka from {_place(maven_url)}")
    done = bytes_done = 0
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{cache} cannot be written ({error.strerror}); set XDG_CACHE_HOME to a folder that can") from None
    # A private folder first: two installs at a time must not see each other's half files.
    with tempfile.TemporaryDirectory(dir=cache, prefix=".download-") as private, ThreadPoolExecutor(_DOWNLOADS) as pool:
        tasks = [pool.submit(_download_one, jar, maven_url, Path(private), cache) for jar in absent]
        try:
            for task in as_completed(tasks):
                bytes_done += task.result()
                done += 1
                report(f"Kafka {done}/{len(absent)} jars, {bytes_done / 1e6:.0f} MB")
        except UserError:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _download_one(jar: Jar, maven_url: str, private: Path, cache: Path) -> int:
    """Returns the size."""
    try:
        part = _context(maven_url, private).project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        content = part.read_bytes()
        if hashlib.sha256(content).hexdigest() != jar.sha256:
            raise UserError(
                f"{jar.artifact} {jar.version} from {_place(maven_url)} is not the locked file (SHA-256 differs); use another stack.maven_url"
            )
        target = jar.path(cache)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
    except (OSError, RuntimeError) as error:  # requests' errors are OSErrors, jgo's "not found" is a RuntimeError
        raise UserError(
            f"Kafka's jars cannot be downloaded from {_place(maven_url)} ({type(error).__name__}): connect to the internet once, "
            f"or set stack.maven_url to a mirror, or kafka.bootstrap_servers to a broker of yours"
        ) from None
    return len(content)


def _context(maven_url: str, cache: Path) -> Any:
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    return MavenContext(repo_cache=cache, remote_repos={"maven": maven_url or MAVEN_CENTRAL_URL}, timeout=30)


def _place(maven_url: str) -> str:
    return without_login(maven_url) if maven_url else "Maven Central"


def lock_lines(maven_url: str, cache: Path) -> Iterable[str]:
    """Lines of a new kafka.jars for ROOTS, resolved through their POMs. Blocks for downloads."""
    context = _context(maven_url, cache)
    roots, rest = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
    for dependency in sorted([*roots, *rest], key=lambda one: (one.groupId, one.artifactId)):
        digest = hashlib.sha256(dependency.artifact.resolve().read_bytes()).hexdigest()
        yield f"{dependency.groupId}:{dependency.artifactId}:{dependency.version} {digest}"


def _main() -> int:
    from runtime.settings import load_settings

    try:
        url = load_settings().stack.maven_url
        if "--lock" in sys.argv:
            sys.stdout.writelines(f"{line}\n" for line in lock_lines(url, cache_dir() / "lock"))
        else:
            from tickerplant.stack.progress import reporter

            with reporter() as report:
                fetch(url, report)
    except UserError as error:
        sys.stderr.write(f"tickerplant: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main())

"""The whole line as a user runs it: `tickerplant up` with all our processes, and the commands beside it, on the session's servers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT.parent / "shared" / "data" / "hftbacktest"
CAPTURES = [RECORDED / "binance_spot_btcusdt_20240808.gz", RECORDED / "binance_spot_btcusdt_20240809.gz"]
TICKERPLANT = Path(sys.executable).parent / "tickerplant"

# Skipped where a developer has no recordings; in CI they must be there, as the tests of the main rows need them.
needs_recordings = pytest.mark.skipif(
    not RECORDED.is_dir() and not os.environ.get("CI"), reason=f"the recorded traffic is not at {RECORDED}"
)

# Every column but those that depend on when a machine did something: none does, so the whole rows are compared.
TABLES = {
    "market_ticks": 'symbol, source, seq, "timestamp"',
    "market_ohlcv": 'symbol, source, timeframe, "timestamp"',
    "technical_indicators": 'symbol, source, timeframe, indicator_name, output, "timestamp"',
    "trading_signals": "symbol, source, timeframe, ts_open_ns",
}


class Pipeline:
    """A running line. `line`: the fixture's settings and environment; `extra`: more environment for all processes."""

    def __init__(self, line: Any, extra: Mapping[str, str] | None = None) -> None:
        self.line = line
        self.env = untraced({**line.env(), **(extra or {})})
        self.data_dir: Path = line.settings.data_dir

    def run(self, *words: str, timeout_s: float = 180, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """One command of ours; asserts its exit code unless code is None."""
        done = subprocess.run(
            [str(TICKERPLANT), *words], env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if code is not None:
            assert done.returncode == code, (
                f"tickerplant {' '.join(words)}: exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command in the background; the caller waits for it."""
        return subprocess.Popen(
            [str(TICKERPLANT), *words], env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def json(self, *words: str, timeout_s: float = 180, code: int | None = 0) -> Any:
        """A command's --json answer."""
        return json.loads(self.run(*words, "--json", timeout_s=timeout_s, code=code).stdout)

    def up(self) -> None:
        self.run("up", "--no-feed", "--detach")

    def down(self) -> None:
        self.run("down", code=None)

    def replay(self, *files: Path, speed: str = "max", timeout_s: float = 180) -> Any:
        return self.json("replay", *map(str, files), "--speed", speed, timeout_s=timeout_s)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        url = self.line.settings.postgres.url.get_secret_value()
        with psycopg.connect(url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]

    def checksums(self) -> dict[str, tuple[int, str]]:
        """Rows and a hash of all their columns, a table."""
        return {name: self._checksum(name, key) for name, key in TABLES.items()}

    def _checksum(self, table: str, key: str) -> tuple[int, str]:
        statement = f"SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY {key}), '')) FROM {table} t"
        [(rows, digest)] = self.query(statement)
        return rows, digest

    def marker(self, process: str, point: str) -> Path:
        """Written by a kill point when it was hit (runtime.faults)."""
        return self.data_dir / "run" / f"killed.{process}.{point}"


def untraced(environment: Mapping[str, str]) -> dict[str, str]:
    """Without coverage in the processes: a whole line under load would take three times as long, and other tests reach the same code."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE_")}


@contextmanager
def running(line: Any, extra: Mapping[str, str] | None = None) -> Iterator[Pipeline]:
    """A line that is up inside the block and stopped after it."""
    pipeline = Pipeline(line, extra)
    pipeline.up()
    try:
        yield pipeline
    finally:
        pipeline.down()


def slice_of(capture: Path, target: Path, lines: int) -> Path:
    """The first lines of a capture as a file of its own."""
    import gzip

    with gzip.open(capture, "rt") as source, target.open("w") as out:
        for _, line in zip(range(lines), source, strict=False):
            out.write(line)
    return target


def environment_without_settings() -> dict[str, str]:
    """The environment of a person who set nothing."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TICKERPLANT_")}

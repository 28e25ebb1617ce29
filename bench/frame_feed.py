"""The frame server as a process beside a measurement."""

import subprocess
import sys
from collections.abc import Sequence
from typing import IO, Self

from bench.local_stack import ROOT


class FrameFeed:
    """`python -m bench.frame_server`, inside a `with` block. port: where it listens, for WebSocket and REST."""

    def __init__(self, symbols: Sequence[str]) -> None:
        line = [sys.executable, "-m", "bench.frame_server", *symbols]
        self._process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self.port = int(self._heard())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def await_reader(self) -> None:
        """Blocks until the ingestor has connected."""
        while self._heard() != "connected":
            pass

    def play(self, messages: int) -> tuple[int, float]:
        """At least so many, as fast as they are read; blocks until they are written. Gives messages and seconds."""
        return self._obeyed(f"play {messages}")

    def pace(self, per_s: float, seconds: float) -> tuple[int, float]:
        """At a steady rate; blocks for so long. Gives messages and seconds."""
        return self._obeyed(f"pace {per_s:g} {seconds:g}")

    def _obeyed(self, order: str) -> tuple[int, float]:
        _stream(self._process.stdin).write(f"{order}\n")
        _stream(self._process.stdin).flush()
        heard = self._heard()
        if heard == "connected":
            raise RuntimeError("the ingestor connected again in the middle of a measurement")
        messages, seconds = heard.split()
        return int(messages), float(seconds)

    def _heard(self) -> str:
        line = _stream(self._process.stdout).readline().strip()
        if not line:
            raise RuntimeError("the frame server ended")
        return line


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream

"""Which Python `make install` takes: the first on the PATH that is new enough, or one of the same version beside it that is clearly faster.

A Python built by hand without `--enable-optimizations` (as pyenv does by default) needs 1.3 to 1.5 times the time of a distribution's; the whole line pays that.
Runs by itself under any Python from 3.7 on, before anything is installed: prints the path, says why on standard error if it is not the first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable

Measured = Callable[[str], "tuple[str, float] | None"]
NAMES = ("python3", "python3.13", "python3.12", "python3.11")
FOLDERS = ("/usr/local/bin", "/usr/bin")
CLEARLY = 1.2  # times faster; less is noise
ROUNDS = 4  # in turn, the best of each counts: a machine that others use too may be half as fast for some seconds

# Prints version, whether it can make environments, and milliseconds for what our code is made of: objects, dictionaries, texts, calls.
_PROBE = """
import importlib.util, sys, time
class Tick:
    __slots__ = ("price", "size")
    def __init__(self, price, size):
        self.price, self.size = price, size
def work():
    start, seen = time.perf_counter(), {}
    for number in range(60000):
        tick = Tick(number, str(number & 255))
        seen[tick.size] = seen.get(tick.size, 0) + tick.price
    return time.perf_counter() - start
usable = sys.version_info >= (3, 11) and all(map(importlib.util.find_spec, ("venv", "ensurepip")))
print("%d.%d" % sys.version_info[:2], int(usable), min(work() for _ in range(5)) * 1e3 if usable else 0)
"""


def measure(python: str) -> tuple[str, float] | None:
    """(version, milliseconds) of a usable Python, else None. Blocks some hundred milliseconds."""
    try:
        answer = subprocess.run([python, "-I", "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=True)
        version, usable, taken_ms = answer.stdout.decode().split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return (version, float(taken_ms)) if usable == "1" else None


def candidates(path: str) -> list[str]:
    """Pythons by their names, those of the PATH first, then the distribution's."""
    found = [shutil.which(name, path=place) for place in (path, *FOLDERS) for name in NAMES]
    return list(dict.fromkeys(python for python in found if python))


def choose(pythons: Iterable[str], measured: Measured = measure) -> tuple[str | None, str]:
    """(the Python to take or None, a sentence about it or ""): the first usable one, unless another of its version is clearly faster."""
    best_ms = _best_ms(pythons, measured)
    if not best_ms:
        return None, ""
    first, best = next(iter(best_ms.items())), min(best_ms.items(), key=lambda one: one[1])
    if first[1] / best[1] < CLEARLY:
        return first[0], ""
    return best[0], f"{first[0]} is {first[1] / best[1]:.1f} times slower than {best[0]} and was left out (PYTHON={first[0]} takes it)"


def _best_ms(pythons: Iterable[str], measured: Measured) -> dict[str, float]:
    """Of those of the first usable one's version, in their order."""
    versions = {python: one[0] for python in pythons if (one := measured(python))}
    alike = [python for python, version in versions.items() if version == next(iter(versions.values()))]
    if len(alike) < 2:
        return dict.fromkeys(alike, 1.0)
    rounds = [(python, one[1]) for _ in range(ROUNDS) for python in alike if (one := measured(python))]
    return {python: min(ms for other, ms in rounds if other == python) for python in alike if python in dict(rounds)}


if __name__ == "__main__":
    chosen, why = choose(candidates(os.environ.get("PATH", os.defpath)))
    if why:
        sys.stderr.write(f"==> {why}\n")
    sys.stdout.write(f"{chosen or ''}\n")

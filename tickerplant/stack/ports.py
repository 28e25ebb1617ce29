"""Ports of the local stack: free ones, remembered by the data folder, so that clients find a restarted server where it was.

Not from the ephemeral range: a client that keeps calling a stopped server on such a port can connect to itself there, and holds the port
against the server's return.
"""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path

from runtime.errors import UserError

LOOPBACK = "127.0.0.1"
_RANGE = range(20_000, 32_000)  # below Linux's default ephemeral range, which starts at 32768


def is_free(port: int) -> bool:
    """True if a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """True if something accepts connections there. Blocks up to timeout_s."""
    try:
        socket.create_connection((LOOPBACK, port), timeout_s).close()
    except OSError:
        return False
    return True


def free_port(taken: set[int]) -> int:
    """A free port that is not in `taken`. Raises UserError if there is none."""
    candidates = list(_RANGE)
    random.shuffle(candidates)
    for port in candidates:
        if port not in taken and is_free(port):
            return port
    raise UserError(f"no free port between {_RANGE.start} and {_RANGE.stop} on {LOOPBACK}; end programs that hold them")


def choose(path: Path, wanted: Mapping[str, int]) -> dict[str, int]:
    """A port for every name in `wanted`: that number (UserError if it is taken), or for 0 the remembered one if it is free, else a new free one.

    The choice is written to `path`.
    """
    remembered = _read(path)
    chosen: dict[str, int] = {}
    for name, number in wanted.items():
        if number and not is_free(number):
            raise UserError(
                f"port {number} for {name} is in use; end the program that holds it or set stack.{name}_port to another port or 0"
            )
        previous = remembered.get(name, 0)
        chosen[name] = number or (previous if previous and is_free(previous) else free_port(set(chosen.values())))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(remembered | chosen))
    return chosen


def _read(path: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads(path.read_text()).items()}
    except (FileNotFoundError, ValueError, AttributeError):
        return {}  # no memory, or a broken one: new ports are as good

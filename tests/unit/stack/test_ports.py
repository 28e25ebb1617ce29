"""Ports are free, remembered, and outside the ephemeral range."""

import json
import socket
from pathlib import Path

import pytest

from runtime.errors import UserError
from tickerplant.stack.ports import LOOPBACK, choose, free_port, is_free


def listener() -> socket.socket:
    opened = socket.socket()
    opened.bind((LOOPBACK, free_port(set())))
    opened.listen()
    return opened


def test_the_same_ports_come_again(tmp_path: Path) -> None:
    first = choose(tmp_path / "ports.json", {"kafka": 0, "redis": 0})
    assert first["kafka"] != first["redis"]
    assert choose(tmp_path / "ports.json", {"kafka": 0, "redis": 0}) == first


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    with listener() as taken:
        port = taken.getsockname()[1]
        (tmp_path / "ports.json").write_text(json.dumps({"kafka": port}))
        assert choose(tmp_path / "ports.json", {"kafka": 0})["kafka"] != port


def test_a_wanted_port_that_is_taken_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with listener() as taken, pytest.raises(UserError, match=r"in use; .* set stack.redis_port to another port or 0"):
        choose(tmp_path / "ports.json", {"redis": taken.getsockname()[1]})


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"kafka": "x"}'])
def test_a_broken_memory_is_no_reason_to_fail(tmp_path: Path, content: str) -> None:
    (tmp_path / "ports.json").write_text(content)
    assert is_free(choose(tmp_path / "ports.json", {"kafka": 0})["kafka"])


def test_free_ports_lie_below_the_ephemeral_range() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port(set()) < lowest

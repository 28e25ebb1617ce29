"""Addresses: a broken file of the local stack is one line; what is shown of a URL holds no login."""

from pathlib import Path

import pytest

from runtime.addresses import is_loopback, kafka_address, stack_file, without_login
from runtime.errors import UserError
from runtime.settings import Settings


@pytest.mark.parametrize("text", ["", "{", "[1]", "5", '"text"'])
def test_a_broken_stack_file_is_one_line(tmp_path: Path, text: str) -> None:
    path = stack_file(tmp_path)
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(UserError, match=r"stack\.json cannot be read; stop the stack") as caught:
        kafka_address(Settings(data_dir=tmp_path))
    assert "\n" not in str(caught.value)


def test_the_stack_file_gives_the_address(tmp_path: Path) -> None:
    stack_file(tmp_path).parent.mkdir()
    stack_file(tmp_path).write_text('{"kafka": "127.0.0.1:1234", "postgres": "p", "redis": "r"}')
    assert kafka_address(Settings(data_dir=tmp_path)) == "127.0.0.1:1234"


@pytest.mark.parametrize(
    ("url", "is_own"),
    [("http://127.0.0.1:80", True), ("http://[::1]:80", True), ("http://localhost", True), ("https://data-api.binance.vision", False)],
)
def test_loopback(url: str, is_own: bool) -> None:
    assert is_loopback(url) is is_own


def test_a_login_is_not_shown() -> None:
    assert without_login("https://me:pencil@mirror:8443/maven2") == "https://mirror:8443/maven2"
    assert without_login("https://mirror/maven2") == "https://mirror/maven2"

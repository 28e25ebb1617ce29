"""Which origins may connect."""

import pytest

from gateway.access.origins import is_origin_allowed


@pytest.mark.parametrize(
    ("origin", "host", "is_allowed"),
    [
        (None, "127.0.0.1:8001", True),
        ("http://127.0.0.1:8001", "127.0.0.1:8001", True),
        ("http://localhost:8001", "localhost:8001", True),
        ("http://[::1]:8001", "[::1]:8001", True),
        ("http://10.1.2.3:8001", "10.1.2.3:8001", True),
        ("https://dashboards.example", "gateway.example", True),
        ("http://localhost:3000", "localhost:8001", False),
        ("http://evil.example", "127.0.0.1:8001", False),
        ("http://evil.example:8001", "evil.example:8001", False),  # any name can be made to resolve to us
        ("http://127.0.0.1:8001.evil.example", "127.0.0.1:8001", False),
        ("null", "127.0.0.1:8001", False),
        ("file://", "127.0.0.1:8001", False),
        ("ftp://127.0.0.1:8001", "127.0.0.1:8001", False),
        ("http://127.0.0.1:99999999", "127.0.0.1:8001", False),
        ("http://127.0.0.1:8001", "", False),
        ("http://127.0.0.1:8001", "127.0.0.1:x", False),
    ],
)
def test_origin(origin: str | None, host: str, is_allowed: bool) -> None:
    assert is_origin_allowed(origin, host, ("https://dashboards.example",)) is is_allowed

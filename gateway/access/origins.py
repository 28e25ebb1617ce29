"""Who may connect from where: the origin check against pages of other sites. Pure.

A browser names the page's origin; programs name none and pass. Accepted are the configured origins, loopback names, and the gateway's own
address where it is an IP address: a name that equals the Host header proves nothing, since any name can be made to resolve to us.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_origin_allowed(origin: str | None, host_header: str, allowed: tuple[str, ...]) -> bool:
    """origin: the Origin header, None if there is none; host_header: the Host header."""
    if origin is None or origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    own_name, own_port = _split(host_header)
    return name == own_name and port == own_port and (name in _LOOPBACK or _is_address(name))


def is_local_name(host_header: str) -> bool:
    """True if a request came by a loopback name or an IP address: by no name that somebody made resolve to us."""
    name, _ = _split(host_header)
    return name in _LOOPBACK or _is_address(name)


def _split(host_header: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{host_header}")
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

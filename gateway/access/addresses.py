"""Where a client really is: behind proxies that we trust, the address that they name. Pure."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]
_IPV6_ONE_SITE = 64  # whoever has an IPv6 address has 2^64 of them


def trusted(texts: Iterable[str]) -> Networks:
    """The networks of gateway.access.trusted_proxies."""
    return tuple(ip_network(text) for text in texts)


def client_address(peer: str, forwarded: Iterable[str], proxies: Networks) -> str:
    """peer: the socket's other end; forwarded: the X-Forwarded-For headers in their order. What an untrusted peer says is not listened to.

    Each proxy appends whom it was called by: read from the right, the first that is no proxy of ours is the client.
    """
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    at = _parse(peer)
    while at is not None and hops and any(at in network for network in proxies):
        named = _parse(hops.pop())
        if named is None:
            break  # a proxy that names no address: the client counts as the proxy
        at = named
    return peer if at is None else str(at)


def counted_as(address: str) -> str | None:
    """What connections of this address are counted under; None: not counted, it is this machine."""
    at = _parse(address)
    if at is None:
        return address
    if at.is_loopback:
        return None
    return str(at) if isinstance(at, IPv4Address) else str(ip_network((at, _IPV6_ONE_SITE), strict=False))


def _parse(text: str) -> Address | None:
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:  # IPv4 with a port, as some proxies write it
        bare = bare.partition(":")[0]
    try:
        at = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return at.ipv4_mapped or at if isinstance(at, IPv6Address) else at

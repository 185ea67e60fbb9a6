"""Which addresses may be spoken to: public ones, and those the operator named."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection

from syndicator.errors import SourceError

Resolve = Callable[[str, int], list[str]]  # host, port -> addresses as text

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")  # RFC 3879: deprecated, still routed inside some networks
_COMPATIBLE = ipaddress.ip_network("::/96")  # IPv4-compatible, RFC 4291 §2.5.5.1


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver once; every later step uses its answer and asks no more."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def allowed(host: str, port: int, *, private_allowed: Collection[str], resolve: Resolve) -> list[str]:
    """The addresses to connect to. Raises :exc:`SourceError` unless every address of the host is public.

    ``private_allowed`` holds ``host:port`` pairs that may be private: the operator's own machines.
    """
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{host}: the name cannot be resolved ({error})") from error
    if not found:
        raise SourceError(f"{host}: the name has no address")
    if f"{host}:{port}" in private_allowed:
        return found
    for address in found:
        if not is_public(address):
            raise SourceError(refusal(host, port, address))
    return found


def refusal(host: str, port: int, address: str) -> str:
    return (
        f"{host}:{port} is {address}, which is not a public address; if it is yours, "
        f'add "{host}:{port}" to network.private_allowed'
    )


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, whatever form of IPv6 it hides an IPv4 one in."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = _inner(found)
        if inner is not None:
            return is_public(str(inner))
        if found in _SITE_LOCAL or found in _LOCAL_NAT64:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a mapped, compatible, 6to4, Teredo or NAT64 one."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None

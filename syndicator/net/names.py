"""The DNS, asked by dnspython. A name server that does not answer costs a few seconds, once."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.resolver
from dns.nameserver import Do53Nameserver

from syndicator.errors import SourceError

PATIENCE = 3.0  # seconds for one name, over all servers


class SystemNames:
    """Implements :class:`syndicator.ports.Names`; ``servers`` as ``address`` or ``address:port``, else the system's."""

    def __init__(self, servers: Sequence[str] = (), *, patience: float = PATIENCE) -> None:
        self._servers = tuple(servers)
        self._patience = patience
        self._made: dns.resolver.Resolver | None = None

    def texts(self, name: str) -> Sequence[str]:
        try:
            found = self._resolver().resolve(f"{name}.", "TXT", lifetime=self._patience)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, UnicodeError, OSError) as error:
            raise SourceError(f"{name}: {type(error).__name__}: {error}") from error
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found]

    def _resolver(self) -> dns.resolver.Resolver:
        if self._made is None:
            self._made = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                self._made.nameservers = [Do53Nameserver(*_place(one)) for one in self._servers]
        return self._made


def _place(server: str) -> tuple[str, int]:
    """``192.0.2.1``, ``192.0.2.1:5353``, ``[2001:db8::1]:53``."""
    host, _, port = server.rpartition(":") if server.count(":") == 1 or "]:" in server else (server, "", "53")
    return host.strip("[]"), int(port)

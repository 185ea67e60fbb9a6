"""What can go wrong on a wire, as switches."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Lock

from .serving import Response, StandIn


class Fault(StrEnum):
    DROP_BEFORE_ACCEPT = "drop-before-accept"  # the line breaks, nothing was taken
    DROP_AFTER_ACCEPT = "drop-after-accept"  # taken, but nobody is told
    HALF_BODY = "half-body"  # taken; the answer breaks off
    GARBAGE_200 = "garbage-200"  # taken; the answer is not what it should be
    HANG = "hang"  # taken; the answer comes after the client's patience
    RATE_LIMITED = "rate-limited"  # 429 that says when
    RATE_LIMITED_BARE = "rate-limited-bare"  # 429 in HTML from a proxy
    SERVER_ERROR_HTML = "server-error-html"  # 5xx in HTML; not taken
    CONFLICT = "conflict"  # 409
    UNAUTHORIZED = "unauthorized"  # 401: the token was revoked
    KICKED = "kicked"  # 403: we were thrown out
    MIGRATE = "migrate"  # the group became a supergroup
    GREYLIST = "greylist"  # SMTP 450 to RCPT
    REJECT = "reject"  # SMTP 550 to RCPT


@dataclass
class Switches:
    """The faults that the next requests will meet, in order; safe between threads."""

    _coming: deque[Fault] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)
    watch: Callable[[str], None] = lambda stage: None  # hears each stage of the wire, before it goes on
    retry_after: int = 7  # seconds, in RATE_LIMITED
    hang: float = 2.0  # seconds, in HANG

    def coming(self, *faults: Fault) -> None:
        with self._lock:
            self._coming.extend(faults)

    def meet(self) -> Fault | None:
        with self._lock:
            return self._coming.popleft() if self._coming else None


class FaultyStandIn(StandIn):
    """A server of the sandbox whose wire goes wrong as :attr:`faults` says."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = Switches()

    def _watch(self, stage: str) -> None:
        self.faults.watch(stage)


def spoilt(response: Response, fault: Fault | None, switches: Switches) -> Response | None:
    """An answer to what was taken, as the fault lets it through."""
    match fault:
        case Fault.DROP_AFTER_ACCEPT:
            return None
        case Fault.HALF_BODY:
            return replace(response, cut=True)
        case Fault.GARBAGE_200:
            return Response.page("<html>welcome</html>")
        case Fault.HANG:
            return replace(response, late=switches.hang)
    return response

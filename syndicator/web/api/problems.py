"""What can go wrong with a call, and how it is told (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from syndicator.errors import Forbidden, NotFound, StorageError, SyndicatorError, TooMany, Unproven
from syndicator.verbs import Unfit

ROOT = "/api/v1"
HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is for programs and never changes."""

    name: str
    status: int
    title: str
    says: str  # what whoever calls can do

    @property
    def type(self) -> str:
        return f"{ROOT}/problems/{self.name}"


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        Kind("unproven", 401, "The key opens nothing", "send a key that is good as `Authorization: Bearer KEY`"),
        Kind("forbidden", 403, "The key is for something else", "take a key for this scope and channel"),
        Kind("not-found", 404, "There is no such thing", "look at the name or number in the address"),
        Kind("no-such-method", 405, "Nothing is done here in this way", "use one that `Allow` names"),
        Kind("refused", 409, "It is understood, and refused", "`detail` says why; sent again, it is refused again"),
        Kind("begun", 409, "The order was begun", "wait a minute; then look whether it was done"),
        Kind("another-order", 422, "The name is another order's", "give each order an `Idempotency-Key` of its own"),
        Kind("too-large", 413, "The body is too large", "send less"),
        Kind("no-json", 415, "The body is no JSON", "send `Content-Type: application/json`"),
        Kind("no-csv", 415, "The body is no list", "send `Content-Type: text/csv`"),
        Kind("unfit", 422, "Some fields are not as they must be", "`errors` names each field and its fault"),
        Kind("too-many", 429, "Too often", "come again after `Retry-After` seconds"),
        Kind("broken", 500, "Something is broken here", "tell the operator the `x-request-id`"),
        Kind("away", 503, "The database does not answer", "come again later"),
    )
}  # fmt: skip

OWN = {
    "unproven": {"www-authenticate": "Bearer"},
    "too-many": {"retry-after": "60"},
    "begun": {"retry-after": "1"},
}

OF_ERROR: tuple[tuple[type[SyndicatorError], str], ...] = (
    (Unproven, "unproven"),
    (Forbidden, "forbidden"),
    (TooMany, "too-many"),
    (NotFound, "not-found"),
    (Unfit, "unfit"),
    (StorageError, "away"),
    (SyndicatorError, "refused"),
)


def kind_of(error: SyndicatorError) -> str:
    return next(kind for sort, kind in OF_ERROR if isinstance(error, sort))


def problem(kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """``more`` are members of the problem that only its kind has."""
    one = KINDS[kind]
    told = {"type": one.type, "title": one.title, "status": one.status, "detail": detail, **more}
    return JSONResponse(
        told,
        one.status,
        headers={**HEADERS, **OWN.get(kind, {}), **(headers or {})},
        media_type="application/problem+json",
    )

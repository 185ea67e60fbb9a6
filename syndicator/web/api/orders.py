"""Orders that a program gave a name (`Idempotency-Key`): done once at most, however often they are sent.

The name is written down and committed before anything is done, the answer after it. So what a death leaves between the
two is never done again: whoever orders it once more is told that nobody knows, and looks.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from syndicator.errors import StorageError
from syndicator.services.porter import Order, Porter
from syndicator.verbs import Unfit, Verb

from .problems import HEADERS, problem

log = logging.getLogger("syndicator")

HEADER = "idempotency-key"
WELL_FORMED = r"[!#-\[\]-~]{1,200}"
NAME = re.compile(f'"({WELL_FORMED})"|({WELL_FORMED})')  # a string of RFC 8941, or what is in one
UNDONE = {403, 429}  # the order did not begin; it may be had later, under the same name
UNKNOWN = {500, 503}  # how far it came, nobody knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    key: str
    name: str
    fingerprint: str


def name_of(verb: Verb, request: Request) -> str:
    """Empty where the order has none. Raises :exc:`Unfit`."""
    told = request.headers.get(HEADER)
    if told is None:
        return ""
    found = NAME.fullmatch(told.strip())
    if found is None:
        raise Unfit(verb.name, [(HEADER, "it is 1 to 200 ASCII characters without spaces, such as a UUID")])
    return found[1] or found[2]


def fingerprint(request: Request, fields: Mapping[str, Any]) -> str:
    told = json.dumps([request.method, request.url.path, fields], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def once(porter: Porter, named: Named, act: Callable[[], Response]) -> Response:
    try:
        known = porter.begin(named.key, named.name, named.fingerprint)
    except StorageError as error:
        log.warning("api: %s", error)
        return problem("away", "the database does not answer; nothing was done")
    if known is not None:
        return _again(known, named)
    response = act()
    if response.status_code in UNKNOWN:
        return response
    try:
        if response.status_code in UNDONE:
            porter.release(named.key, named.name)
        else:
            porter.answered(named.key, named.name, response.status_code, bytes(response.body).decode())
    except StorageError as error:  # it is done; only who asks again will not hear how
        log.warning("api: the answer to %s of %s is not kept: %s", named.name, named.key, error)
    return response


def _again(known: Order, named: Named) -> Response:
    if known.fingerprint != named.fingerprint:
        return problem("another-order", f"{named.name} is the name of another order; give each its own")
    if known.status is None:
        return problem(
            "begun",
            f"this order was begun at {known.at:%Y-%m-%d %H:%M:%S} UTC and has no answer yet; if it gets none within a "
            "minute, look whether it was done, and order it under another name if it was not",
        )
    kind = "application/problem+json" if known.status >= 400 else "application/json"
    return Response(
        known.body,
        known.status,
        headers={**HEADERS, "idempotency-replayed": "true"},
        media_type=None if known.status == 204 else kind,
    )

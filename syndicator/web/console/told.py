"""What came of something, carried to the next page by the browser."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from starlette.responses import Response

from syndicator.errors import SyndicatorError
from syndicator.verbs import Verb, called

from .doors import HOME, Visit

SAID = "syndicator-said"  # a cookie


def tell(answer: Response, verb: Verb, came: Any) -> None:
    """The next page says that it was done, and what is still wrong."""
    faults = list(came.get("faults") or ())[:3] if isinstance(came, dict) else []
    told = json.dumps({"verb": verb.slug, "faults": [str(one)[:200] for one in faults]})
    answer.set_cookie(
        SAID,
        urlsafe_b64encode(told.encode()).decode(),
        max_age=30,
        path=HOME,
        httponly=True,
        samesite="strict",
    )


def was_told(visit: Visit) -> dict[str, Any] | None:
    """What the page before this one did. It is the browser's word: a verb's name is looked up, the rest is text."""
    try:
        told = json.loads(urlsafe_b64decode(visit.request.cookies.get(SAID, "")))
        return {"verb": called(str(told["verb"])), "faults": [str(one) for one in told["faults"]]}
    except (ValueError, KeyError, TypeError, SyndicatorError):
        return None

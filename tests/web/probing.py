"""What schemathesis is told beside the description: names of orders that are new, and what there is in the newsroom.

It is loaded by schemathesis itself, in a process of its own; SYNDICATOR_KNOWN is JSON, values by the field's name.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any
from uuid import UUID

import schemathesis

KNOWN = json.loads(os.environ.get("SYNDICATOR_KNOWN", "{}"))
LISTS = {"to", "articles"}
RNG = Random(1)
OFTEN = 0.7  # of the calls that are as they must be are about something that is there


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(UUID(int=RNG.getrandbits(128)))
    for told in (case.path_parameters, case.query, case.body):
        if isinstance(told, dict):
            told.update({name: _there(name, value) for name, value in told.items() if name in KNOWN})


def _there(name: str, value: Any) -> Any:
    known, many = KNOWN[name], isinstance(value, list)
    if not known or value is None or many is not (name in LISTS) or RNG.random() > OFTEN:
        return value
    return [RNG.choice(known)] if many else RNG.choice(known)

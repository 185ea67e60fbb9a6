"""The verbs of the newsroom's own people: one list, with doors from the command line, the console, the bot and the API.

A face finds a verb by its name, fills what it takes, and says who acts.
"""

from __future__ import annotations

from collections.abc import Mapping

from syndicator.errors import NotFound

from . import channels, desk, newsletters, newsroom, people, programs, readers, stories
from .nouns import Actor, Reach, Told, Unfit, Verb, checked, fitted, perform

__all__ = ["VERBS", "Actor", "Reach", "Told", "Unfit", "Verb", "called", "checked", "fitted", "perform"]

VERBS: Mapping[str, Verb] = {
    one.name: one
    for room in (newsroom, stories, desk, channels, newsletters, readers, programs, people)
    for one in room.VERBS
}


def called(name: str) -> Verb:
    """By its name, with spaces, hyphens or underscores. Raises :exc:`NotFound`."""
    wanted = name.replace("_", " ").replace("-", " ")
    if wanted not in VERBS:
        raise NotFound("there is no verb {name!r}", name=name)
    return VERBS[wanted]

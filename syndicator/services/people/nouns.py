"""What the rooms of this package share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from syndicator.errors import Unproven
from syndicator.model import Person
from syndicator.storage.sessions import Session

__all__ = ["Enrolment", "Inside", "Keeps", "NotFresh", "Opened", "Session", "Wrong"]

TOKEN_BYTES = 24  # 192 bit
FRESH = timedelta(minutes=10)  # how long a proof counts for what is sensitive
WAITS_FOR_CODE, WAITS_FOR_FACTOR = "code", "factor"


class Wrong(Unproven):
    """The name, the password or the code; which of them is told to nobody."""


class NotFresh(Unproven):
    """They are in, but it is too long ago that they showed who they are."""


class Inside(NamedTuple):
    """Who is signed in, and where."""

    person: Person
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A door that was opened: the browser's new token, and how it is known when it comes again."""

    token: str = field(repr=False)
    session: Session
    person: Person
    device: str = field(default="", repr=False)  # to be kept by the browser, once they are in


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeps:
    """How somebody can show who they are."""

    password: bool
    factor: bool
    codes: int  # on the sheet, not used yet
    elsewhere: bool  # they signed on elsewhere before
    needs_factor: bool  # their role does not come in without


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A second factor that is being set up."""

    secret: str = field(repr=False)  # as a person types it
    address: str = field(repr=False)  # otpauth://
    picture: str = field(repr=False)  # SVG

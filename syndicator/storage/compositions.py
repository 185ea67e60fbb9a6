"""What an editor fixed for a newsletter's next edition, and what was left out of editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from syndicator.composing import Marks

from . import brakes
from .schema import left_out
from .statements import insert_new

MARKS = TypeAdapter(Marks)
FIXED, USED = "compose:", "composed:"  # overrides; a composition is used once by each timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """An order about the next edition; without any, nothing is fixed."""

    marks: Marks = field(default_factory=Marks)
    by: str = ""
    at: str = ""

    @property
    def told(self) -> str:
        """In words, for the audit trail."""
        m = self.marks
        named = (("lead", m.lead), ("order", m.order), ("drop", m.drop), ("add", m.add))
        said = [f"{what} {', '.join(ids)}" for what, ids in named if ids]
        for what, texts in (("subject", m.subject), ("preheader", m.preheader)):
            said += [f"{what} in {language}: {text}" for language, text in texts.items()]
        return "; ".join(said)


class LeftOut(NamedTuple):
    """A story that an edition would have had."""

    article: str
    why: str


def fix(connection: Connection, newsletter: str, marks: Marks, *, by: str, now: datetime) -> Composition:
    """For the next edition, in place of what was fixed before."""
    told = Composition(marks=marks, by=by, at=now.isoformat())
    content = {"marks": MARKS.dump_python(marks, mode="json"), "by": by, "at": told.at}
    brakes.override(connection, FIXED + newsletter, content, now=now, by=by)
    brakes.note(connection, who=by, what="compose", about=newsletter, why=told.told, now=now)
    return told


def standing(connection: Connection, newsletter: str, timetable: str) -> Composition:
    """What is fixed and this timetable has not used yet."""
    told = brakes.overridden(connection)
    found = told.get(FIXED + newsletter)
    if not isinstance(found, dict) or told.get(USED + timetable) == found["at"]:
        return Composition()
    return Composition(marks=MARKS.validate_python(found["marks"]), by=found["by"], at=found["at"])


def use(connection: Connection, told: Composition, timetable: str, *, now: datetime) -> bool:
    """It is not used again; whether there was any."""
    if told.at:
        brakes.override(connection, USED + timetable, told.at, now=now, by="desk")
    return bool(told.at)


def leave_out(connection: Connection, edition: str, stories: Sequence[LeftOut]) -> None:
    rows = [{"edition": edition, "article": one.article, "why": one.why} for one in stories]
    if rows:
        insert_new(connection, left_out, rows)


def left_out_of(connection: Connection, edition: str) -> dict[str, str]:
    """By story: why it is not in the edition."""
    query = select(left_out.c.article, left_out.c.why).where(left_out.c.edition == edition)
    return {row.article: row.why for row in connection.execute(query.order_by(left_out.c.article))}

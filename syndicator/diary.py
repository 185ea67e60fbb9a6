"""The newsroom's calendar: what will go out when, from the engine's own plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .errors import Refused
from .model import EditionKind
from .newsstand import Coming, Newsstand
from .storage import approvals, brakes, coming
from .storage.coming import Waiting
from .storage.database import Database

MOST = 60  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that will go out, or is to be decided."""

    when: datetime
    until: datetime  # when the last of it goes out; the same moment where all of it does
    kind: str  # slot, held, embargo; digest, flash, push, correction
    what: str  # a newsletter, a headline
    about: str  # the newsletter, the edition's id, the story's id
    channels: tuple[str, ...]
    state: str  # planned, moved, skipped, thin, held, opens; going, paused, at its gate, to approve
    why: str = ""
    movable: bool = False
    slot: datetime | None = None  # by which a newsletter's slot is moved
    stories: Mapping[str, int] = field(default_factory=dict)  # of the next slot, by language, as it stands


class Calendar:
    def __init__(self, database: Database, newsstand: Newsstand, *, now: Callable[[], datetime]) -> None:
        self._database = database
        self._newsstand = newsstand
        self._now = now

    def entries(self, days: int = 7, *, stories: bool = True) -> list[Entry]:
        """From what goes out now to the end of so many days, in order. ``stories``: count what the next edition of each
        newsletter would hold. Raises :exc:`Refused`."""
        if not 0 < days <= MOST:
            raise Refused("a calendar has 1 to {most} days", most=MOST)
        until = self._now() + timedelta(days=days)
        slots = self._newsstand.coming(until)
        found = [*self._slots(slots, stories=stories), *self._held(), *self._editions(until)]
        return sorted([*found, *self._embargoes(until)], key=lambda one: (one.when, one.kind, one.about))

    def _slots(self, slots: Sequence[Coming], *, stories: bool) -> list[Entry]:
        found, counted = [], set()
        for one in slots:
            newsletter = self._newsstand.called(one.newsletter)
            counts: dict[str, int] = {}
            if stories and not one.skipped and one.newsletter not in counted:
                counted.add(one.newsletter)
                counts = self._newsstand.stories(one.newsletter)
            thin = bool(counts) and max(counts.values()) < max(1, newsletter.minimum)
            state = "skipped" if one.skipped else "moved" if one.move else "thin" if thin else "planned"
            found.append(
                Entry(
                    when=one.begins,
                    until=one.last,
                    kind="slot",
                    what=newsletter.titles.get(newsletter.languages[0], one.newsletter),
                    about=one.newsletter,
                    channels=(newsletter.door.id,),
                    state=state,
                    why=_why(one),
                    movable=True,
                    slot=one.slot,
                    stories=counts,
                )
            )
        return found

    def _held(self) -> list[Entry]:
        return [
            Entry(
                when=one.slot,
                until=one.slot,
                kind="held",
                what=one.newsletter,
                about=one.newsletter,
                channels=(self._newsstand.called(one.newsletter).door.id,),
                state="held",
                why="it was missed by too much",
                slot=one.slot,
            )
            for one in self._newsstand.held()
        ]

    def _editions(self, until: datetime) -> list[Entry]:
        now = self._now()
        with self._database.read() as connection:
            waiting = [one for one in coming.waiting(connection, now) if one.first <= until]
            paused, gates = brakes.paused_why(connection), brakes.gates(connection)
            asked = {(one.edition, one.channel) for one in approvals.waiting(connection)}

        def told(one: Waiting) -> Entry:
            state, why = "going" if one.first <= now else "planned", ""
            for name in (one.edition, one.channel, "everything"):
                if name in paused:
                    state, why = "paused", paused[name]
            if one.edition in gates:
                state, why = "at its gate", _found(gates[one.edition])
            if (one.edition, one.channel) in asked:
                state, why = "to approve", "a second person is to approve it"
            return Entry(
                when=one.first,
                until=one.last,
                kind=one.kind,
                what=one.title,
                about=one.edition,
                channels=(one.channel,),
                state=state,
                why=why or (_reason(one) if state == "planned" else ""),
                movable=state != "going",
            )

        return [told(one) for one in waiting]

    def _embargoes(self, until: datetime) -> list[Entry]:
        with self._database.read() as connection:
            found = coming.opening(connection, self._now(), until)
        return [
            Entry(
                when=one.at,
                until=one.at,
                kind="embargo",
                what=one.headline,
                about=one.article,
                channels=(),
                state="opens",
                why=f"{one.by} said so" if one.by else "its source says so",
                movable=True,
            )
            for one in found
        ]


def _reason(one: Waiting) -> str:
    if one.kind == EditionKind.FLASH:
        return "quiet hours"
    return f"{one.by} planned it"


def _why(one: Coming) -> str:
    said = []
    if one.move:
        said.append(
            f"{one.move.by} moved it from {one.slot:%Y-%m-%d %H:%M} UTC" if one.move.to else one.move.why
        )
    if one.begins < one.at:
        said.append("it begins before its slot")
    if one.begins > one.at:
        said.append("quiet hours")
    return "; ".join(filter(None, said))


def _found(gate: Mapping[str, object]) -> str:
    findings = gate.get("findings")
    errors = [one for one in findings if one["severity"] == "error"] if isinstance(findings, list) else []
    return "; ".join(f"{one['check']}: {one['what']}" for one in errors) or "it is looked at"

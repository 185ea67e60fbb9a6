"""The register of readers: what the newsroom's own people and programs may do with it, in the same words.

``by`` is who says so; it is written down with each change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .errors import NO_SUCH, NotFound, Refused, near
from .model import Consent, DeliveryState, Frequency, Reason, Subscriber, SubscriberId
from .services import audience
from .services.audience import Wish
from .services.frontdesk import FrontDesk, Rack
from .services.memory import Memory
from .storage import brakes, readers, wishes
from .storage.database import Database
from .text.addresses import checked_address, checked_name

EDITIONS = 50  # of a reader's history, the newest

# Why somebody did not get an edition, or will not; what a network itself said stands beside it.
BECAUSE: Mapping[str, str] = {
    Reason.LEFT: "they had left, or not confirmed, the moment before it went out",
    Reason.SUPPRESSED: "they are suppressed: their mail bounced, or they called one spam",
    Reason.ERASED: "they asked to be forgotten",
    Reason.NO_STORIES: "it had no story in their language",
    Reason.NO_TOPIC: "it had no story of the topics they chose",
    Reason.HAD_IT: "they had each of its stories already, in a mail of its own",
    Reason.RESTING: "they had asked for silence for a while",
    Reason.OFTEN_ENOUGH: "they had one already, and want no more of them that day or week",
    Reason.TOO_LATE: "it could not go out in time",
    Reason.PAUSED: "somebody paused it",
    DeliveryState.PENDING: "it waits to go out",
    DeliveryState.CLAIMED: "it is about to go out",
    DeliveryState.SENDING: "it is going out",
    DeliveryState.SENT: "their server took it",
    DeliveryState.UNCERTAIN: "nobody knows yet whether their server took it",
    DeliveryState.HELD: "it waits for a person: `syndicator doubts`",
    DeliveryState.FAILED: "their server refused it",
    DeliveryState.EXPIRED: "it could not go out in time",
    DeliveryState.CANCELLED: "somebody took it back",
}
NO_READER = "they were no confirmed reader of it when it was planned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """What is to be different of a newsletter that they have; None leaves it."""

    topics: Sequence[str] | None = None  # none of them: all
    frequency: Frequency | None = None
    breaking: bool | None = None  # mails about one story at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be different; None leaves it."""

    name: str | None = None
    language: str | None = None
    rest: timedelta | None = None  # silence from now on; zero ends it
    zone: str | None = None  # one that the newsroom offers; empty: the newsroom's own
    newsletters: Mapping[str, Altered] = field(default_factory=dict)


class Register:
    """``wording`` is what somebody agrees to who asks for a newsletter, by language."""

    def __init__(
        self,
        database: Database,
        *,
        memory: Memory,
        front: FrontDesk,
        languages: Sequence[str],
        wording: Callable[[str], str],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._memory = memory
        self._front = front
        self._languages = languages
        self._wording = wording
        self._now = now

    def newsletters(self) -> list[dict[str, Any]]:
        """What there is to subscribe to."""
        return [
            {
                "name": rack.name,
                "titles": dict(rack.titles),
                "languages": list(rack.languages),
                "signup": rack.open,
                "topics": {name: dict(titles) for name, titles in rack.topics.items()},
                "breaking": rack.breaking,
                "own_hours": rack.own_hours,
            }
            for rack in self._front.racks.values()
        ]

    def page(
        self,
        *,
        newsletter: str | None = None,
        consent: Consent | None = None,
        after: int = 0,
        limit: int = 100,
        words: str = "",
    ) -> dict[str, Any]:
        """Subscribers in the order of their numbers; ``next`` is what to go on ``after``, None at the end. ``words``:
        some of those whose address or name begins so."""
        with self._database.read() as connection:
            found = readers.page(connection, newsletter, consent, after=after, limit=limit + 1, words=words)
        more = len(found) > limit
        return {"subscribers": found[:limit], "next": found[limit - 1]["id"] if more else None}

    def address_of(self, number: int) -> str:
        """Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            found = readers.by_number(connection, SubscriberId(number))
        if found is None:
            raise NotFound("there is no reader {number}", number=number)
        return found.address

    def show(self, address: str) -> dict[str, Any]:
        """A reader and their wishes. Raises :exc:`NotFound`."""
        reader = self._reader(address)
        with self._database.read() as connection:
            return readers.page(connection, None, None, after=reader.id - 1, limit=1)[0]

    def data(self, address: str) -> dict[str, Any]:
        """All that is known of a reader, as they may take it along. Raises :exc:`NotFound`."""
        self._reader(address)
        with self._database.read() as connection:
            return wishes.everything(connection, address)

    def history(self, address: str) -> dict[str, Any]:
        """What became of each edition for this address, and why. Raises :exc:`NotFound` where nothing is known."""
        address = checked_address(address)
        hashed = self._memory.hash(address)
        with self._database.read() as connection:
            bar, reader = readers.bar_of(connection, hashed), readers.find(connection, address)
            if bar is None and reader is None:
                raise NotFound("{address} is no reader and never was barred", address=address)
            editions = wishes.history(connection, reader.id, EDITIONS) if reader else []
            standing = list(wishes.choices(connection, reader.id).values()) if reader else []
            rests = wishes.rests_until(connection, reader.id) if reader else None
        return {
            "address": address,
            "barred": {"reason": bar.reason, "why": bar.why, "since": bar.at} if bar else None,
            "rests_until": rests,
            "subscriptions": [{"newsletter": one.newsletter, "consent": one.consent} for one in standing],
            "editions": [{**one, "because": _because(one)} for one in editions],
        }

    # Changes

    def add(
        self, address: str, newsletter: str, *, language: str, proof: str, by: str, name: str = ""
    ) -> bool:
        """One who consented, as ``proof`` says; whether that is new.

        Raises :exc:`Refused`, also for one who complained, bounced or was erased, and :exc:`NotFound`.
        """
        rack = self._rack(newsletter)
        if not proof.strip():
            raise Refused("say where the consent comes from; without it nobody gets mail")
        wish = Wish(address=address, language=language, newsletter=newsletter, name=name, proof=proof)
        new = audience.subscribe(
            self._database,
            [wish],
            memory=self._memory,
            languages=rack.languages,
            now=self._now(),
            by=by,
        )
        return bool(new)

    def ask(
        self, address: str, newsletter: str, *, language: str, by: str, wording: str = "", place: str = ""
    ) -> None:
        """Mail a confirmation; the answer is the same for every address. ``wording`` is what was agreed to, if it was
        not the newsroom's own page, ``place`` from where.

        Raises :exc:`Refused` for what cannot be, and :exc:`TooMany`.
        """
        self._rack(newsletter)
        said = wording.strip() or self._wording(
            language if language in self._languages else self._languages[0]
        )
        self._front.ask(address, [newsletter], language=language, wording=said, place=place)
        self._note(by, "ask", checked_address(address), newsletter)

    def change(self, address: str, change: Change, *, by: str) -> None:
        """Raises :exc:`Refused`, :exc:`NotFound`; then nothing is changed."""
        reader, now = self._reader(address), self._now()
        name = checked_name(change.name) if change.name is not None else None
        with self._database.write() as connection:
            choices = wishes.choices(connection, reader.id)
            self._check(change, choices, change.language or reader.language)
            if name is not None:
                wishes.rename(connection, reader.id, name)
            if change.language:
                wishes.speak(connection, reader.id, change.language, now=now)
            if change.zone is not None:
                wishes.live(connection, reader.id, change.zone)
            if change.rest is not None:
                wishes.rest(connection, reader.id, now + change.rest if change.rest else None)
            for one, wanted in change.newsletters.items():
                kept = choices[one]
                wishes.choose(
                    connection,
                    reader.id,
                    one,
                    topics=kept.topics if wanted.topics is None else wanted.topics,
                    frequency=wanted.frequency or kept.frequency,
                    breaking=wanted.breaking,
                )
        self._note(by, "change", reader.address, ", ".join(_named(change)))

    def _check(self, change: Change, choices: Mapping[str, wishes.Choice], language: str) -> None:
        has = {name for name, one in choices.items() if one.consent is Consent.GIVEN}
        if missing := sorted(set(change.newsletters) - has):
            raise Refused("they do not have {newsletter}; a change subscribes nobody", newsletter=missing[0])
        for name in has & set(self._front.racks):
            rack = self._front.racks[name]
            if change.language and language not in rack.languages:
                raise Refused(
                    "{name} has no language {language!r}; it has: {known}",
                    name=name,
                    language=language,
                    known=", ".join(rack.languages),
                )
            wanted = change.newsletters.get(name, Altered())
            if unknown := set(wanted.topics or ()) - set(rack.topics):
                raise Refused("{name} has no topic {topic!r}", name=name, topic=min(unknown))
            if wanted.breaking and rack.breaking is None:
                raise Refused(
                    "{name} has no mails about one story; its `flash` says which have one", name=name
                )
        self._front.check_zone(change.zone)
        if change.language and change.language not in self._languages:
            raise Refused(
                NO_SUCH["language"],
                name=change.language,
                known=", ".join(self._languages),
            )

    def leave(self, address: str, newsletter: str, *, by: str) -> None:
        """Raises :exc:`NotFound` for who never subscribed to it."""
        self._rack(newsletter)
        proof, now = f"removed by {by}", self._now()
        audience.leave(self._database, address, newsletter, memory=self._memory, now=now, proof=proof, by=by)

    def suppress(self, address: str, why: str, *, by: str) -> None:
        """No mail to this address any more, whoever imports it again. Raises :exc:`Refused`."""
        audience.suppress(self._database, address, why, memory=self._memory, by=by, now=self._now())

    def unsuppress(self, address: str, why: str, *, by: str) -> None:
        """As :func:`audience.unsuppress`. Raises :exc:`Refused`, :exc:`NotFound`."""
        audience.unsuppress(self._database, address, why, memory=self._memory, by=by, now=self._now())

    def erase(self, address: str, *, by: str) -> None:
        """Forget a reader. Raises :exc:`NotFound`, :exc:`Refused`."""
        audience.erase(self._database, address, memory=self._memory, by=by, now=self._now())

    def _reader(self, address: str) -> Subscriber:
        with self._database.read() as connection:
            found = readers.find(connection, address)
        if found is None:
            raise NotFound("{address} is no reader", address=address)
        return found

    def _rack(self, newsletter: str) -> Rack:
        if newsletter not in self._front.racks:
            raise NotFound(
                "no newsletter is called {name!r}; {near}",
                name=newsletter,
                near=near(newsletter, self._front.racks),
            )
        return self._front.racks[newsletter]

    def _note(self, by: str, what: str, address: str, why: str) -> None:
        """In the audit trail, which is never changed, no address may stand."""
        about = f"address {self._memory.hash(address)[:12]}"
        with self._database.write() as connection:
            brakes.note(connection, who=by, what=what, about=about, why=why, now=self._now())


def _because(edition: Mapping[str, Any]) -> str:
    """In words; what is no reason of ours is the network's, or a person's."""
    if edition["state"] is None:
        return NO_READER
    said = BECAUSE.get(edition["reason"] or "") or BECAUSE.get(edition["state"], str(edition["state"]))
    own = edition["reason"] if edition["reason"] and edition["reason"] not in BECAUSE else ""
    return f"{said}: {own}" if own else said


def _named(change: Change) -> list[str]:
    told = {"name": change.name, "language": change.language, "rest": change.rest, "zone": change.zone}
    return [name for name, value in told.items() if value is not None] + sorted(change.newsletters)

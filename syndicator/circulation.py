"""Readers of one newsroom: what they may do by themselves, lists of them, and the links in their mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime
from os import urandom
from pathlib import Path

from .composing import REST
from .errors import NotFound, Refused, near
from .model import ChannelId, Consent, Edition, Language, Post
from .register import Register
from .services import audience, rolls
from .services.backnumbers import BackNumbers, Shelf
from .services.frontdesk import Caps, FrontDesk, Rack
from .services.memory import Memory
from .services.numbers.readership import Readership
from .services.retractions import Retractions
from .services.rolls.intray import InTray
from .storage import brakes
from .storage.database import Database
from .storage.outbox import Claimed
from .tokens import Keys, mark, message_id, return_path, sign
from .wiring import Wiring


class Circulation:
    """``wake`` tells a channel that a letter waits for it."""

    def __init__(
        self,
        wiring: Wiring,
        database: Database,
        *,
        memory: Memory,
        now: Callable[[], datetime],
        wake: Callable[[str], None],
    ) -> None:
        self._wiring = wiring
        self._settings = wiring.settings
        self._database = database
        self._memory = memory
        self._now = now
        told, caps = self._settings, self._settings.signup
        self.backnumbers = BackNumbers(
            database,
            shelves={name: self._shelf(name) for name in told.newsletters if told.archive_of(name)},
            now=now,
        )
        self.retractions = Retractions(database, now=now)
        self.front = FrontDesk(
            database,
            keys=wiring.keys,
            racks={name: self._rack(name) for name in told.newsletters},
            caps=Caps(place=caps.per_network, domain=caps.per_domain, altogether=caps.altogether),
            zones=[*told.newsroom.elsewhere],
            now=now,
            hashed=memory.hash,
            write=self._letter,
            leave=self._leave,
            left=memory.left,
            erase=self._erase,
            sent=wake,
        )

        self.readership = Readership(database, now=now)
        self.intray = InTray(self.enrol, now=now, chance=urandom)
        self.register = Register(
            database,
            memory=memory,
            front=self.front,
            languages=told.newsroom.languages,
            wording=lambda language: wiring.renderer.page("pages/consent.txt", language).strip(),
            now=now,
        )

    def enrol(
        self,
        file: Path,
        newsletter: str,
        *,
        languages: tuple[Language, ...],
        proof: str,
        write: bool,
        refused: Callable[[rolls.Refusal], None],
        by: str = "operator",
        seen: Callable[[int], None] = lambda octets: None,
    ) -> rolls.Counts:
        """Take a list of readers in, or only look at it. Raises :exc:`Refused` for a file that is no list."""
        return rolls.take_file(
            self._database,
            file,
            newsletter,
            languages=languages,
            proof=proof,
            hashed=self._memory.hash,
            zones=[*self._settings.newsroom.elsewhere],
            topics=tuple(self._settings.newsletters[newsletter].topics),
            now=self._now(),
            write=write,
            refused=refused,
            by=by,
            seen=seen,
        )

    def given_out(self, newsletter: str | None, consent: Consent | None, *, by: str) -> Iterator[str]:
        """The list of readers as CSV, piece by piece; that it is taken is written down. Raises :exc:`NotFound`."""
        if newsletter:
            self.rack(newsletter)
        with self._database.write() as connection:
            about = newsletter or "all newsletters"
            brakes.note(
                connection, who=by, what="export", about=about, why=str(consent or ""), now=self._now()
            )
        return (piece for piece, _ in rolls.written(self._database, newsletter, consent))

    def form(self, name: str, language: str = "") -> str:
        """A sign-up form to paste into any page. Raises :exc:`NotFound`, and :exc:`Refused` where nobody may ask."""
        rack = self.rack(name)
        language = language or rack.languages[0]
        if not rack.open:
            raise Refused("{name} is closed: nobody may ask for it; write signup = true", name=name)
        if language not in rack.languages:
            raise Refused(
                "{name} has no language {language!r}; it has: {known}",
                name=name,
                language=language,
                known=", ".join(rack.languages),
            )
        told = {"newsletter": name, "title": rack.title(language)}
        address = self._settings.newsroom.public_url.rstrip("/")
        return self._wiring.renderer.page("pages/form.html", language, address=address, **told)

    def rack(self, name: str) -> Rack:
        """What there is to subscribe to under this name. Raises :exc:`NotFound`."""
        if name not in self.front.racks:
            raise NotFound(
                "no newsletter is called {name!r}; {near}", name=name, near=near(name, self.front.racks)
            )
        return self.front.racks[name]

    def cut_short(self, newsletter: str) -> rolls.Cut | None:
        """The list for this newsletter that was stopped in the middle of its writing."""
        return rolls.cut_short(self._database, newsletter)

    def _rack(self, name: str) -> Rack:
        told = self._settings.newsletters[name]
        return Rack(
            name=name,
            channel=told.channel,
            languages=self._settings.languages_in(name),
            titles=dict(told.titles.items()),
            open=told.signup,
            welcome=told.lives if told.welcome else None,
            topics={topic: dict(one.titles.items()) for topic, one in told.topics.items()},
            breaking=told.breaking if told.flash else None,
            own_hours=told.zone == "reader",
        )

    def _shelf(self, name: str) -> Shelf:
        told = self._settings.newsletters[name]
        languages = self._settings.languages_in(name)
        titled = {one.name: one.titles for one in told.sections} | {REST: told.rest.titles}
        sections = {
            section: {str(code): title for code, title in titles.items()}
            for section, titles in titled.items()
        }
        return Shelf(name=name, languages=languages, titles=dict(told.titles.items()), sections=sections)

    def _letter(self, edition: Edition, channel: str) -> Post:
        (post,) = self._wiring.renderer.write(edition, self._wiring.outlet(ChannelId(channel)))
        return post

    def _leave(self, address: str, newsletter: str, proof: str) -> None:
        audience.leave(self._database, address, newsletter, memory=self._memory, now=self._now(), proof=proof)

    def _erase(self, address: str) -> None:
        audience.erase(self._database, address, memory=self._memory, by="reader", now=self._now())


def ways_to_fill(wiring: Wiring, host: str) -> Mapping[str, Callable[[Claimed], str]]:
    """How each blank of a post is filled for one recipient; ``host`` is the domain of the Message-IDs."""
    keys, zone = wiring.keys, wiring.settings.newsroom.timezone
    pages = wiring.settings.newsroom.public_url.rstrip("/")
    return {
        "name": lambda one: one.name,
        "address": lambda one: one.address,
        "leave_url": lambda one: f"{pages}/unsubscribe/{leave_token(keys, one)}",
        "preferences_url": lambda one: f"{pages}/preferences/{preferences_token(keys, one)}",
        "own_url": lambda one: f"{pages}/{own_link(keys, one)}",
        "message_id": lambda one: message_id(keys, one.delivery.key, host),
        "date": lambda one: format_datetime(one.delivery.due_at.astimezone(zone)),
        "verp": lambda one: return_path(keys, one.delivery.id, one.delivery.key),
    }


def leave_token(keys: Keys, one: Claimed) -> str:
    return sign(keys, "leave", one.delivery.recipient, one.newsletter)


def preferences_token(keys: Keys, one: Claimed) -> str:
    return sign(keys, "preferences", one.delivery.recipient, mark(keys, one.address))


def own_link(keys: Keys, one: Claimed) -> str:
    """Where a letter leads: its purpose, and the token that only works there."""
    purpose = one.delivery.edition.partition(":")[0]
    return f"{purpose}/{sign(keys, purpose, one.delivery.edition)}"

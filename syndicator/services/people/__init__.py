"""The newsroom's own people: who they are, what they may, how they are invited. How they come in: ``reception``.

A name is used once: the audit trail knows people by it. What changes somebody's rights counts at once, also where
they are signed in; what ends them ends their sessions, links and codes.
"""

from __future__ import annotations

import re
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from syndicator.errors import NO_SUCH, NotFound, Refused, sentence
from syndicator.model import Language, Person, Role
from syndicator.settings import Settings
from syndicator.storage import brakes, people, sessions
from syndicator.storage.database import Connection, Database
from syndicator.storage.people import Card, Ticket
from syndicator.text.addresses import checked_address
from syndicator.tokens import Keys

from .factor import Factor
from .nouns import TOKEN_BYTES, Opened
from .passwords import Hasher, check
from .reception import Reception
from .sign_on import Ask, SignOn

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
OURS = frozenset(  # who else stands in the audit trail
    "bounces console desk everybody key lateness memory nobody operator postroom preflight reader reconcile reputation "
    "system timetable".split()
)
LANGUAGES = ("en", "ckb", "ar")  # of the console and the bot
LIVES = {"invite": timedelta(days=3), "reset": timedelta(hours=2), "telegram": timedelta(minutes=15)}
CODE_BYTES = 10  # of what is typed into Telegram: 80 bit, once, for a quarter of an hour
KEPT = timedelta(days=30)  # tickets that are over
CUT = sentence("this link opens nothing any more: it was used, or its time is over; ask for another one")


class Unchanged:
    """Nothing was said about it."""


UNCHANGED = Unchanged()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A person as others see them."""

    person: Person
    email: str | None
    joined_at: datetime | None
    ended_at: datetime | None
    invited_until: datetime | None
    second_factor: bool
    signed_in: int  # browsers
    since: datetime
    by: str


class People:
    """``chance`` gives so many octets that nobody can guess."""

    def __init__(
        self,
        database: Database,
        *,
        settings: Settings,
        keys: Keys,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        ask: Ask,
    ) -> None:
        """``ask`` is the guarded way out, to where they sign on."""
        self._database = database
        self._settings = settings
        self._now = now
        self._chance = chance
        self._hasher = hasher = Hasher(chance)
        told: dict[str, Any] = {"keys": keys, "now": now, "chance": chance, "hasher": hasher}
        self._factor = factor = Factor(database, issuer=settings.newsroom.name, **told)
        self.reception = Reception(
            database,
            factor=factor,
            lives=settings.console.session,
            idle=settings.console.idle,
            needs_factor=settings.console.second_factor,
            own_words=self._own_words,
            **told,
        )
        self.sign_on = SignOn(
            database,
            told=settings.console.oidc,
            ask=ask,
            back=self._address("sign-on/back"),
            reception=self.reception,
            keys=keys,
            now=now,
            chance=chance,
        )

    # Who they are

    def add(self, person: Person, password: str, *, by: str, email: str | None = None) -> None:
        """One who can sign in at once. Raises :exc:`Refused`, :exc:`~.passwords.Weak`."""
        self._check(person)
        check(password, self._own_words(person.name))
        made, now = self._hasher.of(password), self._now()
        card = Card(person=person, email=_address(email), password=made, since=now, by=by, joined_at=now)
        with self._database.write() as connection:
            self._add(connection, card, "person added")

    def invite(self, person: Person, *, by: str, email: str | None = None) -> str:
        """Their link, which works once within three days; shown once and kept nowhere. Raises :exc:`Refused`."""
        self._check(person)
        card = Card(person=person, email=_address(email), since=self._now(), by=by)
        with self._database.write() as connection:
            self._add(connection, card, "person invited")
            return self.link("invitation", self._ticket(connection, "invite", person.name, by=by))

    def change(
        self,
        name: str,
        *,
        by: str,
        role: Role | None = None,
        language: str | None = None,
        channels: Sequence[str] | None = None,
        languages: Sequence[str] | None = None,
        telegram: int | Unchanged | None = UNCHANGED,
        email: str | Unchanged | None = UNCHANGED,
    ) -> Person:
        """What is not said stays; empty channels or languages are all. Raises :exc:`Refused`, :exc:`NotFound`."""
        told: dict[str, Any] = {
            "role": role,
            "language": language,
            "channels": None if channels is None else frozenset(channels),
            "languages": None if languages is None else frozenset(languages),
        }
        told = {key: value for key, value in told.items() if value is not None}
        if not isinstance(telegram, Unchanged):
            told["telegram"] = telegram
        with self._database.write() as connection:
            people.lock_all(connection)
            card = self._card(connection, name)
            changed = replace(card.person, **told)
            self._check(changed)
            self._keep_an_admin(connection, card, changed.role)
            columns = _columns(changed)
            if not isinstance(email, Unchanged):
                columns |= {"email": _address(email), "subject": None}
            self._check_free(connection, name, columns)
            people.change(connection, name, **columns)
            self._note(connection, "person changed", name, _said(card, columns), by=by)
        return changed

    def end(self, name: str, *, by: str, why: str = "") -> None:
        """They are out from this moment on, in every browser. Raises :exc:`Refused`, :exc:`NotFound`."""
        with self._database.write() as connection:
            people.lock_all(connection)
            card = self._card(connection, name)
            self._keep_an_admin(connection, card, None)
            gone: dict[str, Any] = dict.fromkeys(("password", "totp", "telegram", "email", "subject"))
            people.change(connection, name, ended_at=self._now(), recovery={}, **gone)
            sessions.end_all(connection, name)
            people.void(connection, name)
            self._note(connection, "person ended", name, why, by=by)

    def reset(self, name: str, *, by: str, second_factor: bool = False) -> str:
        """A link for a new password, or once more to join; with ``second_factor`` theirs is taken off as well.

        Raises :exc:`NotFound`. Until the link is used the old password is good.
        """
        with self._database.write() as connection:
            card = self._card(connection, name)
            if second_factor:
                self._factor.dropped(connection, name, by=by)
                sessions.end_all(connection, name)
            purpose = "reset" if card.joined_at else "invite"
            self._note(connection, f"link to {purpose}", name, "", by=by)
            made = self._ticket(connection, purpose, name, by=by)
        return self.link("password" if purpose == "reset" else "invitation", made)

    def listed(self) -> Sequence[Shown]:
        with self._database.read() as connection:
            return [self._shown(connection, card) for card in people.listed(connection)]

    def called(self, name: str) -> Shown:
        """Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            card = people.find(connection, name)
            if card is None:
                raise NotFound("nobody is called {name!r}; `syndicator user list`", name=name)
            return self._shown(connection, card)

    def by_telegram(self, number: int) -> Person | None:
        """Who writes with this numeric id; None: a stranger, or one who may not any more."""
        with self._database.read() as connection:
            card = people.known_by(connection, telegram=number)
        return card.person if card and card.active else None

    def sweep(self) -> None:
        with self._database.write() as connection:
            people.sweep(connection, self._now() - KEPT)
        self.reception.sweep()

    # Links

    def invited(self, token: str) -> tuple[Person, str]:
        """Whom a link is for, and what for: "invite", "reset". It is not used by this. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            card, ticket = self._opened(connection, token)
        return card.person, ticket.purpose

    def accept(self, token: str, password: str, *, place: str, browser: str) -> Opened:
        """Join, or take a new password; the link is used by this, and they are let in as after a password.

        Raises :exc:`NotFound`, :exc:`~.passwords.Weak`.
        """
        person, purpose = self.invited(token)
        check(password, self._own_words(person.name))
        made = self._hasher.of(password)
        with self._database.write() as connection:
            if not people.use(connection, token, self._now()):
                raise NotFound(CUT)
            self._joined(connection, person.name, purpose, password=made)
            card = self._card(connection, person.name)
            return self.reception.open(connection, card, way="password", place=place, browser=browser)

    def _joined(self, connection: Connection, name: str, purpose: str, **values: Any) -> None:
        card = self._card(connection, name)
        people.change(connection, name, joined_at=card.joined_at or self._now(), **values)
        sessions.end_all(connection, name)
        people.void(connection, name)
        what = "person joined" if purpose == "invite" else "password changed"
        self._note(connection, what, name, "by a link", by=name)

    def telegram_code(self, name: str) -> str:
        """A code that they send to the bot within a quarter of an hour: then it knows them. Raises :exc:`NotFound`."""
        code = b32encode(self._chance(CODE_BYTES)).decode().lower()
        with self._database.write() as connection:
            self._card(connection, name)
            people.add_ticket(connection, code, self._about("telegram", name, by=name))
        return code

    def know_telegram(self, code: str, number: int) -> Person:
        """From here on this numeric id is theirs who were given the code. Raises :exc:`NotFound`, :exc:`Refused`."""
        code = code.strip().lower()
        with self._database.write() as connection:
            card, _ = self._opened(connection, code, "telegram")
            name = card.person.name
            self._check_free(connection, name, {"telegram": number})
            if not people.use(connection, code, self._now()):
                raise NotFound(CUT)
            people.change(connection, name, telegram=number)
            self._note(connection, "person changed", name, "telegram", by=name)
        return replace(card.person, telegram=number)

    def link(self, page: str, token: str) -> str:
        return self._address(f"{page}/{token}")

    def _address(self, path: str) -> str:
        return f"{self._settings.newsroom.public_url.rstrip('/')}/console/{path}"

    # Inside

    def _opened(self, connection: Connection, token: str, *purposes: str) -> tuple[Card, Ticket]:
        ticket = people.ticket(connection, token)
        if ticket is None or ticket.used_at or ticket.expires_at <= self._now():
            raise NotFound(CUT)
        if ticket.purpose not in (purposes or ("invite", "reset")):
            raise NotFound(CUT)
        return self._card(connection, ticket.person), ticket

    def _ticket(self, connection: Connection, purpose: str, name: str, *, by: str) -> str:
        token = urlsafe_b64encode(self._chance(TOKEN_BYTES)).decode()
        people.add_ticket(connection, token, self._about(purpose, name, by=by))
        return token

    def _about(self, purpose: str, name: str, *, by: str) -> Ticket:
        now = self._now()
        return Ticket(purpose=purpose, person=name, by=by, at=now, expires_at=now + LIVES[purpose])

    def _card(self, connection: Connection, name: str) -> Card:
        """Of one who was not ended. Raises :exc:`NotFound`."""
        card = people.find(connection, name, lock=True)
        if card is None or card.ended_at:
            raise NotFound("nobody who may come in is called {name!r}; `syndicator user list`", name=name)
        return card

    def _add(self, connection: Connection, card: Card, what: str) -> None:
        name = card.person.name
        self._check_free(connection, name, {"email": card.email, "telegram": card.person.telegram})
        if not people.add(connection, card):
            raise Refused(
                "somebody was called {name!r} before; the audit trail knows them by it, take another name",
                name=name,
            )
        self._note(connection, what, name, f"as {card.person.role}", by=card.by)

    def _check(self, person: Person) -> None:
        if not NAME.fullmatch(person.name) or person.name in OURS:
            raise Refused(
                "{name!r} is no name for a person; write small letters, digits and hyphens",
                name=person.name,
            )
        if person.language not in LANGUAGES:
            raise Refused(
                "the console does not speak {language!r}; it speaks {known}",
                language=person.language,
                known=", ".join(LANGUAGES),
            )
        known: Mapping[str, tuple[frozenset[str], Sequence[str]]] = {
            "channel": (person.channels, list(self._settings.channels)),
            "language": (person.languages, self._settings.newsroom.languages),
        }
        for what, (told, ours) in known.items():
            for one in sorted(told - set(ours)):
                raise Refused(NO_SUCH[what], name=one, known=", ".join(ours))

    def _check_free(self, connection: Connection, name: str, told: Mapping[str, Any]) -> None:
        if column := people.taken(connection, name, told):
            raise Refused("somebody else has this {column} already; `syndicator user list`", column=column)

    def _keep_an_admin(self, connection: Connection, card: Card, role: Role | None) -> None:
        if card.person.role is not Role.ADMIN or role is Role.ADMIN or not card.active:
            return
        others = (
            one for one in people.listed(connection) if one.active and one.person.name != card.person.name
        )
        if not any(one.person.role is Role.ADMIN for one in others):
            raise Refused("{name} is the last admin; make somebody else one first", name=card.person.name)

    def _shown(self, connection: Connection, card: Card) -> Shown:
        waiting = people.waiting(connection, card.person.name, "invite", self._now())
        inside = [one for one in sessions.of(connection, card.person.name) if not one.waits_for]
        return Shown(
            person=card.person,
            email=card.email,
            joined_at=card.joined_at,
            ended_at=card.ended_at,
            invited_until=waiting.expires_at if waiting else None,
            second_factor=bool(card.totp),
            signed_in=len(inside),
            since=card.since,
            by=card.by,
        )

    def _own_words(self, name: str) -> list[str]:
        """What those who guess know of this newsroom and of this person."""
        told = self._settings
        hosts = [urlsplit(url).hostname or "" for url in (told.newsroom.url, told.newsroom.public_url)]
        names = [told.newsroom.name, *hosts, *told.channels, *told.newsletters, name]
        return [word for one in names for word in (one, *re.split(r"[\W_]+", one))]

    def _note(self, connection: Connection, what: str, about: str, why: str, *, by: str) -> None:
        brakes.note(connection, who=by, what=what, about=about, why=why, now=self._now())


def _address(email: str | None) -> str | None:
    return checked_address(email).casefold() if email else None


def _columns(person: Person) -> dict[str, Any]:
    return {
        "role": person.role.value,
        "language": str(person.language),
        "channels": sorted(person.channels),
        "languages": sorted(person.languages),
        "telegram": person.telegram,
    }


def _said(card: Card, columns: Mapping[str, Any]) -> str:
    """What became otherwise."""
    before = {**_columns(card.person), "email": card.email}
    return ", ".join(f"{key}: {value}" for key, value in columns.items() if before.get(key, value) != value)


def role_called(name: str) -> Role:
    """Raises :exc:`Refused`."""
    if name not in list(Role):
        raise Refused("there is no role {name!r}; there are: {known}", name=name, known=", ".join(Role))
    return Role(name)


def person(
    name: str, role: str, language: str = "en", channels: Sequence[str] = (), languages: Sequence[str] = ()
) -> Person:
    """Of what a face was told. Raises :exc:`Refused`."""
    return Person(
        name=name,
        role=role_called(role),
        language=Language(language),
        channels=frozenset(channels),
        languages=frozenset(languages),
    )

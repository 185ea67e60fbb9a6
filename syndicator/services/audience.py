"""Readers: who wishes which newsletter, in which language, and their leaving."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syndicator.errors import NotFound, Refused, sentence
from syndicator.model import Consent, Reason, Subscriber, SubscriberId
from syndicator.storage import brakes, orders, readers
from syndicator.storage.database import Connection, Database
from syndicator.text.addresses import CONTROL, checked_address, checked_name
from syndicator.tokens import Keys, verify

COMPLAINT = readers.COMPLAINT
SPAM = sentence("{address} called a mail spam; nobody here can take that back")
GONE = sentence("{address} asked to be erased; nobody here can take that back")
SUPPRESSED = sentence("{address} is suppressed (bounced or complained) and gets no mail")


class Memory(Protocol):
    """What is kept outside the database: a reader's word is on the disk there, before the database hears of it."""

    def hash(self, address: str) -> str: ...
    def left(self, address: str, newsletter: str, at: datetime) -> None: ...
    def suppressed(self, address: str, why: str, at: datetime) -> None: ...
    def lifted(self, address: str, at: datetime) -> None: ...
    def erased(self, address: str, at: datetime) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants a newsletter in a language."""

    address: str
    language: str
    newsletter: str
    name: str = ""
    proof: str  # where the consent comes from


def subscribe(
    database: Database,
    wishes: Iterable[Wish],
    *,
    memory: Memory,
    languages: Sequence[str],
    now: datetime,
    by: str = "",
) -> int:
    """Write confirmed wishes down, all or none; returns how many are new. ``by``: whose change it is, for the audit
    trail.

    Raises :exc:`Refused` for an address or a language that cannot be, and for one who complained, bounced or asked
    to be erased.
    """
    new = 0
    with database.write() as connection:
        for wish in wishes:
            address, name = checked_address(wish.address), checked_name(wish.name)
            if CONTROL.search(wish.proof):
                raise Refused("the proof holds a line break or another control character")
            if wish.language not in languages:
                raise Refused(
                    "{name} has no language {language!r}; it has: {known}",
                    name=wish.newsletter,
                    language=wish.language,
                    known=", ".join(languages),
                )
            hashed = memory.hash(address)
            _must_not_be_barred(connection, address, hashed)
            who = readers.add(
                connection,
                address,
                name=name,
                language=wish.language,
                now=now,
                hashed=hashed,
            )
            stood = readers.standing_of(connection, who, wish.newsletter)
            stands = readers.consent(
                connection, who, wish.newsletter, Consent.GIVEN, now=now, proof=wish.proof
            )
            if stands is Consent.SUPPRESSED:
                raise Refused(SUPPRESSED, address=address)
            new += stood is not Consent.GIVEN
            if by:
                said = f"{wish.newsletter}; {wish.proof}"
                brakes.note(connection, who=by, what="subscribe", about=_shortly(hashed), why=said, now=now)
    return new


def _must_not_be_barred(connection: Connection, address: str, hashed: str) -> None:
    """Raises :exc:`Refused`."""
    match readers.barred(connection, {hashed}).get(hashed):
        case Reason.ERASED:
            raise Refused(
                "{address} asked to be erased; nobody but the reader can come back from that", address=address
            )
        case Reason.SUPPRESSED:
            raise Refused(SUPPRESSED, address=address)


def suppress(database: Database, address: str, why: str, *, memory: Memory, by: str, now: datetime) -> None:
    """No mail to this address any more, whoever imports it again. Also for one who is no reader. Twice is once.

    Raises :exc:`Refused` for what is no address.
    """
    address = checked_address(address)
    hashed = memory.hash(address)
    with database.read() as connection:
        if readers.barred(connection, {hashed}):
            return
    memory.suppressed(address, why, now)
    with database.write() as connection:
        readers.bar(connection, hashed, Reason.SUPPRESSED, why=why, at=now)
        reader = readers.find(connection, address)
        if reader:
            readers.suppress(connection, reader.id, now=now, proof=why)
        brakes.note(connection, who=by, what="suppress", about=_shortly(hashed), why=why, now=now)


def unsuppress(database: Database, address: str, why: str, *, memory: Memory, by: str, now: datetime) -> None:
    """Take a suppression off that a bounce or a person put on. Nothing goes out by it: who had newsletters counts as
    one who left, and may come back.

    Raises :exc:`Refused` for one who called a mail spam or asked to be erased, :exc:`NotFound` for one who is not
    suppressed.
    """
    address = checked_address(address)
    hashed = memory.hash(address)
    with database.read() as connection:
        bar = readers.bar_of(connection, hashed)
    if bar is None:
        raise NotFound("{address} is not suppressed", address=address)
    if bar.reason is not Reason.SUPPRESSED or bar.why == COMPLAINT:
        raise Refused(SPAM if bar.reason is Reason.SUPPRESSED else GONE, address=address)
    memory.lifted(address, now)
    with database.write() as connection:
        readers.unbar(connection, hashed, now=now, proof=f"suppression taken off by {by}: {why}")
        brakes.note(connection, who=by, what="unsuppress", about=_shortly(hashed), why=why, now=now)


def complain(database: Database, address: str, *, memory: Memory, by: str, now: datetime) -> None:
    """The reader called a mail of ours spam."""
    suppress(database, address, COMPLAINT, memory=memory, by=by, now=now)


def erase(database: Database, address: str, *, memory: Memory, by: str, now: datetime) -> None:
    """Forget a reader; what stays is a keyed hash by which no import brings them back. Twice is once.

    Raises :exc:`NotFound` for one who is neither a reader nor erased already.
    """
    address = checked_address(address)
    hashed = memory.hash(address)
    with database.read() as connection:
        reader = readers.find(connection, address)
        if reader is None and readers.barred(connection, {hashed}).get(hashed) is Reason.ERASED:
            return
    if reader is None:
        raise NotFound("{address} is no reader; nothing is known that could be erased", address=address)
    memory.erased(address, now)
    with database.write() as connection:
        readers.bar(connection, hashed, Reason.ERASED, why="", at=now)
        readers.erase(connection, reader.id, now=now)
        orders.forget_about(connection, reader.address)
        brakes.note(connection, who=by, what="erase", about=_shortly(hashed), why="", now=now)


def _shortly(hashed: str) -> str:
    """For the audit trail, which is never changed: no address may stand there."""
    return f"address {hashed[:12]}"


def leave(
    database: Database,
    address: str,
    newsletter: str,
    *,
    memory: Memory,
    now: datetime,
    proof: str,
    by: str = "",
) -> None:
    """End a subscription. Raises :exc:`NotFound` for who never subscribed."""
    with database.read() as connection:
        who = readers.find(connection, address)
        if who is None or readers.standing_of(connection, who.id, newsletter) is None:
            raise NotFound(
                "{address} does not subscribe to {newsletter}", address=address, newsletter=newsletter
            )
    memory.left(who.address, newsletter, now)
    with database.write() as connection:
        readers.consent(connection, who.id, newsletter, Consent.WITHDRAWN, now=now, proof=proof)
        if by:
            about = _shortly(memory.hash(who.address))
            brakes.note(connection, who=by, what="leave", about=about, why=newsletter, now=now)


def subscription_of(database: Database, keys: Keys, token: str) -> tuple[Subscriber, str]:
    """Whose subscription a mail's own link is about: reader and newsletter. Raises :exc:`NotFound`."""
    facts = verify(keys, "leave", token)
    if facts is None or len(facts) != 2 or not facts[0].isdigit():
        raise NotFound("this link is not one of ours, or it was cut on its way")
    who, newsletter = SubscriberId(int(facts[0])), facts[1]
    with database.read() as connection:
        found = readers.by_number(connection, who)
        if found is None or readers.standing_of(connection, who, newsletter) is None:
            raise NotFound("this subscription is no longer on record; no mail goes out for it")
    return found, newsletter


def leave_by_token(
    database: Database, keys: Keys, token: str, *, memory: Memory, now: datetime
) -> tuple[str, str]:
    """End the subscription that a link names; returns newsletter and language. Twice is once."""
    who, newsletter = subscription_of(database, keys, token)
    memory.left(who.address, newsletter, now)
    with database.write() as connection:
        readers.consent(
            connection, who.id, newsletter, Consent.WITHDRAWN, now=now, proof="the link in a mail"
        )
    return newsletter, who.language

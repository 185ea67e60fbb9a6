"""Readers: who wishes which newsletter, in which language, and their leaving."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from email_validator import EmailNotValidError, validate_email

from syndicator.errors import NotFound, Refused
from syndicator.model import Consent, Subscriber, SubscriberId
from syndicator.storage import readers
from syndicator.storage.database import Database
from syndicator.tokens import Keys, verify

Remember = Callable[[str, str, datetime], None]  # address, newsletter, when: kept outside the database first
COLUMNS = ("address", "name", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody wants a newsletter in a language."""

    address: str
    language: str
    newsletter: str
    name: str = ""
    proof: str  # where the consent comes from


def subscribe(
    database: Database, wishes: Iterable[Wish], *, languages: Sequence[str], timezone: str, now: datetime
) -> int:
    """Write confirmed wishes down, all or none; returns how many are new.

    Raises :exc:`Refused` for an address or a language that cannot be, and for one who complained or bounced.
    """
    new = 0
    with database.write() as connection:
        for wish in wishes:
            address = checked_address(wish.address)
            if wish.language not in languages:
                raise Refused(
                    f"{wish.newsletter} has no language {wish.language!r}; it has: {', '.join(languages)}"
                )
            who = readers.add(
                connection, address, name=wish.name, language=wish.language, timezone=timezone, now=now
            )
            stood = readers.standing_of(connection, who, wish.newsletter)
            stands = readers.consent(
                connection, who, wish.newsletter, Consent.GIVEN, now=now, proof=wish.proof
            )
            if stands is Consent.SUPPRESSED:
                raise Refused(f"{address} is suppressed (bounced or complained) and gets no mail")
            new += stood is not Consent.GIVEN
    return new


def leave(
    database: Database, address: str, newsletter: str, *, remember: Remember, now: datetime, proof: str
) -> None:
    """End a subscription. Raises :exc:`NotFound` for who never subscribed."""
    with database.write() as connection:
        who = readers.find(connection, address)
        if who is None or readers.standing_of(connection, who.id, newsletter) is None:
            raise NotFound(f"{address} does not subscribe to {newsletter}")
        remember(who.address, newsletter, now)
        readers.consent(connection, who.id, newsletter, Consent.WITHDRAWN, now=now, proof=proof)


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
    database: Database, keys: Keys, token: str, *, remember: Remember, now: datetime
) -> tuple[str, str]:
    """End the subscription that a link names; returns newsletter and language. Twice is once."""
    who, newsletter = subscription_of(database, keys, token)
    remember(who.address, newsletter, now)
    with database.write() as connection:
        readers.consent(
            connection, who.id, newsletter, Consent.WITHDRAWN, now=now, proof="the link in a mail"
        )
    return newsletter, who.language


def read_csv(
    file: TextIO, name: str, *, newsletter: str, proof: str, seen: Callable[[int], None] = lambda line: None
) -> Iterator[Wish]:
    """Wishes from a CSV with the columns address, language and, if you like, name. Raises :exc:`Refused`."""
    rows = csv.DictReader(file)
    missing = {"address", "language"} - set(rows.fieldnames or ())
    if missing:
        raise Refused(
            f"{name}, line 1: the column {sorted(missing)[0]!r} is missing; write: {','.join(COLUMNS)}"
        )
    for row in rows:
        try:
            address = checked_address(row["address"] or "")
        except Refused as error:
            raise Refused(f"{name}, line {rows.line_num}: {error}; nothing was imported") from error
        seen(rows.line_num)
        yield Wish(
            address=address,
            language=(row["language"] or "").strip(),
            name=(row.get("name") or "").strip(),
            newsletter=newsletter,
            proof=proof,
        )


def checked_address(address: str) -> str:
    """The address as it can be written to, without asking the network. Raises :exc:`Refused`."""
    try:
        return validate_email(address.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise Refused(f"{address!r} is no mail address: {error}") from error

"""How many readers came and went: numbers by day, newsletter and language, kept up with each change of a wish.

Nobody stands here. What comes less what goes is how many readers there are, at any day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlalchemy import Connection, func, select

from syndicator.model import Consent, SubscriberId

from .schema import returned, subscribers, subscriptions, turnout
from .statements import dialect


class Turn(StrEnum):
    ASKED = "asked"  # a confirmation was mailed
    CONFIRMED = "confirmed"
    ADDED = "added"  # by a list, or by hand
    LEFT = "left"
    SUPPRESSED = "suppressed"  # their mail came back, or somebody said so
    COMPLAINED = "complained"
    ERASED = "erased"
    MOVED = "moved"  # to another language: -1 in the old one


CAME = (Turn.CONFIRMED, Turn.ADDED)
GONE = (Turn.LEFT, Turn.SUPPRESSED, Turn.COMPLAINED, Turn.ERASED)
Key = tuple[str, str, Turn]  # newsletter, language, what


def add(connection: Connection, found: Mapping[Key, int], now: datetime) -> None:
    """Count. Always in the same order: two at once wait for each other and never in a ring."""
    day = day_of(now)
    rows = [
        {"day": day, "newsletter": newsletter, "language": language, "what": what.value, "number": number}
        for (newsletter, language, what), number in sorted(found.items())
        if number
    ]
    if rows:
        statement = dialect(connection).insert(turnout).values(rows)
        more = {"number": turnout.c.number + statement.excluded.number}
        connection.execute(
            statement.on_conflict_do_update(index_elements=list(turnout.primary_key), set_=more)
        )


def day_of(moment: datetime) -> str:
    """2026-03-01, UTC."""
    return moment.astimezone(UTC).date().isoformat()


def turned(before: Consent | None, after: Consent) -> Turn | None:
    """What a change of one wish counts as."""
    if after is Consent.GIVEN:
        return Turn.CONFIRMED if before is Consent.ASKED else Turn.ADDED
    if after is Consent.ASKED:
        return Turn.ASKED
    return Turn.LEFT if before is Consent.GIVEN else None


def count_one(connection: Connection, who: SubscriberId, newsletter: str, turn: Turn, now: datetime) -> None:
    language = connection.execute(select(subscribers.c.language).where(subscribers.c.id == who)).scalar_one()
    add(connection, {(newsletter, language, turn): 1}, now)


def count_out(connection: Connection, who: SubscriberId, turn: Turn, now: datetime) -> None:
    """All that a reader has comes to its end. Before it does."""
    language, given = _stands(connection, who)
    add(connection, {(newsletter, language, turn): 1 for newsletter in given}, now)


def count_moved(connection: Connection, who: SubscriberId, language: str, now: datetime) -> None:
    """The reader's language changes. Before it does."""
    old, given = _stands(connection, who)
    if old != language:
        moved = {(one, code, Turn.MOVED): n for one in given for code, n in ((old, -1), (language, 1))}
        add(connection, moved, now)


def _stands(connection: Connection, who: SubscriberId) -> tuple[str, list[str]]:
    """A reader's language, and what they have."""
    language = connection.execute(select(subscribers.c.language).where(subscribers.c.id == who)).scalar_one()
    ours = (subscriptions.c.subscriber == who, subscriptions.c.consent == Consent.GIVEN.value)
    return language, list(connection.execute(select(subscriptions.c.newsletter).where(*ours)).scalars())


def languages_of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    query = select(subscribers.c.id, subscribers.c.language).where(subscribers.c.id.in_(list(numbers)))
    return {row.id: row.language for row in connection.execute(query)}


# Reading


def days(connection: Connection, since: str, newsletter: str, language: str) -> dict[str, Counter[Turn]]:
    """By day from this one on, of a newsletter and a language, or all."""
    c = turnout.c
    query = select(c.day, c.what, func.sum(c.number)).where(c.day >= since).group_by(c.day, c.what)
    query = query.where(c.newsletter == newsletter) if newsletter else query
    query = query.where(c.language == language) if language else query
    found: dict[str, Counter[Turn]] = {}
    for day, what, number in connection.execute(query):
        found.setdefault(day, Counter())[Turn(what)] = int(number)
    return found


def standing(connection: Connection) -> dict[tuple[str, str], int]:
    """How many readers there are, by newsletter and language."""
    c, found = turnout.c, Counter[tuple[str, str]]()
    query = select(c.newsletter, c.language, c.what, func.sum(c.number))
    for newsletter, language, what, number in connection.execute(
        query.group_by(c.newsletter, c.language, c.what)
    ):
        found[newsletter, language] += int(number) * sign(Turn(what))
    return {key: number for key, number in sorted(found.items()) if number}


def sign(turn: Turn) -> int:
    return 1 if turn in CAME or turn is Turn.MOVED else -1 if turn in GONE else 0


def chosen(connection: Connection) -> list[tuple[str, str, str, int]]:
    """Newsletter, topics, frequency, and how many readers chose so. It looks at every wish: not while somebody
    waits."""
    c = subscriptions.c
    query = select(c.newsletter, c.topics, c.frequency, func.count()).where(c.consent == Consent.GIVEN.value)
    return [tuple(row) for row in connection.execute(query.group_by(c.newsletter, c.topics, c.frequency))]


def came_back(connection: Connection, kinds: Collection[str], since: datetime) -> dict[str, Counter[str]]:
    """By day, UTC: of each kind how many mails came back."""
    sqlite = connection.dialect.name == "sqlite"
    day = (
        func.substr(returned.c.at, 1, 10)
        if sqlite
        else func.to_char(func.timezone("UTC", returned.c.at), "YYYY-MM-DD")
    )
    mine = (returned.c.kind.in_(list(kinds)), returned.c.at >= since)
    found: dict[str, Counter[str]] = {}
    for told, kind, number in connection.execute(
        select(day, returned.c.kind, func.count()).where(*mine).group_by(day, returned.c.kind)
    ):
        found.setdefault(told, Counter())[kind] = number
    return found


def every_day(since: date, until: date) -> list[str]:
    return [date.fromordinal(one).isoformat() for one in range(since.toordinal(), until.toordinal() + 1)]

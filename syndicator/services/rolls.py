"""Whole lists of readers, in and out: CSV, a row at a time, so that a million rows need no more memory than ten.

A list comes in as consent that somebody else took; where from has to be said. It never brings back who left,
complained, bounced or was erased. Nothing of a file is written before all of it was read once and found good; then it
is written in batches, so that nobody waits for long, and a run that was cut short is simply run again.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from syndicator.errors import Refused
from syndicator.model import Consent, Reason
from syndicator.storage import enrolment, readers
from syndicator.storage.database import Database
from syndicator.storage.enrolment import Enrolled
from syndicator.text.addresses import CONTROL, checked_address

COLUMNS = ("address", "name", "language")
OUT = ("address", "name", "language", "newsletter", "consent", "since", "topics", "frequency", "proof")
BATCH = 2000  # rows in one commit
FIELD_MAX = 500  # characters
FORMULA = "=+-@\t\r"  # what a spreadsheet would work out (OWASP, CSV injection)
_WHY_NOT = {
    Consent.WITHDRAWN: "left; only the reader can come back",
    Consent.SUPPRESSED: "is suppressed (bounced or complained) and gets no mail",
    Reason.ERASED: "asked to be erased; only the reader can come back",
    Reason.SUPPRESSED: "is suppressed (bounced or complained) and gets no mail",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that is not taken, and why."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    read: int = 0
    new: int = 0
    known: int = 0  # they have it already; nothing of theirs is changed
    refused: int = 0


def rows(
    file: TextIO, name: str, *, newsletter: str, languages: Sequence[str], proof: str
) -> Iterator[Enrolled | Refusal]:
    """Each row of the file, checked by itself. Raises :exc:`Refused` for a file without the columns it needs."""
    csv.field_size_limit(100_000)
    read = csv.DictReader(file)
    missing = {"address", "language"} - set(read.fieldnames or ())
    if missing:
        columns = ",".join(COLUMNS)
        raise Refused(f"{name}, line 1: the column {sorted(missing)[0]!r} is missing; write: {columns}")
    try:
        for row in read:
            yield _row(row, read.line_num, newsletter=newsletter, languages=languages, proof=proof)
    except csv.Error as error:
        raise Refused(f"{name}, line {read.line_num}: {error}; nothing was imported") from error


def _row(
    row: Mapping[str, str | None], line: int, *, newsletter: str, languages: Sequence[str], proof: str
) -> Enrolled | Refusal:
    told = {
        field: (value or "").strip()
        for field, value in row.items()
        if field and isinstance(value, str | None)
    }
    address, shown = told["address"].removeprefix("'"), told.get("name", "")
    if reason := _fault(told, shown, newsletter, languages):
        return Refusal(line, address, reason)
    try:
        checked = checked_address(address)
    except Refused as error:
        return Refusal(line, address, str(error))
    own = told.get("proof", "")
    return Enrolled(
        line=line,
        address=checked,
        key=readers.key(checked),
        name=shown,
        language=told["language"],
        proof=f"{proof}; {own}" if own else proof,
    )


def _fault(told: Mapping[str, str], shown: str, newsletter: str, languages: Sequence[str]) -> str:
    if max(map(len, told.values())) > FIELD_MAX:
        return f"a field has more than {FIELD_MAX} characters"
    if CONTROL.search("".join(told.values())):
        return "a field holds a line break or another control character"
    if shown.startswith(tuple(FORMULA)):
        return f"the name {shown!r} is a formula"
    if told["language"] not in languages:
        return f"{newsletter} has no language {told['language']!r}; it has: {', '.join(languages)}"
    if told.get("consent", Consent.GIVEN.value) != Consent.GIVEN.value:
        return f"its consent is {told['consent']!r}"
    if told.get("newsletter", newsletter) != newsletter:
        return f"it is for {told['newsletter']}"
    return ""


def take_file(
    database: Database,
    file: Path,
    newsletter: str,
    *,
    languages: Sequence[str],
    proof: str,
    seen: Callable[[int], None],
    **more: Any,
) -> Counts:
    """As :func:`take_in` does, from a CSV in UTF-8; ``seen`` hears of how many octets were read.

    Raises :exc:`Refused` for a file that is no such list.
    """
    read = 0

    def go_on(rows: int) -> None:
        nonlocal read
        at = raw.tell()
        seen(at - read)
        read = at

    try:
        with file.open("rb") as raw, TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
            told = rows(lines, str(file), newsletter=newsletter, languages=languages, proof=proof)
            return take_in(database, told, newsletter, seen=go_on, **more)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file}: it cannot be read as UTF-8 text: {error}; nothing was imported") from error


def take_in(
    database: Database,
    found: Iterable[Enrolled | Refusal],
    newsletter: str,
    *,
    hashed: Callable[[str], str],
    timezone: str,
    now: datetime,
    write: bool,
    refused: Callable[[Refusal], None],
    seen: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """Enrol readers who consented, batch by batch; without ``write`` only say what would come of it.

    ``refused`` hears of each row that is not taken, ``seen`` of how many rows were looked at.
    """
    counts, waiting = Counts(), iter(found)
    while batch := list(islice(waiting, BATCH)):
        bad = [one for one in batch if isinstance(one, Refusal)]
        good = {one.key: one for one in batch if isinstance(one, Enrolled)}
        doubles = len(batch) - len(bad) - len(good)
        for row in good.values():
            row.hashed = hashed(row.address)
        with database.write() if write else database.read() as connection:
            stands, numbers = enrolment.standing(connection, newsletter, list(good.values()))
            bad += [
                Refusal(good[key].line, good[key].address, _WHY_NOT[stand])
                for key, stand in stands.items()
                if stand in _WHY_NOT
            ]
            fresh = [one for key, one in good.items() if stands.get(key) in {None, Consent.ASKED}]
            if write:
                asked = {key for key, stand in stands.items() if stand is Consent.ASKED}
                enrolment.enrol(connection, newsletter, fresh, numbers, asked, timezone=timezone, now=now)
        for one in sorted(bad, key=lambda one: one.line):
            refused(one)
        known = sum(stand is Consent.GIVEN for stand in stands.values())
        counts = Counts(
            read=counts.read + len(batch),
            new=counts.new + len(fresh),
            known=counts.known + known + doubles,
            refused=counts.refused + len(bad),
        )
        seen(len(batch))
    return counts


def give_out(
    database: Database,
    file: TextIO,
    newsletter: str | None,
    consent: Consent | None,
    seen: Callable[[int], None] = lambda rows: None,
) -> int:
    """Every subscription as CSV; a field that a spreadsheet would work out gets an apostrophe before it."""
    write = csv.writer(file)
    write.writerow(OUT)
    after: tuple[int, str] = (0, "")
    number = 0
    while True:
        with database.read() as connection:
            page = enrolment.page(connection, newsletter, consent, after=after, limit=BATCH)
        if not page:
            return number
        write.writerows([_defused(str(one[field])) for field in OUT] for one in page)
        after = (int(str(page[-1]["id"])), str(page[-1]["newsletter"]))
        number += len(page)
        seen(len(page))


def _defused(field: str) -> str:
    return f"'{field}" if field.startswith(tuple(FORMULA)) else field

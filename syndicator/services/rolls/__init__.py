"""Whole lists of readers, in and out: CSV, a row at a time, so that a million rows need no more memory than ten.

A list comes in as consent that somebody else took; where from has to be said. It never brings back who left,
complained, bounced or was erased. Nothing of a file is written before all of it was read once and found good; then it
is written in batches, so that nobody waits for long. Each batch is whole or not there at all, and with it stands how
far it went: a run that was cut short is told of, and the same list once more finishes it. Who is there already stays.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from syndicator.errors import Phrase, Refused
from syndicator.model import Consent, Frequency, Reason
from syndicator.storage import brakes, enrolment, readers
from syndicator.storage.database import Database
from syndicator.storage.enrolment import Enrolled
from syndicator.storage.wishes import written_topics
from syndicator.text.addresses import CONTROL, checked_address

COLUMNS = ("address", "name", "language")
WISHES = ("zone", "topics", "frequency", "breaking")  # columns that a list may have as well
OUT = ("address", "name", "language", "newsletter", "consent", "since", *WISHES, "proof")
BREAKING = {"": None, "yes": True, "no": False}
BATCH = 10_000  # rows in one commit: half a second; with fewer the same pages are written again and again
PAGE = 2000  # rows of an export at a time
FIELD_MAX = 500  # characters
FORMULA = "=+-@\t\r"  # what a spreadsheet would work out (OWASP, CSV injection)
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_IMPORT = "import:"  # the override that says how far a list went, by newsletter
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

    @property
    def sort(self) -> str:
        """The reason without what is this row's own, to be counted by."""
        return _OWN.sub("…", self.reason).partition(";")[0].partition(": ")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A list whose writing was cut short."""

    file: str
    rows: int  # that are in
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    read: int = 0
    new: int = 0
    known: int = 0  # they have it already; nothing of theirs is changed
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What readers of a newsletter may choose."""

    newsletter: str
    languages: Sequence[str]
    zones: Collection[str] = ()
    topics: Collection[str] = ()


def rows(file: TextIO, name: str, *, offer: Offer, proof: str) -> Iterator[Enrolled | Refusal]:
    """Each row of the file, checked by itself. Raises :exc:`Refused` for a file without the columns it needs."""
    csv.field_size_limit(100_000)
    read = csv.DictReader(file)
    if fault := _head(read.fieldnames or ()):
        raise Refused("{name}, line 1: {fault}; nothing was imported", name=name, fault=fault)
    try:
        for row in read:
            yield _row(row, read.line_num, offer=offer, proof=proof)
    except csv.Error as error:
        raise Refused(
            "{name}, line {number}: {error}; nothing was imported",
            name=name,
            number=read.line_num,
            error=error,
        ) from error


def _head(columns: Sequence[str]) -> Phrase | None:
    """What is wrong with the first line, and what to write."""
    line, wanted = ",".join(columns), ",".join(COLUMNS)
    if not line.strip():
        return Phrase("it is empty; write: {wanted}", wanted=wanted)
    if "address" not in columns and (found := next((one for one in _SEPARATORS if one in line), None)):
        return Phrase(
            "its columns stand between {mark}; save it with commas between them", mark=_SEPARATORS[found]
        )
    if any("@" in one for one in columns):
        return Phrase(
            "it is a reader already; write the names of the columns before it: {wanted}", wanted=wanted
        )
    if missing := [one for one in ("address", "language") if one not in columns]:
        return Phrase("the column {name!r} is missing; write: {wanted}", name=missing[0], wanted=wanted)
    doubled = next((one for one in columns if columns.count(one) > 1), None)
    return Phrase("there are two columns {name!r}; leave one", name=doubled) if doubled else None


def _row(row: Mapping[str | None, Any], line: int, *, offer: Offer, proof: str) -> Enrolled | Refusal:
    told = {field: (value or "").strip() for field, value in row.items() if field is not None}
    address, shown = told["address"].removeprefix("'"), told.get("name", "")
    if reason := "it has more fields than line 1" * (None in row) or _fault(told, shown, offer):
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
        zone=told.get("zone", ""),
        topics=written_topics(_topics(told)),
        frequency=told.get("frequency", "") or Frequency.EVERY.value,
        breaking=BREAKING[told.get("breaking", "")],
    )


def _topics(told: Mapping[str, str]) -> list[str]:
    return [one.strip() for one in told.get("topics", "").split(",") if one.strip()]


def _fault(told: Mapping[str, str], shown: str, offer: Offer) -> str:
    if max(map(len, told.values())) > FIELD_MAX:
        return f"a field has more than {FIELD_MAX} characters"
    if CONTROL.search("".join(told.values())):
        return "a field holds a line break or another control character"
    if shown.startswith(tuple(FORMULA)):
        return f"the name {shown!r} is a formula"
    if told["language"] not in offer.languages:
        return (
            f"{offer.newsletter} has no language {told['language']!r}; it has: {', '.join(offer.languages)}"
        )
    if told.get("consent", Consent.GIVEN.value) != Consent.GIVEN.value:
        return f"its consent is {told['consent']!r}"
    if told.get("newsletter", offer.newsletter) != offer.newsletter:
        return f"it is for {told['newsletter']}"
    return _no_wish(told, offer)


def _no_wish(told: Mapping[str, str], offer: Offer) -> str:
    """What a list says of a reader's choice and cannot be."""
    if (zone := told.get("zone", "")) and zone not in offer.zones:
        return f"the zone {zone!r} is not offered; newsroom.zones names those that are"
    if unknown := set(_topics(told)) - set(offer.topics):
        return f"{offer.newsletter} has no topic {min(unknown)!r}"
    if (often := told.get("frequency", "")) and often not in set(Frequency):
        return f"its frequency is {often!r}; write one of: {', '.join(Frequency)}"
    if told.get("breaking", "") not in BREAKING:
        return f"its breaking is {told['breaking']!r}; write yes or no"
    return ""


def take_file(
    database: Database,
    file: Path,
    newsletter: str,
    *,
    languages: Sequence[str],
    proof: str,
    seen: Callable[[int], None],
    zones: Collection[str] = (),
    topics: Collection[str] = (),
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
            offer = Offer(newsletter=newsletter, languages=languages, zones=zones, topics=topics)
            read_rows = rows(lines, str(file), offer=offer, proof=proof)
            return take_in(database, read_rows, newsletter, name=file.name, seen=go_on, **more)
    except OSError as error:
        raise Refused(
            "{file}: it cannot be read: {error}; nothing was imported", file=file, error=error.strerror
        ) from error
    except UnicodeDecodeError as error:
        found = "UTF-16" if error.object[:2] in {b"\xff\xfe", b"\xfe\xff"} else "something else"
        raise Refused(
            "{file}: it is {found}, and UTF-8 is needed; save it as “CSV UTF-8”; nothing was imported",
            file=file,
            found=found,
        ) from error


def take_in(
    database: Database,
    found: Iterable[Enrolled | Refusal],
    newsletter: str,
    *,
    name: str,
    hashed: Callable[[str], str],
    now: datetime,
    write: bool,
    by: str,
    refused: Callable[[Refusal], None],
    seen: Callable[[int], None] = lambda rows: None,
) -> Counts:
    """Enrol readers who consented, batch by batch; without ``write`` only say what would come of it.

    ``name`` is the list's, ``by`` who brings it; ``refused`` hears of each row that is not taken, ``seen`` of how many
    rows were looked at.
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
                enrolment.enrol(connection, newsletter, fresh, numbers, asked, now=now)
                far = {"file": name, "rows": counts.read + len(batch), "at": now.isoformat()}
                brakes.override(connection, f"{_IMPORT}{newsletter}", far, now=now, by=by)
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
    if write:
        with database.write() as connection:
            said = f"{name}: {counts.new} new, {counts.known} known, {counts.refused} refused"
            brakes.drop(connection, f"{_IMPORT}{newsletter}")
            brakes.note(connection, who=by, what="import", about=newsletter, why=said, now=now)
    return counts


def cut_short(database: Database, newsletter: str) -> Cut | None:
    """The list that somebody, or a death, stopped in the middle of its writing."""
    with database.read() as connection:
        told = brakes.overridden(connection).get(f"{_IMPORT}{newsletter}")
    if not isinstance(told, dict):
        return None
    return Cut(file=told["file"], rows=told["rows"], at=datetime.fromisoformat(told["at"]))


def defused(field: str) -> str:
    """As a spreadsheet shows it and does not work it out."""
    return f"'{field}" if field.startswith(tuple(FORMULA)) else field


def _told(value: object) -> str:
    return next((word for word, said in BREAKING.items() if said is value), str(value))


def written(database: Database, newsletter: str | None, consent: Consent | None) -> Iterator[tuple[str, int]]:
    """Every subscription as CSV, piece by piece, each with how many there are in it; a field that a spreadsheet would
    work out gets an apostrophe before it."""
    yield _csv([OUT]), 0
    after: tuple[int, str] = (0, "")
    while True:
        with database.read() as connection:
            page = enrolment.page(connection, newsletter, consent, after=after, limit=PAGE)
        if not page:
            return
        yield _csv([defused(_told(one[field])) for field in OUT] for one in page), len(page)
        after = (int(str(page[-1]["id"])), str(page[-1]["newsletter"]))


def _csv(lines: Iterable[Sequence[str]]) -> str:
    file = StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue()


def give_out(
    database: Database,
    file: TextIO,
    newsletter: str | None,
    consent: Consent | None,
    seen: Callable[[int], None] = lambda rows: None,
) -> int:
    """Into a file, as :func:`written` has it; returns how many."""
    number = 0
    for piece, found in written(database, newsletter, consent):
        file.write(piece)
        number += found
        seen(found)
    return number

"""Lists of readers: what is taken, what is refused and why, and that nobody is brought back."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from syndicator.errors import Refused
from syndicator.model import Consent
from syndicator.services import audience, rolls
from syndicator.services.memory import Memory
from syndicator.storage import readers, wishes
from syndicator.storage.database import Database
from syndicator.text.addresses import checked_address
from tests.circulation import KEYS, stands, subscribe
from tests.lanes import NOW

LATER = NOW + timedelta(hours=1)


class Office:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.memory = Memory(folder / "memory", KEYS)
        self.refusals: list[rolls.Refusal] = []

    def take(self, text: str, **more: Any) -> rolls.Counts:
        return self.take_octets(text.encode(), **more)

    def take_octets(
        self,
        octets: bytes,
        *,
        write: bool = True,
        now: datetime = LATER,
        seen: Callable[[int], None] = lambda octets: None,
    ) -> rolls.Counts:
        self.refusals.clear()
        file = self.folder / "readers.csv"
        file.write_bytes(octets)
        return rolls.take_file(
            self.database,
            file,
            "daily",
            languages=["en", "ckb"],
            zones=["Europe/Berlin"],
            topics=["sport", "war"],
            proof="at the fair",
            hashed=self.memory.hash,
            now=now,
            write=write,
            refused=self.refusals.append,
            by="dana",
            seen=seen,
        )

    def give(self, newsletter: str | None = None, consent: Consent | None = None) -> list[dict[str, str]]:
        file = io.StringIO()
        rolls.give_out(self.database, file, newsletter, consent)
        return list(csv.DictReader(io.StringIO(file.getvalue())))


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def test_a_list_is_taken_in_once_and_says_what_is_new(office: Office) -> None:
    subscribe(office.database, "Sara@x.example")
    text = "address,language,name\nsara@x.example,ckb,S\nNoor@X.example,ckb,Noor\nnoor@x.example,en,\n"
    assert office.take(text, write=False) == rolls.Counts(read=3, new=1, known=2)
    assert stands(office.database, "noor@x.example") is None
    assert office.take(text) == rolls.Counts(read=3, new=1, known=2)
    assert office.take(text) == rolls.Counts(read=3, new=0, known=3)
    with office.database.read() as connection:
        sara = readers.find(connection, "sara@x.example")
    assert (sara and sara.language) == "en"  # what a reader chose stays


def test_who_asked_and_did_not_confirm_may_be_on_a_list_and_each_keeps_their_own_proof(
    office: Office,
) -> None:
    with office.database.write() as connection:
        who = readers.add(connection, "sara@x.example", name="", language="en", now=NOW)
        readers.consent(connection, who, "daily", Consent.ASKED, now=NOW, proof="the form")
    text = "address,language,proof\nsara@x.example,en,slip 7\nnoor@x.example,en,\n"
    assert office.take(text) == rolls.Counts(read=2, new=2)
    assert {row["address"]: row["proof"] for row in office.give()} == {
        "sara@x.example": "at the fair; slip 7",
        "noor@x.example": "at the fair",
    }


def test_no_list_brings_anybody_back(office: Office) -> None:
    """Who left, complained or was erased is refused with line and reason, however the address is spelt."""
    for name in ("left", "angry", "gone"):
        subscribe(office.database, f"{name}@x.example")
    more = {"memory": office.memory, "now": NOW}
    audience.leave(office.database, "left@x.example", "daily", proof="p", **more)  # type: ignore[arg-type]
    audience.complain(office.database, "angry@x.example", by="t", **more)  # type: ignore[arg-type]
    audience.erase(office.database, "gone@x.example", by="t", **more)  # type: ignore[arg-type]
    text = "address,language\nLEFT@x.example,en\nangry@X.example,en\ngone@x.example,en\nnew@x.example,en\n"
    assert office.take(text) == rolls.Counts(read=4, new=1, refused=3)
    assert [(one.line, one.reason.partition(";")[0].partition(" (")[0]) for one in office.refusals] == [
        (2, "left"),
        (3, "is suppressed"),
        (4, "asked to be erased"),
    ]
    assert stands(office.database, "left@x.example") is Consent.WITHDRAWN
    assert stands(office.database, "angry@x.example") is Consent.SUPPRESSED
    assert stands(office.database, "gone@x.example") is None


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('a@x.example,en,"Sara\r\nBcc: all@x.example"', "control character"),
        ('"a@x.example\nTo: b@x.example",en,', "control character"),
        ("a@x.example,en,\u202eSara", "control character"),
        ("a@x.example,de,", "has no language 'de'"),
        ("nobody,en,", "is no mail address"),
        (f"a@x.example,en,{'x' * 501}", "more than 500"),
    ],
)
def test_header_injection_and_other_bad_rows_are_refused(office: Office, row: str, reason: str) -> None:
    assert office.take(f"address,language,name\n{row}\n").refused == 1
    assert reason in office.refusals[0].reason
    assert office.give() == []


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", '=cmd|"/c calc"!A0'])
def test_csv_formulas_are_refused(office: Office, name: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("address", "language", "name"), ("a@x.example", "en", name)])
    assert office.take(file.getvalue()).refused == 1
    assert "is a formula" in office.refusals[0].reason


def test_csv_formulas_are_defused_on_the_way_out_and_such_addresses_come_in_again(office: Office) -> None:
    subscribe(office.database, "+sara@x.example")
    (row,) = office.give()
    assert row["address"] == "'+sara@x.example"
    assert office.take(f"address,language\n{row['address']},en\n") == rolls.Counts(read=1, known=1)


def test_an_exported_list_takes_only_those_in_who_consented(office: Office) -> None:
    subscribe(office.database, "sara@x.example")
    subscribe(office.database, "noor@x.example", newsletter="weekly")
    subscribe(office.database, "left@x.example")
    audience.leave(office.database, "left@x.example", "daily", memory=office.memory, now=NOW, proof="p")
    found = office.give()
    assert {row["address"]: row["consent"] for row in found}["left@x.example"] == "withdrawn"
    file = io.StringIO()
    write = csv.DictWriter(file, rolls.OUT)
    write.writeheader()
    write.writerows(found)
    assert office.take(file.getvalue()) == rolls.Counts(read=3, known=1, refused=2)
    assert [row["address"] for row in office.give("daily", Consent.GIVEN)] == ["sara@x.example"]


WISHES = """address,language,zone,topics,frequency,breaking
sara@x.example,en,Europe/Berlin,"war,sport",daily,no
noor@x.example,ckb,,,,
zana@x.example,en,,sport,every,yes
"""


def test_what_readers_chose_comes_in_and_goes_out_again(office: Office, tmp_path: Path) -> None:
    assert office.take(WISHES) == rolls.Counts(read=3, new=3)
    found = office.give()
    told = [[row[name] for name in ("zone", "topics", "frequency", "breaking")] for row in found]
    assert told == [
        ["Europe/Berlin", "sport,war", "daily", "no"],
        ["", "", "every", ""],
        ["", "sport", "every", "yes"],
    ]


def test_a_list_says_more_of_who_asked_than_they_did_and_takes_nothing_away(office: Office) -> None:
    with office.database.write() as connection:
        for name in ("sara", "noor"):
            who = readers.add(connection, f"{name}@x.example", name="", language="en", now=NOW)
            readers.consent(connection, who, "daily", Consent.ASKED, now=NOW, proof="asked")
            wishes.hear_at_once(connection, who, "daily", wanted=True)
    assert office.take(WISHES) == rolls.Counts(read=3, new=3)
    assert [row["breaking"] for row in office.give()] == ["no", "yes", "yes"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a@x.example,en,Mars/Olympus,,,", "the zone 'Mars/Olympus' is not offered"),
        ("a@x.example,en,,chess,,", "daily has no topic 'chess'"),
        ("a@x.example,en,,,hourly,", "its frequency is 'hourly'; write one of: every, daily, weekly"),
        ("a@x.example,en,,,,perhaps", "its breaking is 'perhaps'; write yes or no"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(office: Office, row: str, reason: str) -> None:
    assert office.take(f"address,language,zone,topics,frequency,breaking\n{row}\n").refused == 1
    assert office.refusals[0].reason.startswith(reason)


def test_batches_and_pages_lose_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "BATCH", 7)
    text = "address,language\n" + "".join(f"r{number}@x.example,en\n" for number in range(50))
    assert office.take(text) == rolls.Counts(read=50, new=50)
    assert len({row["address"] for row in office.give()}) == 50


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mail\na@x.example\n", "the column 'address' is missing; write: address,name,language"),
        ("address,name\na@x.example,A\n", "the column 'language' is missing"),
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("address;language\na@x.example;en\n", "between semicolons; save it with commas"),
        ("address\tlanguage\n", "between tabs"),
        ("a@x.example,en\nb@x.example,en\n", "it is a reader already"),
        ("address,language,language\n", "two columns 'language'"),
    ],
)
def test_a_file_that_is_no_list(office: Office, text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        office.take(text)
    assert "readers.csv, line 1: " in str(refused.value)
    assert said in str(refused.value)
    assert str(refused.value).endswith("nothing was imported")


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16", "it is UTF-16"), ("latin-1", "it is something else, and UTF-8 is needed")],
)
def test_another_encoding_is_one_clear_error(office: Office, encoding: str, said: str) -> None:
    text = "address,language,name\n" + "a@x.example,en,A\n" * 2000 + "b@x.example,en,Renée\n"
    with pytest.raises(Refused, match=said):
        office.take_octets(text.encode(encoding), write=False)
    assert office.give() == []


def test_a_mark_before_the_first_column_is_none_of_its_name(office: Office) -> None:
    octets = "address,language\na@x.example,en\n".encode("utf-8-sig")
    assert office.take_octets(octets) == rolls.Counts(read=1, new=1)


def test_a_row_with_a_comma_too_many_is_not_guessed_at(office: Office) -> None:
    assert office.take("address,language,name\na@x.example,en,Smith, John\n").refused == 1
    assert office.refusals[0].reason == "it has more fields than line 1"


def test_reasons_are_counted_without_what_is_a_row_s_own(office: Office) -> None:
    office.take("address,language\na@x.example,de\nb@x.example,fr\nnobody,en\nno@one,en\n")
    assert [one.sort for one in office.refusals] == ["daily has no language …"] * 2 + [
        "… is no mail address"
    ] * 2


def test_how_far_a_list_went_stands_with_each_batch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "BATCH", 7)
    marks: list[int] = []

    def seen(octets: int) -> None:
        cut = rolls.cut_short(office.database, "daily")
        marks.append(cut.rows if cut else 0)

    text = "address,language\n" + "".join(f"r{number}@x.example,en\n" for number in range(20))
    office.take(text, seen=seen)
    assert marks == [7, 14, 20]
    assert rolls.cut_short(office.database, "daily") is None
    office.take(text, seen=seen, write=False)
    assert marks[3:] == [0, 0, 0]


@given(st.from_regex(r"[a-z0-9._+-]{1,30}@[a-z0-9.-]{1,30}\.(com|org|iq)", fullmatch=True))
def test_the_quick_look_at_an_address_says_what_the_library_says(address: str) -> None:
    try:
        wanted = validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        with pytest.raises(Refused):
            checked_address(address)
    else:
        assert checked_address(address) == wanted

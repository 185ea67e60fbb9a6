"""What comes back, on each kind of database: heard once, and nobody suppressed for a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from syndicator.bounces import Kind, Patience
from syndicator.model import (
    ChannelId,
    Consent,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Post,
)
from syndicator.ports import Mail
from syndicator.services import audience
from syndicator.services.memory import Memory
from syndicator.services.returns import Returns
from syndicator.storage import planning, returned
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, deliveries
from syndicator.tokens import message_id, return_path
from tests.bounces.samples import complaint, dsn, plain
from tests.circulation import KEYS, stands, subscribe
from tests.lanes import NOW

SARA, AZAD = "sara@readers.example", "azad@readers.example"
EDITION = EditionId("digest:daily:1")
HOST = "news.example"
FULL = {"status": "5.2.2", "diagnostic": "552 5.2.2 mailbox full"}


@dataclass
class Office:
    """The part of a newsroom that hears what comes back."""

    database: Database
    memory: Memory
    now: datetime = NOW
    deaths: list[str] = field(default_factory=list)
    returns: Returns = field(init=False)

    def __post_init__(self) -> None:
        put = partial(self._suppress)
        self.returns = Returns(
            self.database,
            keys=KEYS,
            host=HOST,
            channels=["mail"],
            patience=Patience(half_life=timedelta(days=14), most=3.0),
            now=lambda: self.now,
            hash=self.memory.hash,
            suppress=put,
            complain=partial(put, why=audience.COMPLAINT),
        )

    def _suppress(self, address: str, why: str) -> None:
        audience.suppress(self.database, address, why, memory=self.memory, by="bounces", now=self.now)
        if self.deaths:
            raise KeyboardInterrupt(self.deaths.pop())

    def delivery(self, address: str) -> tuple[int, str]:
        with self.database.read() as connection:
            from syndicator.storage import readers

            who = readers.find(connection, address)
            assert who
            query = select(deliveries.c.id, deliveries.c.key).where(deliveries.c.recipient == str(who.id))
            return tuple(connection.execute(query).one())  # type: ignore[return-value]

    def way_back(self, address: str) -> str:
        number, key = self.delivery(address)
        return f"bounces+{return_path(KEYS, number, key)}@{HOST}"

    def message_id(self, address: str) -> str:
        return message_id(KEYS, self.delivery(address)[1], HOST)

    def trail(self) -> list[tuple[str, str]]:
        with self.database.read() as connection:
            return [(row.what, row.about) for row in connection.execute(select(audit))]


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    for address in (SARA, AZAD):
        subscribe(database, address)
    english = Language("en")
    edition = Edition(id=EDITION, kind=EditionKind.DIGEST, language=english, due_at=NOW, stories=())
    post = Post(id="p", edition=EDITION, channel=ChannelId("mail"), language=english, text="t")
    with database.write() as connection:
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        planning.add_posts(connection, [post])
        planning.add_readers(
            connection,
            EDITION,
            post.channel,
            "daily",
            planning.Audience(posts={"en": "p"}),
            due_at=NOW,
            not_after=NOW + timedelta(hours=2),
            urgency=2,
        )
    yield Office(database, Memory(tmp_path / "memory", KEYS))


def test_a_bounce_finds_its_reader_by_the_return_path(office: Office) -> None:
    raw = dsn(to=office.way_back(SARA), recipient="forwarded@elsewhere.example", about="<x@y>")
    taken = office.returns.take(raw, "box")
    assert taken.suppressed
    assert stands(office.database, SARA) is Consent.SUPPRESSED
    assert stands(office.database, AZAD) is Consent.GIVEN
    assert office.returns.take(raw, "box").again
    assert [what for what, _ in office.trail()] == ["suppress"]


def test_without_a_return_path_the_message_id_proves_it(office: Office) -> None:
    raw = dsn(to="news@news.example", about=office.message_id(SARA))
    assert office.returns.take(raw, "box").suppressed
    assert stands(office.database, SARA) is Consent.SUPPRESSED


def test_a_bounce_that_anybody_could_have_written_gives_nobody_up_at_once(office: Office) -> None:
    another = office.way_back(AZAD).replace("bounces+a", "bounces+b")
    for number, to in enumerate(["news@news.example", another]):
        office.returns.take(dsn(to=to, diagnostic=f"550 5.1.1 no such user {number}"), "box")
    office.returns.take(complaint(), "box")
    assert stands(office.database, SARA) is Consent.GIVEN


def test_a_complaint_ends_it_at_once(office: Office) -> None:
    assert office.returns.take(complaint(about=office.message_id(SARA)), "box").kind is Kind.COMPLAINT
    assert stands(office.database, SARA) is Consent.SUPPRESSED


def test_soft_bounces_count_and_fade(office: Office) -> None:
    def bounce(day: float) -> Consent | None:
        office.now = NOW + timedelta(days=day)
        about = f"550 full, day {day}"
        office.returns.take(dsn("5.2.2", f"{about} mailbox full", to=office.way_back(SARA)), "box")
        return stands(office.database, SARA)

    assert {bounce(day) for day in (0, 30, 60, 90)} == {Consent.GIVEN}
    assert bounce(91) is Consent.GIVEN
    assert bounce(92) is Consent.SUPPRESSED


def test_our_own_fault_raises_an_alarm_and_suppresses_nobody(office: Office) -> None:
    for number in range(5):
        office.now += timedelta(minutes=1)
        said = f"550 5.7.26 DMARC fails for {SARA}, try {number}"
        taken = office.returns.take(dsn("5.7.26", said, to=office.way_back(SARA)), "box")
        assert taken.kind is Kind.OURS
    assert stands(office.database, SARA) is Consent.GIVEN
    assert office.returns.faults() == {"authentication": 5}
    assert office.trail() == [("fault of ours", "authentication")]  # told once a day
    office.now += timedelta(days=2)
    assert office.returns.faults() == {}


def test_no_address_is_kept(office: Office) -> None:
    office.returns.take(
        dsn("5.7.26", f"550 5.7.26 DMARC fails for <{SARA}>", to=office.way_back(SARA)), "box"
    )
    office.returns.take(dsn(to=office.way_back(AZAD), recipient=AZAD), "box")
    with office.database.read() as connection:
        rows = [
            *connection.execute(select(returned.returned)),
            *connection.execute(select(returned.softness)),
        ]
    assert len(rows) == 2
    assert "readers.example" not in str(rows)


@pytest.mark.parametrize(
    ("detail", "stand"),
    [
        ("RCPT: 550 5.1.1 no such user", Consent.SUPPRESSED),
        ("RCPT: 552 5.2.2 over quota", Consent.GIVEN),
        ("after the dot: 550 5.7.1 blocked by spamhaus", Consent.GIVEN),
        ("'x' is no address that mail can go to", Consent.GIVEN),
    ],
)
def test_what_a_relay_refused_at_once_counts_too(office: Office, detail: str, stand: Consent) -> None:
    number, _ = office.delivery(SARA)
    with office.database.write() as connection:
        which = update(deliveries).where(deliveries.c.id == number)
        connection.execute(which.values(state="failed", reason=detail, settled_at=NOW))
    assert office.returns.refusals() == 1
    assert stands(office.database, SARA) is stand
    assert office.returns.refusals() == 0


def test_a_death_after_the_suppression_is_made_good(office: Office) -> None:
    raw = dsn(to=office.way_back(SARA))
    office.deaths.append("killed")
    with pytest.raises(KeyboardInterrupt):
        office.returns.take(raw, "box")
    taken = office.returns.take(raw, "box")
    assert not taken.again
    assert stands(office.database, SARA) is Consent.SUPPRESSED
    assert [what for what, _ in office.trail()] == ["suppress"]


def test_a_reader_who_was_erased_meanwhile(office: Office) -> None:
    to = office.way_back(SARA)
    audience.erase(office.database, SARA, memory=office.memory, by="dana", now=NOW)
    assert not office.returns.take(dsn(to=to), "box").suppressed


class Basket:
    """A box in memory that may die between hearing a mail and moving it."""

    def __init__(self, *raws: bytes, dies: bool = False) -> None:
        self.waiting = {str(number): raw for number, raw in enumerate(raws)}
        self.aside: list[bytes] = []
        self.dies = dies

    def mails(self) -> Iterator[Mail]:
        yield from [Mail(name=name, raw=raw) for name, raw in self.waiting.items()]

    def done(self, mail: Mail) -> None:
        if self.dies:
            self.dies = False
            raise KeyboardInterrupt
        del self.waiting[mail.name]

    def set_aside(self, mail: Mail) -> None:
        self.aside.append(self.waiting.pop(mail.name))

    def __enter__(self) -> Basket:
        return self

    def __exit__(self, *exc: object) -> None: ...


def test_a_box_is_emptied_and_what_is_no_bounce_is_set_aside(office: Office) -> None:
    letter = plain("Dear editors", subject="A letter", sender=SARA)
    box = Basket(dsn(to=office.way_back(SARA)), letter, b"", dies=True)
    office.returns._box = lambda: box
    with pytest.raises(KeyboardInterrupt):
        office.returns.collect()
    assert len(box.waiting) == 3
    assert office.returns.collect() == {Kind.HARD: 1, Kind.NONE: 2}
    assert not box.waiting
    assert box.aside == [letter, b""]
    assert stands(office.database, SARA) is Consent.SUPPRESSED

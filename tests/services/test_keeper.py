"""Reports that add up, are sealed, and outlive the deliveries they are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import insert, text

from syndicator.model import (
    ChannelId,
    Consent,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Post,
    Reason,
)
from syndicator.services import keeper
from syndicator.services.keeper import Keeper
from syndicator.storage import ledger, planning, readers
from syndicator.storage.database import Database
from syndicator.storage.schema import story_keys
from tests.lanes import NOW

MAIL, EN = ChannelId("mail"), Language("en")
LATER = NOW + timedelta(days=2)
MUCH_LATER = NOW + timedelta(days=200)
HALF_A_YEAR = timedelta(days=180)


def plan(database: Database, name: str = "digest:daily:1", people: int = 5) -> EditionId:
    """A digest in English for so many readers, one of whom reads Arabic."""
    edition = Edition(
        id=EditionId(name), kind=EditionKind.DIGEST, language=EN, due_at=NOW, stories=(), title="The evening"
    )
    post = Post(id=f"{name}:mail:en:0", edition=edition.id, channel=MAIL, language=EN, text="news")
    with database.write() as connection:
        for number in range(people):
            language = "ar" if number == 0 else "en"
            who = readers.add(connection, f"r{number}@x.example", name="", language=language, now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, now=NOW, proof="test")
    with database.write() as connection:
        planning.steady(connection)
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        planning.add_posts(connection, [post])
        planning.add_readers(
            connection,
            edition.id,
            MAIL,
            "daily",
            planning.Audience(posts={"en": post.id}),
            due_at=NOW,
            not_after=NOW + timedelta(hours=12),
            urgency=2,
        )
    return edition.id


def turn_out(database: Database, *states: str) -> None:
    """What came of the deliveries that were to go out, in their order; each with a receipt."""
    with database.write() as connection:
        waiting = "SELECT id FROM deliveries WHERE state = 'pending' ORDER BY id"
        for number, state in zip(connection.execute(text(waiting)).scalars().all(), states, strict=False):
            connection.execute(
                text("UPDATE deliveries SET state = :state WHERE id = :id"), {"id": number, "state": state}
            )
            connection.execute(
                text(
                    "INSERT INTO receipts (delivery, at, token, outcome, remote_ids, detail, by) "
                    "VALUES (:id, '2026-03-01 09:00:00', 1, 'accepted', '[]', '250 r@x.example', 'mail')"
                ),
                {"id": number},
            )


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def report(database: Database, edition: str) -> ledger.Report:
    with database.read() as connection:
        return ledger.report(connection, edition)


def keeper_at(database: Database, now: datetime, wait: Callable[[float], bool] = lambda _: False) -> Keeper:
    return Keeper(database, now=lambda: now, keep=HALF_A_YEAR, wait=wait)


def test_every_candidate_is_accounted_for(database: Database) -> None:
    edition = plan(database)
    turn_out(database, "sent", "sent", "failed", "expired")
    found = report(database, edition)
    assert found.candidates == {"mail": 5}
    assert found.states == {"sent": 2, "failed": 1, "expired": 1, "excluded": 1}
    assert found.reasons["excluded"] == {Reason.NO_STORIES: 1}
    assert found.faults == ("1 are expired for no reason that is known: none",)


def test_a_delivery_that_is_lost_makes_the_report_say_so(database: Database) -> None:
    edition = plan(database)
    with database.write() as connection:
        connection.execute(text("DELETE FROM deliveries WHERE state = 'excluded'"))
    assert report(database, edition).faults == ("mail had 5 candidates, and 4 are accounted for",)
    turn_out(database, *["sent"] * 4)
    assert keeper_at(database, LATER).tidy_up().faults == (
        f"{edition}: mail had 5 candidates, and 4 are accounted for",
    )
    assert report(database, edition).sealed_at is None


def test_a_second_channel_adds_its_own(database: Database) -> None:
    edition = plan(database)
    post = Post(id="p", edition=edition, channel=ChannelId("tg"), language=EN, text="news")
    with database.write() as connection:
        planning.add_posts(connection, [post])
        for _ in range(2):  # planning twice is planning once
            planning.add_delivery(connection, post, due_at=NOW, not_after=LATER, urgency=0)
    assert report(database, edition).candidates == {"mail": 5, "tg": 1}
    assert report(database, edition).faults == ()


def test_who_subscribes_while_an_edition_is_planned_is_in_neither_count(postgresql: Database) -> None:
    plan(postgresql)  # makes the readers
    edition = Edition(id=EditionId("e"), kind=EditionKind.DIGEST, language=EN, due_at=NOW, stories=())

    def somebody_comes() -> None:
        with postgresql.write() as connection:
            who = readers.add(connection, "late@x.example", name="", language="en", now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, now=NOW, proof="test")

    with postgresql.write() as connection:
        planning.steady(connection)
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        reader = Thread(target=somebody_comes)  # after the first look, before the count
        reader.start()
        reader.join()
        planning.add_readers(
            connection,
            edition.id,
            MAIL,
            "daily",
            planning.Audience(posts={}),
            due_at=NOW,
            not_after=LATER,
            urgency=2,
        )
    assert report(postgresql, "e").candidates == {"mail": 5}
    assert report(postgresql, "e").faults == ()


@pytest.mark.parametrize("state", ["pending", "claimed", "sending", "uncertain", "held"])
def test_what_is_open_is_not_sealed(database: Database, state: str) -> None:
    edition = plan(database)
    turn_out(database, "sent", "sent", "sent", state)
    assert report(database, edition).finished == (state == "held")
    assert keeper_at(database, MUCH_LATER).tidy_up().sealed == 0


def test_old_deliveries_go_and_the_report_and_the_story_keys_stay(database: Database) -> None:
    edition = plan(database)
    turn_out(database, *["sent"] * 4)
    with database.write() as connection:
        connection.execute(
            insert(story_keys).values(article="a", channel="mail", newsletter="daily", again=0, edition="x")
        )
    assert keeper_at(database, NOW).tidy_up() == keeper.Tidied(sealed=0, pruned=0)  # too fresh
    before = report(database, edition)
    assert keeper_at(database, LATER).tidy_up() == keeper.Tidied(sealed=1, pruned=0)
    assert keeper_at(database, MUCH_LATER).tidy_up() == keeper.Tidied(sealed=0, pruned=5)
    assert keeper_at(database, MUCH_LATER).tidy_up() == keeper.Tidied(sealed=0, pruned=0)
    after = report(database, edition)
    assert (after.states, after.candidates, after.faults) == (before.states, before.candidates, ())
    assert after.sealed_at == LATER
    assert [count(database, one) for one in ("deliveries", "receipts", "story_keys")] == [0, 0, 1]


def test_a_channel_that_joins_late_opens_the_report_again(database: Database) -> None:
    edition = plan(database)
    turn_out(database, *["sent"] * 4)
    keeper_at(database, LATER).tidy_up()
    post = Post(id="p", edition=edition, channel=ChannelId("tg"), language=EN, text="news")
    with database.write() as connection:
        planning.add_posts(connection, [post])
        planning.add_delivery(connection, post, due_at=NOW, not_after=LATER, urgency=0)
    found = report(database, edition)
    assert (found.sealed_at, found.states["pending"], found.faults) == (None, 1, ())


def test_the_database_itself_keeps_the_receipts_of_what_is_open(database: Database) -> None:
    plan(database)
    turn_out(database, *["sent"] * 4)
    for change in ("DELETE FROM receipts", "UPDATE receipts SET outcome = 'rejected', detail = 'erased'"):
        with pytest.raises(Exception, match="append-only"), database.write() as connection:
            connection.execute(text(change))
    assert count(database, "receipts") == 4


def test_the_deliveries_of_an_edition_are_pruned_in_small_commits(tmp_path: Path) -> None:
    """A writer that waits gets its turn between two batches; who is told to stop goes on the next time."""
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate()
    plan(database, people=2 * keeper.BATCH + 10)
    with database.write() as connection:
        connection.execute(text("UPDATE deliveries SET state = 'sent' WHERE state = 'pending'"))
    keeper_at(database, LATER).tidy_up()
    assert keeper_at(database, MUCH_LATER, lambda _: True).tidy_up().pruned == keeper.BATCH  # told to stop
    left: list[int] = []

    def somebody_writes(_: float) -> bool:
        with database.write() as connection:
            left.append(connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one())
        return False

    assert keeper_at(database, MUCH_LATER, somebody_writes).tidy_up().pruned == keeper.BATCH + 10
    assert left == [10]
    database.close()

"""Who comes and who goes is counted with each change; what is counted is what stands."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, text

from syndicator.model import Consent
from syndicator.services import audience, rolls
from syndicator.services.memory import Memory
from syndicator.services.numbers.readership import Readership, Turn
from syndicator.storage import readers, turnout, wishes
from syndicator.storage.database import Database
from syndicator.storage.schema import returned
from tests.circulation import KEYS
from tests.lanes import NOW

LETTERS, LANGUAGES = ("daily", "weekly"), ("en", "ckb")
WHO = tuple(f"r{number}@x.example" for number in range(3))
ACTS = st.tuples(
    st.sampled_from(("ask", "confirm", "list", "leave", "suppress", "complain", "erase", "speak")),
    st.sampled_from(WHO),
    st.sampled_from(LETTERS),
    st.sampled_from(LANGUAGES),
)


def act(database: Database, what: str, who: str, newsletter: str, language: str) -> None:
    told = {"now": NOW, "proof": "a test"}
    with database.write() as connection:
        if what == "list":
            row = rolls.Enrolled(line=1, address=who, key=who, name="", language=language, proof="a list")
            row.hashed = who
            stands, known = rolls.enrolment.standing(connection, newsletter, [row])
            if stands.get(who) in {None, Consent.ASKED}:
                asked = {who} if stands else set[str]()
                rolls.enrolment.enrol(connection, newsletter, [row], known, asked, now=NOW)
            return
        found = readers.find(connection, who)
        number = found.id if found else readers.add(connection, who, name="", language=language, now=NOW)
        match what:
            case "ask":
                if readers.standing_of(connection, number, newsletter) is not Consent.GIVEN:
                    readers.consent(connection, number, newsletter, Consent.ASKED, **told)
            case "confirm":
                readers.consent(connection, number, newsletter, Consent.GIVEN, **told)
            case "leave":
                if readers.standing_of(connection, number, newsletter):
                    readers.consent(connection, number, newsletter, Consent.WITHDRAWN, **told)
            case "suppress" | "complain":
                proof = audience.COMPLAINT if what == "complain" else "it bounced"
                readers.suppress(connection, number, now=NOW, proof=proof)
            case "erase":
                readers.erase(connection, number, now=NOW)
            case "speak":
                wishes.speak(connection, number, language, now=NOW)


def really(database: Database) -> dict[tuple[str, str], int]:
    with database.read() as connection:
        rows = readers.standing(connection)
    return {
        (str(row["newsletter"]), str(row["language"])): int(str(row["readers"]))
        for row in rows
        if row["consent"] == Consent.GIVEN
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=25))
def test_whatever_happens_the_counts_are_what_stands(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str, str, str]]
) -> None:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('turns')}/news.db")
    database.migrate()
    for one in acts:
        act(database, *one)
    with database.read() as connection:
        assert turnout.standing(connection) == really(database)
    database.close()


def test_each_turn_is_counted_as_what_it_is(database: Database) -> None:
    for what, who in (
        ("ask", WHO[0]), ("confirm", WHO[0]), ("speak", WHO[0]), ("leave", WHO[0]),
        ("list", WHO[1]), ("complain", WHO[1]), ("confirm", WHO[2]), ("erase", WHO[2]), ("ask", WHO[2]),
        ("list", WHO[2]), ("suppress", WHO[2]),
    ):  # fmt: skip
        act(database, what, who, "daily", "ckb" if what == "speak" else "en")
    with database.read() as connection:
        found = turnout.days(connection, "2000-01-01", "", "")
        ours = turnout.days(connection, "2000-01-01", "daily", "ckb")
    assert found == {
        turnout.day_of(NOW): {
            Turn.ASKED: 2, Turn.CONFIRMED: 1, Turn.ADDED: 3, Turn.LEFT: 1, Turn.SUPPRESSED: 1,
            Turn.COMPLAINED: 1, Turn.ERASED: 1, Turn.MOVED: 0,
        }
    }  # fmt: skip
    assert ours[turnout.day_of(NOW)] == {Turn.MOVED: 1, Turn.LEFT: 1}


def test_what_was_known_before_is_counted_too(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/news.db")
    database.migrate("0021")
    frozen = (Path(__file__).parent / "frozen" / "0021.sql").read_text("utf-8").splitlines()
    with database.write() as connection:
        for line in frozen:
            if line.startswith(("INSERT INTO subscribers", "INSERT INTO subscriptions")):
                connection.execute(text(line.replace(":", "\\:")))
    database.migrate()
    with database.read() as connection:
        assert turnout.standing(connection) == really(database) == {("daily", "en"): 4, ("daily", "ar"): 1}
        found = turnout.days(connection, "2026-01-01", "", "")
    assert found == {"2026-02-01": {Turn.ADDED: 6}, "2026-03-01": {Turn.LEFT: 1}}
    database.close()


def test_days_go_back_from_what_stands_now(database: Database) -> None:
    with database.write() as connection:
        for days, came, left in ((40, 100, 0), (2, 10, 4), (0, 5, 1)):
            found = {("daily", "en", Turn.CONFIRMED): came, ("daily", "en", Turn.LEFT): left}
            turnout.add(connection, found, NOW - timedelta(days=days))
        for key, days, kind in (("a", 0, "hard"), ("b", 1, "soft"), ("c", 1, "soft"), ("d", 60, "hard")):
            row = {"key": key, "at": NOW - timedelta(days=days), "source": "box", "kind": kind}
            connection.execute(insert(returned).values(**row, reason="x", status="", said=""))
    readership = Readership(database, now=lambda: NOW, beside=False)
    told = readership.turnout(3)
    assert [day.readers for day in told.days] == [106, 106, 110]
    assert [day.net for day in told.days] == [6, 0, 4]
    assert [dict(day.back) for day in told.days] == [{}, {"soft": 2}, {"hard": 1}]
    assert told.readers == 110
    assert told.share is None
    assert readership.turnout(3, language="ckb").readers == 0
    assert readership.turnout(60, newsletter="daily").days[0].readers == 0


def test_what_readers_chose_is_counted_beside(database: Database) -> None:
    memory = {"now": NOW, "proof": "a test"}
    with database.write() as connection:
        for number, topics in enumerate((("sport",), ("sport", "economy"), ())):
            who = readers.add(connection, WHO[number], name="", language="en", now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, **memory)
            often = wishes.Frequency.WEEKLY if number else wishes.Frequency.EVERY
            wishes.choose(connection, who, "daily", topics=topics, frequency=often)
    found = Readership(database, now=lambda: NOW, beside=False).choices()
    assert found is not None
    assert found.readers == {"daily": 3}
    assert found.topics == {"daily": Counter({"sport": 2, "economy": 1, "": 1})}
    assert found.frequency == {"daily": Counter({"weekly": 2, "every": 1})}


def test_readers_are_found_by_how_a_word_begins(database: Database) -> None:
    with database.write() as connection:
        for address, name in (
            ("sara@x.example", "Sara Aziz"),
            ("Noor@x.example", "سارا"),
            ("z@x.example", ""),
        ):
            readers.add(connection, address, name=name, language="en", now=NOW)

    def found(words: str) -> list[str]:
        with database.read() as connection:
            return [
                one["address"] for one in readers.page(connection, None, None, after=0, limit=9, words=words)
            ]

    assert found("sara") == found("SARA a") == found("sara@x") == ["sara@x.example"]
    assert found("noor@") == found("سا") == ["Noor@x.example"]
    assert found("%") == found("_") == found("aziz") == []
    assert len(found("")) == 3


def test_the_search_reads_no_more_than_it_finds(database: Database) -> None:
    told: list[tuple[str, Any]] = []
    with database.write() as connection:
        for number in range(2000):
            readers.add(connection, f"r{number}@x.example", name=f"Reader {number}", language="en", now=NOW)
    with database.engine.connect() as raw, raw.begin():
        raw.execute(text("ANALYZE"))

    with database.read() as connection:
        if not database.path:  # for so few rows it would read them all
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        event.listen(
            connection,
            "before_cursor_execute",
            lambda c, cursor, statement, parameters, context, many: told.append((statement, parameters)),
        )
        readers.page(connection, None, None, after=0, limit=9, words="r199")
        statement, parameters = told[0]
        how = "EXPLAIN QUERY PLAN " if database.path else "EXPLAIN "
        cursor = connection.connection.cursor()
        cursor.execute(how + statement, parameters)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "ix_subscribers_name" in plan
    assert any(
        index in plan
        for index in ("uq_subscribers_address_key", "autoindex_subscribers", "ix_subscribers_beginning")
    )
    assert "SCAN subscribers" not in plan
    assert "Seq Scan on subscribers" not in plan


def test_a_memory_that_is_replayed_counts_once(database: Database, tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory", KEYS)
    wish = audience.Wish(address=WHO[0], language="en", newsletter="daily", proof="a test")
    audience.subscribe(database, [wish], memory=memory, languages=["en"], now=NOW)
    memory.turn(database, NOW)
    memory.left(WHO[0], "daily", NOW + timedelta(hours=1))
    for _ in range(2):
        memory.recall(database, NOW + timedelta(hours=2))
    with database.read() as connection:
        assert turnout.standing(connection) == {}
        assert turnout.days(connection, "2000-01-01", "", "")[turnout.day_of(NOW)][Turn.LEFT] == 1

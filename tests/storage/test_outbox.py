"""The moves of a delivery, on a real SQLite file."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from syndicator.model import (
    ArticleId,
    ChannelId,
    Consent,
    DeliveryState,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Outcome,
    Post,
    Receipt,
)
from syndicator.storage import brakes, ledger, outbox, planning, readers
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LEASE = timedelta(minutes=2)
TG = ChannelId("tg-en")
FLASH = Edition(
    id=EditionId("flash:a"),
    kind=EditionKind.FLASH,
    language=Language("en"),
    due_at=NOW,
    stories=(),
    title="t",
)


def plan(database: Database, parts: int = 1) -> None:
    posts = [
        Post(
            id=f"flash:a:tg-en:en:{n}",
            edition=FLASH.id,
            channel=TG,
            language=Language("en"),
            text=f"{n}",
            part=n,
        )
        for n in range(parts)
    ]
    with database.write() as connection:
        planning.add_edition(connection, FLASH, newsletter=None, now=NOW, by="test")
        planning.add_posts(connection, posts)
        for post in posts:
            planning.add_delivery(connection, post, due_at=NOW, not_after=NOW + timedelta(hours=6), urgency=0)


def claim(database: Database, now: datetime = NOW, holder: str = "w") -> list[outbox.Claimed]:
    with database.write() as connection:
        return outbox.claim(
            connection,
            TG,
            holder=holder,
            now=now,
            lease=LEASE,
            limit=10,
            paused=brakes.paused(connection),
        )


def mark(database: Database, claimed: list[outbox.Claimed], now: datetime = NOW) -> int:
    with database.write() as connection:
        ours = [one.delivery for one in claimed]
        return len(outbox.mark_sending(connection, ours, now=now, lease=LEASE))


def settle(database: Database, one: outbox.Claimed, outcome: Outcome, state: DeliveryState) -> int:
    receipt = Receipt(delivery=one.delivery.id, at=NOW, outcome=outcome, remote_ids=("7",))
    with database.write() as connection:
        settlement = outbox.Settlement(receipt=receipt, token=one.delivery.token, state=state, by="tg-en")
        return outbox.settle(connection, [settlement])


def states(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return ledger.report(connection, FLASH.id).states


def test_planning_twice_is_planning_once(database: Database) -> None:
    plan(database)
    plan(database)
    assert states(database) == {"pending": 1}


def test_a_delivery_walks_to_sent(database: Database) -> None:
    plan(database)
    (one,) = claim(database)
    assert claim(database) == []
    assert mark(database, [one]) == 1
    assert settle(database, one, Outcome.ACCEPTED, DeliveryState.SENT) == 1
    assert states(database) == {"sent": 1}


def test_a_thread_goes_out_in_its_order(database: Database) -> None:
    plan(database, parts=2)
    (first,) = claim(database)
    assert first.delivery.part == 0
    assert claim(database) == []
    mark(database, [first])
    settle(database, first, Outcome.ACCEPTED, DeliveryState.SENT)
    (second,) = claim(database)
    assert second.delivery.part == 1


def test_a_lease_that_is_over_leaves_a_doubt_never_a_second_send(database: Database) -> None:
    plan(database)
    (one,) = claim(database)
    mark(database, [one])
    with database.write() as connection:
        assert outbox.reap(connection, NOW + LEASE) == (0, 1)
    assert claim(database, NOW + LEASE) == []
    assert settle(database, one, Outcome.DEFERRED, DeliveryState.PENDING) == 0
    assert states(database) == {"uncertain": 1}


def test_a_worker_that_woke_up_late_can_mark_nothing(database: Database) -> None:
    plan(database)
    (one,) = claim(database)
    with database.write() as connection:
        assert outbox.reap(connection, NOW + LEASE) == (1, 0)
    assert mark(database, [one], NOW + LEASE) == 0
    (again,) = claim(database, NOW + LEASE, holder="other")
    assert mark(database, [one], NOW + LEASE) == 0
    assert mark(database, [again], NOW + LEASE) == 1


def test_a_pause_between_claim_and_body_holds(database: Database) -> None:
    plan(database)
    claimed = claim(database)
    with database.write() as connection:
        brakes.pause(connection, "everything", now=NOW, by="sara", why="wrong photo")
    assert mark(database, claimed) == 0
    assert states(database) == {"held": 1}
    with database.write() as connection:
        brakes.resume(connection, "everything", now=NOW, by="sara")
        outbox.resume_paused(connection, "everything")
    assert len(claim(database)) == 1


def test_stale_news_never_goes_out(database: Database) -> None:
    plan(database)
    claimed = claim(database)
    late = NOW + timedelta(hours=6)
    with database.write() as connection:
        outbox.reap(connection, late)
        assert outbox.expire(connection, late) == 1
    assert claimed
    assert claim(database, late) == []
    assert states(database) == {"expired": 1}


def test_a_reader_who_left_after_the_claim_gets_nothing(database: Database) -> None:
    mail = ChannelId("mail")
    edition = Edition(
        id=EditionId("digest:daily:1"),
        kind=EditionKind.DIGEST,
        language=Language("en"),
        due_at=NOW,
        stories=(),
    )
    post = Post(id="p", edition=edition.id, channel=mail, language=Language("en"), text="t")
    with database.write() as connection:
        for address, language in (("a@x.example", "en"), ("b@x.example", "en"), ("c@x.example", "ar")):
            who = readers.add(connection, address, name="", language=language, now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, now=NOW, proof="test")
        weekly = replace(edition, id=EditionId("digest:a-weekly:1"))  # another newsletter's rows are its own
        planning.add_edition(connection, weekly, newsletter="weekly", now=NOW, by="test")
        readers.consent(connection, who, "weekly", Consent.GIVEN, now=NOW, proof="test")
        more = {"due_at": NOW, "not_after": NOW + timedelta(hours=6), "urgency": 2}
        assert (
            planning.add_readers(connection, weekly.id, mail, "weekly", planning.Audience(posts={}), **more)
            == 1
        )  # type: ignore[arg-type]
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        planning.add_posts(connection, [post])
        planned = planning.add_readers(
            connection,
            edition.id,
            mail,
            "daily",
            planning.Audience(posts={"en": "p"}),
            due_at=NOW,
            not_after=NOW + timedelta(hours=6),
            urgency=2,
        )
        assert planned == 3
        claimed = outbox.claim(
            connection, mail, holder="w", now=NOW, lease=LEASE, limit=10, paused=frozenset()
        )
    assert [one.address for one in claimed] == ["a@x.example", "b@x.example"]
    with database.write() as connection:
        leaver = readers.find(connection, "A@x.example")
        assert leaver
        readers.consent(connection, leaver.id, "daily", Consent.WITHDRAWN, now=NOW, proof="test")
    assert mark(database, claimed) == 1
    with database.read() as connection:
        report = ledger.report(connection, edition.id)
    assert report.states == {"sending": 1, "excluded": 2}
    assert report.reasons == {"excluded": {"left": 1, "no-stories-in-language": 1}}


def test_a_story_goes_to_a_channel_once(database: Database) -> None:
    with database.write() as connection:
        assert planning.times_carried(connection, ArticleId("a"), TG) == 0
        assert planning.claim_stories(connection, FLASH, channel=TG) == set()


def test_a_reader_who_is_erased_or_suppressed_after_the_claim_gets_nothing(database: Database) -> None:
    mail, edition = ChannelId("mail"), replace(FLASH, id=EditionId("digest:e"), kind=EditionKind.DIGEST)
    post = Post(id="digest:e:mail:en:0", edition=edition.id, channel=mail, language=Language("en"), text="t")
    with database.write() as connection:
        people = []
        for name in "ab":
            who = readers.add(connection, f"{name}@x.example", name="", language="en", now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, now=NOW, proof="test")
            people.append(who)
        planning.add_edition(connection, edition, newsletter="daily", now=NOW, by="test")
        planning.add_posts(connection, [post])
        life = {"due_at": NOW, "not_after": NOW + timedelta(hours=6)}
        planning.add_readers(
            connection, edition.id, mail, "daily", planning.Audience(posts={"en": post.id}), **life, urgency=2
        )
        claimed = outbox.claim(
            connection, mail, holder="w", now=NOW, lease=LEASE, limit=10, paused=frozenset()
        )
        readers.erase(connection, people[0], now=NOW)
        readers.suppress(connection, people[1], now=NOW, proof="test")
    assert len(claimed) == 2
    assert mark(database, claimed) == 0
    with database.read() as connection:
        report = ledger.report(connection, edition.id)
    assert report.reasons == {"excluded": {"erased": 1, "suppressed": 1}}
    assert report.faults == ()


def test_a_claim_takes_no_more_than_it_may(database: Database) -> None:
    """PostgreSQL, too, before it knows anything of its tables: it must not ask anew for each row what to skip."""
    with database.write() as connection:
        for number in range(200):
            edition = replace(FLASH, id=EditionId(f"flash:{number}"))
            planning.add_edition(connection, edition, newsletter=None, now=NOW, by="test")
            post = Post(
                id=f"{number}", edition=edition.id, channel=TG, language=Language("en"), text=f"{number}"
            )
            planning.add_posts(connection, [post])
            planning.add_delivery(connection, post, due_at=NOW, not_after=NOW + timedelta(hours=6), urgency=0)
    for number in range(5):
        with database.write() as connection:
            told = {"holder": "w", "now": NOW, "lease": LEASE, "limit": 1, "paused": ()}
            assert [one.post.text for one in outbox.claim(connection, TG, **told)] == [f"{number}"]

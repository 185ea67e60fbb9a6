"""Compile and push, with a summariser and a writer that are functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import JSON, text

from syndicator.errors import NotFound, Refused, TemplateError
from syndicator.model import (
    Article,
    ArticleId,
    ChannelId,
    Consent,
    Edition,
    Frequency,
    Language,
    Post,
    SubscriberId,
    Summary,
)
from syndicator.services.desk import Desk, Door, Newsletter, Planned, door_called
from syndicator.storage import archive, brakes, ledger, outbox, readers, wishes
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EN, CKB = Language("en"), Language("ckb")
TG = Door(id=ChannelId("tg-en"), languages=(EN,), flash=lambda _: True, at_most=3)
MAIL = Door(id=ChannelId("mail"), languages=(EN, CKB))
DAILY = Newsletter(
    name="daily",
    door=MAIL,
    languages=(EN, CKB),
    titles={"en": "The morning", "ckb": "بەیانی"},
)


def summarise(article: Article, door: Door) -> Summary:
    return Summary(article=article.id, text=f"{article.body[0]} ({door.id})", method="test")


def write(edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
    if any(story.article.headline == "unfit" for story in edition.stories):
        message = "cannot fit"
        raise TemplateError(message)
    text = "\n".join(story.summary.text for story in edition.stories)
    identity = f"{edition.id}:{door.id}:{edition.language}:0"
    return [Post(id=identity, edition=edition.id, channel=door.id, language=edition.language, text=text)]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, now=lambda: NOW, summarise=summarise, write=write)


def publish(database: Database, *names: str, language: Language = EN, headline: str = "h") -> None:
    with database.write() as connection:
        for name in names:
            article = Article(
                id=ArticleId(name),
                revision=1,
                url=f"https://news.example/{name}",
                language=language,
                headline=headline,
                body=(f"Body of {name}.",),
                published_at=NOW,
                fingerprint=name,
            )
            archive.record(connection, article, source="s", now=NOW, fresh=True)


def subscribe(database: Database, *wishes: tuple[str, str]) -> None:
    with database.write() as connection:
        for address, language in wishes:
            who = readers.add(connection, address, name="", language=language, now=NOW)
            readers.consent(connection, who, "daily", Consent.GIVEN, now=NOW, proof="test")


def test_every_new_story_is_a_flash_once(database: Database, desk: Desk) -> None:
    publish(database, "a", "b")
    assert desk.flashes(TG) == Planned(editions=("flash:a", "flash:b"), deliveries=2)
    assert desk.flashes(TG) == Planned()


def test_an_embargoed_story_goes_out_when_its_time_comes_once_whoever_is_at_work(database: Database) -> None:
    clock = [NOW]
    opens = NOW + timedelta(days=3)
    with database.write() as connection:
        article = Article(
            id=ArticleId("a"),
            revision=1,
            url="https://news.example/a",
            language=EN,
            headline="h",
            body=("Body.",),
            published_at=opens,
        )
        archive.record(connection, article, source="s", now=NOW, fresh=True)

    def at_work(moment: datetime) -> Planned:
        """A worker that was started again just now."""
        clock[0] = moment
        return Desk(database, now=lambda: clock[0], summarise=summarise, write=write).flashes(TG)

    assert at_work(NOW) == Planned()
    assert at_work(opens - timedelta(seconds=1)) == Planned()
    assert at_work(opens + timedelta(minutes=5)) == Planned(editions=("flash:a",), deliveries=1)
    assert at_work(opens + timedelta(minutes=6)) == Planned()


def test_a_second_channel_carries_the_same_edition(database: Database, desk: Desk) -> None:
    publish(database, "a")
    desk.flashes(TG)
    assert desk.flashes(replace(TG, id=ChannelId("x-en"))) == Planned(editions=(), deliveries=1)
    with database.read() as connection:
        assert ledger.report(connection, "flash:a").candidates == {"tg-en": 1, "x-en": 1}


def test_a_channel_without_a_flash_rule_flashes_nothing(database: Database, desk: Desk) -> None:
    publish(database, "a")
    assert desk.flashes(MAIL) == Planned()


def test_filters_keep_stories_out(database: Database, desk: Desk) -> None:
    publish(database, "a", "b")
    assert desk.flashes(replace(TG, keep=lambda article: article.id == "b")).editions == ("flash:b",)


def test_breaking_news_is_first_and_nothing_sounds_at_night(database: Database, desk: Desk) -> None:
    publish(database, "a", "b")
    desk.flashes(replace(TG, breaking=lambda article: article.id == "b", silent=lambda due: due == NOW))
    with database.write() as connection:
        lease = timedelta(minutes=1)
        claimed = outbox.claim(connection, TG.id, holder="w", now=NOW, lease=lease, limit=2, paused=())
    assert [(one.post.edition, one.post.breaking, one.post.silent) for one in claimed] == [
        ("flash:b", True, True),
        ("flash:a", False, True),
    ]


LATE = replace(TG, collapse=timedelta(hours=1), at_most=9)


def planned_late(database: Database, *names: str, door: Door = LATE) -> Planned:
    """Flashes that were planned two hours ago, and what the next tick brings."""
    publish(database, *names)
    Desk(database, now=lambda: NOW, summarise=summarise, write=write).flashes(door)
    later = NOW + timedelta(hours=2)
    return Desk(database, now=lambda: later, summarise=summarise, write=write).flashes(door)


def states_of(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return ledger.by_channel(connection)["tg-en"]


def test_flashes_that_wait_for_too_long_go_out_together(database: Database) -> None:
    assert planned_late(database, "a", "b", "c") == Planned(editions=("push:late:tg-en:a",), deliveries=1)
    assert states_of(database) == {"cancelled": 3, "pending": 1}
    with database.read() as connection:
        (told,) = ledger.listed(connection, state="pending", channel="tg-en", edition=None, limit=9)
        assert ledger.report(connection, "flash:a").candidates == {"tg-en": 1}
    assert told["edition"] == "push:late:tg-en:a"
    assert planned_late(database) == Planned()


def test_few_or_breaking_or_paused_flashes_stay_as_they_are(database: Database) -> None:
    assert planned_late(database, "a", "b") == Planned()
    assert planned_late(database, "c", "d", "e", door=replace(LATE, breaking=lambda _: True)) == Planned()
    with database.write() as connection:
        brakes.pause(connection, "tg-en", now=NOW, by="t", why="t")
    assert planned_late(database, "f") == Planned()
    assert states_of(database) == {"pending": 6}


def test_stories_that_cannot_go_together_wait_one_by_one(database: Database) -> None:
    publish(database, "a", "b", "c")
    Desk(database, now=lambda: NOW, summarise=summarise, write=write).flashes(LATE)
    later = NOW + timedelta(hours=2)

    def refuse(edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
        message = "cannot fit"
        raise TemplateError(message)

    planned = Desk(database, now=lambda: later, summarise=summarise, write=refuse).flashes(LATE)
    assert planned.faults == ("3 late stories to tg-en: cannot fit",)
    assert states_of(database) == {"pending": 3}


def test_too_many_at_once_stops_and_asks(database: Database, desk: Desk) -> None:
    publish(database, "a", "b", "c", "d")
    planned = desk.flashes(TG)
    assert planned.deliveries == 0
    assert "4 new stories at once" in planned.faults[0]
    with database.read() as connection:
        assert brakes.paused(connection) == {"tg-en"}
    desk.flashes(TG)


def test_quiet_hours_delay_a_flash_and_not_a_push(database: Database, desk: Desk) -> None:
    publish(database, "a", "b")
    quiet = replace(TG, quiet_until=lambda now, article: now + timedelta(hours=5))
    desk.push(["b"], [quiet], editor="sara")
    desk.flashes(quiet)
    with database.read() as connection:
        due = {
            row["edition"]: row["due_at"]
            for row in ledger.listed(connection, state=None, channel=None, edition=None, limit=9)
        }
    assert due == {"push:b:1:0": NOW, "flash:a": NOW + timedelta(hours=5)}


def test_a_result_that_cannot_fit_stops_only_its_story(database: Database, desk: Desk) -> None:
    publish(database, "a", headline="unfit")
    publish(database, "b")
    planned = desk.flashes(TG)
    assert planned.editions == ("flash:b",)
    assert planned.faults == ("a to tg-en: cannot fit",)


def test_a_digest_reaches_each_reader_in_their_language(database: Database, desk: Desk) -> None:
    publish(database, "a", "b")
    publish(database, "c", language=CKB)
    subscribe(database, ("e@x.example", "en"), ("k@x.example", "ckb"), ("f@x.example", "fr"))
    planned = desk.digests.plan(DAILY, NOW)
    assert planned.deliveries == 3
    assert desk.digests.plan(DAILY, NOW) == Planned()
    with database.read() as connection:
        report = ledger.report(connection, planned.editions[0])
    assert report.states == {"pending": 2, "excluded": 1}
    assert report.stories == 3


def test_topics_frequency_and_silence_are_obeyed_when_it_is_planned(database: Database, desk: Desk) -> None:
    """One INSERT for each variant, and a reason for each who gets nothing."""
    publish(database, "sport", "war", "rain")
    people = "all sport war both none daily weekly resting".split()
    subscribe(database, *[(f"{name}@x.example", "en") for name in people])
    chosen = {"sport": ["sport"], "war": ["war"], "both": ["sport", "war"], "none": ["chess"]}
    with database.write() as connection:
        for name in people:
            reader = readers.find(connection, f"{name}@x.example")
            assert reader
            often = Frequency(name) if name in set(Frequency) else Frequency.EVERY
            topics = chosen.get(name, [])
            wishes.choose(connection, reader.id, "daily", topics=topics, frequency=often)
            if name == "resting":
                wishes.rest(connection, reader.id, NOW + timedelta(days=1))
    topics = {name: (lambda article, name=name: article.id == name) for name in ("sport", "war", "chess")}
    newsletter = replace(DAILY, topics=topics)
    first = desk.digests.plan(newsletter, NOW)
    assert got(database, first) == {
        "all": "rain sport war",
        "sport": "rain sport",
        "war": "rain war",
        "both": "rain sport war",
        "none": "rain",
        "daily": "rain sport war",
        "weekly": "rain sport war",
        "resting": "reader-paused",
    }
    publish(database, "sport2", "chess")
    second = desk.digests.plan(replace(newsletter, topics=topics), NOW + timedelta(hours=6))
    told = got(database, second)
    assert (told["daily"], told["weekly"], told["none"]) == ("often-enough", "often-enough", "chess sport2")
    publish(database, "war2")
    only_war = {"sport": lambda article: False, "war": lambda article: True}
    third = desk.digests.plan(replace(newsletter, topics=only_war), NOW + timedelta(days=1))
    told = got(database, third)
    assert (told["daily"], told["weekly"], told["sport"]) == ("war2", "often-enough", "no-stories-in-topics")
    publish(database, "war3")
    assert got(database, desk.digests.plan(newsletter, NOW + timedelta(days=7)))["weekly"] == "war3"


def got(database: Database, planned: Planned) -> dict[str, str]:
    """By reader: the stories of the post, or why there is none."""
    with database.read() as connection:
        assert ledger.report(connection, planned.editions[0]).faults == ()
        rows = connection.execute(
            text(
                "SELECT s.address, d.reason, p.content FROM deliveries d JOIN subscribers s "
                "ON d.recipient = CAST(s.id AS VARCHAR) LEFT JOIN posts p ON p.id = d.post WHERE d.edition = :one"
            ).columns(content=JSON),
            {"one": planned.editions[0]},
        ).all()
    return {
        address.partition("@")[0]: reason
        or " ".join(sorted(line.split()[2].rstrip(".") for line in content["text"].splitlines()))
        for address, reason, content in rows
    }


def test_a_post_that_cannot_be_written_with_fewer_stories_is_sent_whole(database: Database) -> None:
    def write_many(edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
        if len(edition.stories) < 2:
            message = "too thin"
            raise TemplateError(message)
        return write(edition, door, newsletter)

    publish(database, "sport", "war")
    subscribe(database, ("sport@x.example", "en"))
    with database.write() as connection:
        wishes.choose(connection, SubscriberId(1), "daily", topics=["sport"], frequency=Frequency.EVERY)
    desk = Desk(database, now=lambda: NOW, summarise=summarise, write=write_many)
    topics = {"sport": lambda article: article.id == "sport", "war": lambda article: article.id == "war"}
    planned = desk.digests.plan(replace(DAILY, topics=topics), NOW)
    assert got(database, planned) == {"sport": "sport war"}
    assert planned.faults == (f"digest:daily:{NOW.isoformat()} in en, of sport: too thin",)


def test_a_story_is_in_one_digest_only(database: Database, desk: Desk) -> None:
    publish(database, "a")
    desk.digests.plan(DAILY, NOW)
    publish(database, "b")
    later = desk.digests.plan(DAILY, NOW + timedelta(hours=6))
    with database.read() as connection:
        assert ledger.report(connection, later.editions[0]).stories == 1


def test_a_thin_digest_waits(database: Database, desk: Desk) -> None:
    publish(database, "a")
    assert desk.digests.plan(replace(DAILY, minimum=2), NOW) == Planned()
    publish(database, "b")
    assert desk.digests.plan(replace(DAILY, minimum=2), NOW + timedelta(hours=6)).editions


def test_a_digest_that_cannot_be_written_says_so(database: Database, desk: Desk) -> None:
    publish(database, "a", headline="unfit")
    planned = desk.digests.plan(DAILY, NOW)
    assert planned.editions == ()
    assert "cannot fit" in planned.faults[0]


def test_a_push_is_refused_where_the_story_is_already(database: Database, desk: Desk) -> None:
    publish(database, "a")
    desk.flashes(TG)
    with pytest.raises(Refused, match="--again"):
        desk.push(["a"], [TG], editor="sara")
    assert desk.push(["a"], [TG], editor="sara", again=True).deliveries == 1
    assert desk.push(["a"], [TG], editor="sara", again=True).deliveries == 1
    with database.read() as connection:
        assert ledger.by_channel(connection) == {"tg-en": {"pending": 3}}


def test_a_push_in_another_language_is_refused(database: Database, desk: Desk) -> None:
    publish(database, "c", language=CKB)
    with pytest.raises(Refused, match="speaks en"):
        desk.push(["c"], [TG], editor="sara")


def test_a_push_of_an_unknown_story(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no article begins with 'zzz'"):
        desk.push(["zzz"], [TG], editor="sara")


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(NotFound, match="there are: tg-en"):
        door_called({"tg-en": TG}, "tg")
    assert door_called({"tg-en": TG}, "tg-en") is TG

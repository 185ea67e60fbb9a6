"""Digests made up, written and planned, with a summariser and a writer that are functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import String, cast, select, update

from syndicator.composing import Layout, Marks, Section
from syndicator.model import (
    Article,
    ArticleId,
    ChannelId,
    Consent,
    Edition,
    Frequency,
    Language,
    Post,
    Summary,
)
from syndicator.services.desk import Desk, Door, Newsletter, Planned
from syndicator.storage import archive, compositions, holds, ledger, readers, retractions, wishes
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, deliveries, posts, subscribers

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
EN, CKB = Language("en"), Language("ckb")
MAIL = Door(id=ChannelId("mail"), languages=(EN, CKB))
TG = Door(id=ChannelId("tg"), languages=(EN,), flash=lambda article: article.section == "breaking")
MORNING = Newsletter(
    name="morning",
    door=MAIL,
    languages=(EN, CKB),
    titles={"en": "The morning", "ckb": "بەیانی"},
    layout=Layout(
        sections=[
            Section(
                name="sport", has=lambda one: one.section == "sport", titles={"en": "Sport", "ckb": "وەرزش"}
            )
        ]
    ),
    alike=0.4,
)
EVENT = "the mayor of Halabja opened the new bridge on Sunday and promised a second one within two years of building"


@dataclass
class House:
    """A desk with a clock; ``meanwhile`` happens once, after the stories are chosen and before they are written."""

    database: Database
    time: datetime = NOW
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk = Desk(self.database, now=lambda: self.time, summarise=self.summarise, write=self.write)

    def summarise(self, article: Article, door: Door) -> Summary:
        return Summary(article=article.id, text=f"{article.headline} r{article.revision}", method="test")

    def write(self, edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
        while self.meanwhile:
            self.meanwhile.pop()()
        titles = edition.headings
        text = "\n".join(
            f"{one.under} [{titles.get(one.under, '')}] {one.summary.text}" for one in edition.stories
        )
        name = f"{edition.id}:{door.id}:{edition.language}:0"
        return [Post(id=name, edition=edition.id, channel=door.id, language=edition.language, text=text)]

    def publish(self, name: str, body: str = "", *, section: str = "", language: Language = EN) -> None:
        article = Article(
            id=ArticleId(name),
            revision=1,
            url=f"https://news.example/{name}",
            language=language,
            headline=name,
            body=(body or f"Body of {name}.",),
            published_at=self.time,
            section=section,
            fingerprint=f"{name} {body}",
        )
        with self.database.write() as connection:
            archive.record(connection, article, source="s", now=self.time, fresh=True)
        self.time += timedelta(minutes=1)

    def subscribe(self, *wishes: tuple[str, str]) -> None:
        with self.database.write() as connection:
            for address, language in wishes:
                who = readers.add(connection, address, name="", language=language, now=NOW)
                readers.consent(connection, who, "morning", Consent.GIVEN, now=NOW, proof="test")

    def fix(self, **marks: tuple[str, ...]) -> None:
        with self.database.write() as connection:
            compositions.fix(connection, "morning", Marks(**marks), by="sara", now=self.time)

    def digest(self, newsletter: Newsletter = MORNING, hours: int = 0) -> Planned:
        self.time += timedelta(hours=hours)
        return self.desk.digests.plan(newsletter, self.time)

    def texts(self, planned: Planned) -> dict[str, list[str]]:
        """The lines of each language's post."""
        with self.database.read() as connection:
            rows = connection.execute(select(posts).where(posts.c.edition == planned.editions[0])).all()
        return {row.language: row.content["text"].splitlines() for row in rows}

    def sent(self, *editions: str, to: str = "") -> None:
        """They reached everybody who waits, or one reader."""
        with self.database.write() as connection:
            ours = [deliveries.c.edition.in_(editions), deliveries.c.state == "pending"]
            if to:
                reader = readers.find(connection, to)
                assert reader
                ours.append(deliveries.c.recipient == str(reader.id))
            connection.execute(update(deliveries).where(*ours).values(state="sent"))

    def left_out(self, planned: Planned) -> dict[str, str]:
        with self.database.read() as connection:
            report = ledger.report(connection, planned.editions[0])
        assert report.faults == ()
        return dict(report.left_out)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


def test_a_post_has_its_sections_in_each_language(house: House) -> None:
    house.subscribe(("e@x.example", "en"), ("k@x.example", "ckb"))
    house.publish("match", section="sport")
    house.publish("war")
    house.publish("race", section="sport")
    house.publish("yari", section="sport", language=CKB)
    house.publish("rain", language=CKB)
    planned = house.digest()
    assert planned.deliveries == 2
    assert house.texts(planned) == {
        "en": ["lead [] race r1", "sport [Sport] match r1", "rest [] war r1"],
        "ckb": ["lead [] yari r1", "rest [] rain r1"],
    }


def test_of_several_reports_of_one_event_the_newest_goes_out_and_no_other_ever(house: House) -> None:
    house.publish("first", EVENT)
    house.publish("second", f"In Halabja: {EVENT}.")
    house.publish("else")
    planned = house.digest()
    assert house.texts(planned) == {"en": ["lead [] else r1", "rest [] second r1"]}
    (why,) = house.left_out(planned).values()
    assert why.endswith("% of it is in second “second”")
    house.publish("third", f"It was said again that {EVENT}")
    house.publish("new")
    later = house.digest(hours=6)
    assert house.texts(later) == {"en": ["lead [] new r1"]}
    assert list(house.left_out(later)) == ["third"]


def test_a_revision_between_choosing_and_writing_goes_out_in_its_newest_form(house: House) -> None:
    house.publish("war", "The first version.")
    house.meanwhile.append(lambda: house.publish("war", "The second version."))
    planned = house.digest()
    assert house.texts(planned) == {"en": ["lead [] war r2"]}
    assert house.digest(hours=6) == Planned()


def test_a_story_that_never_stands_still_is_told_and_waits(house: House) -> None:
    house.publish("war", "0")

    def again(edition: Edition, door: Door, newsletter: Newsletter | None) -> Sequence[Post]:
        house.publish("war", house.time.isoformat())
        return house.write(edition, door, newsletter)

    restless = Desk(house.database, now=lambda: house.time, summarise=house.summarise, write=again)
    planned = restless.digests.plan(MORNING, NOW)
    assert planned == Planned(faults=("morning: its stories change faster than they can be written",))
    assert house.desk.digests.plan(MORNING, NOW).editions  # the slot is still free


def test_an_editors_order_is_used_once_and_written_down(house: House) -> None:
    for name in ("a", "b", "c", "gone"):
        house.publish(name)
    house.fix(lead=("b",), order=("a",), drop=("gone",))
    planned = house.digest()
    assert house.texts(planned) == {"en": ["lead [] b r1", "rest [] a r1", "rest [] c r1"]}
    assert house.left_out(planned) == {"gone": "dropped by an editor"}
    house.publish("d")
    house.publish("e")
    assert house.texts(house.digest(hours=6)) == {"en": ["lead [] e r1", "rest [] d r1"]}
    with house.database.read() as connection:
        told = [
            (row.who, row.what, row.why) for row in connection.execute(select(audit).order_by(audit.c.id))
        ]
    assert told == [("sara", what, "lead b; order a; drop gone") for what in ("compose", "composed")]


def test_an_order_given_while_the_edition_is_written_counts(house: House) -> None:
    house.publish("a")
    house.publish("b")
    house.meanwhile.append(lambda: house.fix(lead=("a",)))
    assert house.texts(house.digest()) == {"en": ["lead [] a r1", "rest [] b r1"]}


def test_an_order_for_an_edition_that_is_too_thin_waits_for_the_next(house: House) -> None:
    house.publish("a")
    house.fix(lead=("a",))
    assert house.digest(replace(MORNING, minimum=2)) == Planned()
    house.publish("b")
    assert house.texts(house.digest(hours=6))["en"][0] == "lead [] a r1"


def test_what_was_pushed_is_left_out_where_the_newsroom_wants_it(house: House) -> None:
    for name in ("quake", "flood"):
        house.publish(name, section="breaking")
    house.publish("war")
    house.desk.flashes(replace(TG, at_most=9))
    house.desk.push(["war"], [TG], editor="sara")
    house.publish("rain")
    fresh = replace(MORNING, pushed_on={TG.id})
    house.sent("push:war:1:0", "flash:quake")  # the flood could not be sent there
    assert house.texts(house.digest(fresh)) == {"en": ["lead [] rain r1", "rest [] flood r1"]}
    assert (
        len(house.texts(house.digest(hours=1))["en"]) == 2
    )  # by default they are news to who reads only mail


def test_only_the_stories_it_is_about(house: House) -> None:
    house.publish("match", section="sport")
    house.publish("war")
    sport = replace(MORNING, keep=lambda article: article.section == "sport")
    assert house.texts(house.digest(sport)) == {"en": ["lead [] match r1"]}


def test_quiet_hours_put_an_edition_off(house: House) -> None:
    house.publish("war")
    house.subscribe(("e@x.example", "en"))
    end = NOW + timedelta(hours=3)
    planned = house.digest(replace(MORNING, quiet_until=lambda now: max(now, end)))
    with house.database.read() as connection:
        assert ledger.report(connection, planned.editions[0]).due_at == end
        (row,) = ledger.listed(connection, state=None, channel=None, edition=None, limit=9)
    assert row["due_at"] == end


def choose(
    database: Database,
    often: str,
    *,
    topics: Sequence[str] = (),
    breaking: bool | None = None,
    who: str = "e@x.example",
) -> None:
    with database.write() as connection:
        reader = readers.find(connection, who)
        assert reader
        wishes.choose(
            connection, reader.id, "morning", topics=topics, frequency=Frequency(often), breaking=breaking
        )


def mails(house: House, planned: Planned) -> dict[str, str]:
    """By reader: the stories of the post, or why there is none."""
    (edition,) = planned.editions
    query = (
        select(subscribers.c.address, deliveries.c.reason, posts.c.content)
        .join(deliveries, deliveries.c.recipient == cast(subscribers.c.id, String))
        .outerjoin(posts, posts.c.id == deliveries.c.post)
        .where(deliveries.c.edition == edition)
    )
    with house.database.read() as connection:
        report = ledger.report(connection, edition)
        assert (report.faults, report.candidates["mail"]) == ((), sum(report.states.values()))
        rows = connection.execute(query).all()
    return {
        row.address.partition("@")[0]: row.reason
        or " ".join(line.split("] ")[1].removesuffix(" r1") for line in row.content["text"].splitlines())
        for row in rows
    }


CATCHING_UP = replace(MORNING, catch_up=3, layout=Layout())


def test_what_was_put_off_is_in_a_readers_next_edition_and_in_no_other(house: House) -> None:
    house.subscribe(*((f"{name}@x.example", "en") for name in ("every", "daily", "weekly")))
    for often in ("daily", "weekly"):
        choose(house.database, often, who=f"{often}@x.example")
    got = []
    for number, hours in enumerate((0, 6, 6, 24, 24 * 6, 24), 1):
        house.time += timedelta(hours=hours)
        house.publish(f"s{number}")
        got.append(mails(house, house.digest(CATCHING_UP)))
    assert [one["every"] for one in got] == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert [one["daily"] for one in got] == ["s1", "often-enough", "often-enough", "s4 s3 s2", "s5", "s6"]
    assert [one["weekly"] for one in got] == ["s1", *["often-enough"] * 3, "s5 s4 s3 s2", "often-enough"]


def test_what_was_put_off_is_of_the_readers_language_and_topics_and_only_so_much(house: House) -> None:
    topics = {"sport": lambda one: one.section == "sport", "war": lambda one: one.section == "war"}
    newsletter = replace(CATCHING_UP, topics=topics, catch_up=2)
    house.subscribe(("all@x.example", "en"), ("sport@x.example", "en"), ("k@x.example", "ckb"))
    for who, chosen in (("all", ()), ("sport", ["sport"]), ("k", ())):
        choose(house.database, "daily", topics=chosen, who=f"{who}@x.example")
    for number, hours in enumerate((0, 5, 5)):
        for section in ("sport", "war"):
            house.publish(f"{section}{number}", section=section)
        house.publish(f"ckb{number}", language=CKB)
        planned = house.digest(newsletter, hours=hours)
    assert set(mails(house, planned).values()) == {"often-enough"}
    house.publish("war9", section="war")
    house.publish("ckb9", language=CKB)
    assert mails(house, house.digest(newsletter, hours=24)) == {
        "all": "war9 war2 sport2",
        "sport": "sport2 sport1",
        "k": "ckb9 ckb2 ckb1",
    }


def test_a_day_has_so_many_mails_for_a_reader_and_the_rest_is_caught_up(house: House) -> None:
    house.subscribe(("e@x.example", "en"))
    capped = replace(CATCHING_UP, mails_a_day=2)
    got = []
    for number, hours in enumerate((0, 3, 3, 24), 1):
        house.publish(f"s{number}")
        got.append(mails(house, house.digest(capped, hours=hours))["e"])
    assert got == ["s1", "s2", "often-enough", "s4 s3"]


def test_never_more_than_256_variants_and_nobody_is_without(house: House) -> None:
    names = [f"t{number}" for number in range(9)]  # 512 choices
    topics = {name: (lambda one, name=name: one.section == name) for name in names}
    for name in names:
        house.publish(name, section=name)
    everybody = [f"r{number}@x.example" for number in range(300)]
    house.subscribe(*((who, "en") for who in everybody))
    for number, who in enumerate(everybody, 1):
        chosen = [name for bit, name in enumerate(names) if number >> bit & 1]
        choose(house.database, "every", topics=chosen, who=who)
    planned = house.digest(replace(CATCHING_UP, topics=topics))
    assert planned.deliveries == 300
    assert len(set(mails(house, planned).values())) == 256
    assert "more than 256 variants; 45 readers get it without" in planned.faults[0]


def test_the_best_of_the_week_is_what_led_its_editions(house: House) -> None:
    week = replace(
        MORNING,
        name="week",
        best_of=timedelta(days=7),
        best_from=["morning"],
        leads=True,
        alike=0,
        layout=Layout(),
    )
    for day in range(3):
        house.publish(f"lead{day}")
        house.publish(f"other{day}", section="sport")
        house.fix(lead=(f"lead{day}",))
        house.digest(hours=24)
    house.publish("news")
    first = house.digest(week)
    assert house.texts(first) == {"en": ["lead [] lead2 r1", "rest [] lead1 r1", "rest [] lead0 r1"]}
    assert house.digest(week, hours=1) == Planned()  # nothing is best twice
    assert house.texts(house.digest(hours=1))["en"] == [
        "lead [] news r1"
    ]  # and nothing is taken from the others


def test_a_flash_goes_to_its_readers_at_once_each_in_a_mail_and_only_so_many_a_day(house: House) -> None:
    topics = {"war": lambda one: one.id.startswith("war"), "sport": lambda one: one.id.startswith("sport")}
    newsletter = replace(
        MORNING, flash=lambda one: one.section == "breaking", flashes=1, topics=topics, layout=Layout()
    )
    house.subscribe(("e@x.example", "en"), ("sport@x.example", "en"), ("k@x.example", "ckb"))
    choose(house.database, "every", topics=["sport"], who="sport@x.example")
    house.publish("quiet")
    house.publish("war1", section="breaking")
    first = house.desk.flash_mails(newsletter)
    assert (first.editions, mails(house, first)) == (
        ("flash:war1:morning",),
        {"e": "war1", "sport": "no-stories-in-topics"},
    )
    assert house.desk.flash_mails(newsletter) == Planned()
    house.publish("sport1", section="breaking")
    second = house.desk.flash_mails(newsletter)
    assert mails(house, second) == {"e": "often-enough", "sport": "sport1"}
    house.publish("war2", section="breaking")
    house.time += timedelta(days=1)
    assert mails(
        house, house.desk.flash_mails(replace(newsletter, door=replace(MAIL, fresh_for=timedelta(days=2))))
    ) == {
        "e": "war2",
        "sport": "no-stories-in-topics",
    }
    with house.database.read() as connection:
        assert {row["urgency"] for row in connection.execute(select(deliveries)).mappings()} == {0}


FLASHING = replace(
    MORNING, flash=lambda one: one.section == "breaking", flashes=1, layout=Layout(), skip_pushed=True
)


def test_who_got_a_story_at_once_has_it_once_and_everybody_else_has_it_in_the_digest(house: House) -> None:
    for name in ("got", "capped", "waits", "never"):
        house.subscribe((f"{name}@x.example", "en"))
    house.subscribe(("k@x.example", "ckb"))
    choose(house.database, "every", breaking=False, who="never@x.example")
    house.publish("quake", section="breaking")
    house.desk.flash_mails(FLASHING)
    for name in ("got", "capped"):
        house.sent("flash:quake:morning", to=f"{name}@x.example")
    house.publish("flood", section="breaking")
    house.desk.flash_mails(replace(FLASHING, flashes=2))
    house.sent("flash:flood:morning", to="got@x.example")
    house.publish("rain")
    house.publish("baran", language=CKB)
    assert mails(house, house.digest(FLASHING)) == {
        "got": "rain",
        "capped": "rain flood",
        "waits": "rain flood quake",  # it is on its way to them, and may still fail
        "never": "rain flood quake",
        "k": "baran",
    }


def test_who_had_all_of_it_at_once_gets_nothing_and_the_report_says_why(house: House) -> None:
    house.subscribe(("got@x.example", "en"), ("never@x.example", "en"))
    choose(house.database, "every", breaking=False, who="never@x.example")
    house.publish("quake", section="breaking")
    house.desk.flash_mails(FLASHING)
    house.sent("flash:quake:morning")
    assert mails(house, house.digest(FLASHING)) == {"got": "had-at-once", "never": "quake"}


def test_a_flash_that_arrives_while_the_digest_is_written_stands_in_nobodys_way(house: House) -> None:
    house.subscribe(("got@x.example", "en"), ("sport@x.example", "en"))
    choose(house.database, "every", topics=["sport"], who="sport@x.example")
    newsletter = replace(FLASHING, topics={"sport": lambda one: one.section == "sport"})
    house.publish("quake", section="breaking")
    house.desk.flash_mails(newsletter)
    house.publish("match", section="sport")
    house.publish("rain")
    written: list[str] = []

    def write(edition: Edition, door: Door, told: Newsletter | None) -> Sequence[Post]:
        written.append(edition.id)
        if len(written) == 2:  # the post of those who chose sport: who had what is known by now
            house.sent("flash:quake:morning")
        return house.write(edition, door, told)

    desk = Desk(house.database, now=lambda: house.time, summarise=house.summarise, write=write)
    planned = desk.digests.plan(
        replace(newsletter, topics={**newsletter.topics, "war": lambda one: False}), house.time
    )
    assert mails(house, planned)["got"] == "rain match quake"  # twice is better than never


def test_without_skip_pushed_everybody_has_it_in_the_digest_as_well(house: House) -> None:
    house.subscribe(("got@x.example", "en"))
    house.publish("quake", section="breaking")
    house.desk.flash_mails(FLASHING)
    house.sent("flash:quake:morning")
    assert mails(house, house.digest(replace(FLASHING, skip_pushed=False))) == {"got": "quake"}


def test_a_story_taken_back_while_the_edition_is_written_or_put_off_is_in_none(house: House) -> None:
    house.subscribe(("e@x.example", "en"))
    choose(house.database, "daily")

    def retract(name: str) -> None:
        with house.database.write() as connection:
            retractions.retract(connection, name, now=house.time, by="sara", why="it is wrong")

    house.publish("war")
    house.publish("rain")
    house.meanwhile.append(lambda: retract("war"))
    assert mails(house, house.digest(CATCHING_UP)) == {"e": "rain"}
    house.publish("put off")
    house.digest(CATCHING_UP, hours=1)
    retract("put off")
    house.publish("new")
    assert mails(house, house.digest(CATCHING_UP, hours=24)) == {"e": "new"}


@pytest.mark.parametrize(("default", "told"), [(True, ["silent", "yes"]), (False, ["yes"])])
def test_a_flash_goes_to_who_wants_it_and_the_newsletter_says_it_of_who_did_not(
    house: House, *, default: bool, told: list[str]
) -> None:
    newsletter = replace(MORNING, flash=lambda article: True, breaking=default)
    for name, said in (("yes", True), ("no", False), ("silent", None)):
        house.subscribe((f"{name}@x.example", "en"))
        choose(house.database, "every", breaking=said, who=f"{name}@x.example")
    house.publish("war")
    assert sorted(mails(house, house.desk.flash_mails(newsletter))) == told


def test_a_story_that_the_rules_leave_out_is_put_in_by_an_editor(house: House) -> None:
    choosy = replace(MORNING, keep=lambda article: article.section != "dull", fresh_for=timedelta(hours=2))
    house.publish("old")
    house.time += timedelta(hours=3)
    house.publish("dull", section="dull")
    house.publish("war")
    house.fix(add=("old", "dull"))
    assert [one.id for one in house.desk.digests.sheet(choosy).new] == ["dull", "war", "old"]
    assert house.texts(house.digest(choosy)) == {
        "en": ["lead [] war r1", "rest [] dull r1", "rest [] old r1"]
    }
    house.publish("rain")
    house.fix(add=("old",))
    assert house.texts(house.digest(choosy, hours=1)) == {"en": ["lead [] rain r1"]}  # it was carried


@pytest.mark.parametrize("gone", ["held", "retracted", "embargoed", "foreign"])
def test_what_may_not_go_out_no_editor_puts_in(house: House, gone: str) -> None:
    house.publish("old", language=Language("ar") if gone == "foreign" else EN)
    house.time += timedelta(days=9)
    house.publish("war")
    with house.database.write() as connection:
        told = {"now": house.time, "by": "sara", "why": "no"}
        if gone == "held":
            holds.hold(connection, "old", **told)  # type: ignore[arg-type]
        if gone == "retracted":
            retractions.retract(connection, "old", **told)  # type: ignore[arg-type]
        if gone == "embargoed":
            archive.set_embargo(connection, "old", house.time + timedelta(hours=1), by="sara")
        article = archive.article(connection, "old")
    assert not house.desk.digests.may_add(MORNING, article)
    house.fix(add=("old",))
    assert house.texts(house.digest()) == {"en": ["lead [] war r1"]}


def test_an_added_story_has_room_where_there_is_little(house: House) -> None:
    small = replace(MORNING, layout=replace(MORNING.layout, maximum=2))
    for name in ("old", "rain", "war", "peace"):
        house.publish(name)
    house.fix(add=("old",))
    assert house.texts(house.digest(small)) == {"en": ["lead [] peace r1", "rest [] old r1"]}

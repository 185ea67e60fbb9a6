"""Newsletters and their timetables: what was missed by too much, and what an editor says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from syndicator.app import App
from syndicator.errors import NotFound, Refused
from syndicator.model import Article, ArticleId, Language
from syndicator.register import Change
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import archive, ledger, timetables
from syndicator.storage.database import Database
from syndicator.storage.schema import audit, slots
from tests.test_cli import syndicator, told

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # 15:00 in Baghdad; the evening digest is due at 18:00


@dataclass
class Clock:
    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


@dataclass
class Stand:
    """A newsroom with one reader, and stories nobody has got yet."""

    sandbox: Sandbox
    path: Path
    clock: Clock
    database: str

    @contextmanager
    def opened(self, hours: float = 0) -> Iterator[App]:
        self.clock.time = NOON + timedelta(hours=hours)
        environ = {"SYNDICATOR_DATABASE_URL": self.database}
        with App.opened(self.path, environ, now=self.clock.now) as app:
            yield app


@pytest.fixture
def stand(tmp_path: Path, database: Database) -> Iterator[Stand]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        made = Stand(sandbox, sandbox.configure(tmp_path), clock, database.url)
        with made.opened() as app:
            wish = Wish(address="e@x.example", language="en", newsletter="evening", proof="p")
            app.subscribe([wish], "evening")
            app.look()
            app.compile()
            sandbox.newsroom.publish()
            app.look()
        yield made


def test_a_slot_missed_by_too_much_is_held_and_an_editor_lets_it_go(stand: Stand) -> None:
    with stand.opened(hours=3 + 6.5) as app:
        planned = app.compile()
        assert not [one for one in planned.editions if one.startswith("digest")]
        assert "is held" in planned.faults[-1]
        (held,) = app.newsstand.held()
        assert (held.newsletter, held.slot) == ("evening", NOON + timedelta(hours=3))
        assert not [one for one in app.compile().editions if one.startswith("digest")]
        planned = app.newsstand.release("evening", by="sara")
        assert (planned.editions, planned.deliveries) == ((f"digest:evening:{held.slot.isoformat()}",), 1)
        app.compile()  # looks at it, and lets it through
        app.deliver("letters")
        assert app.newsstand.held() == []
        with pytest.raises(Refused, match="no edition of evening is held"):
            app.newsstand.release("evening", by="sara")
    assert [mail.recipient for mail in stand.sandbox.smtp.mails] == ["e@x.example"]


def test_one_that_is_dropped_leaves_its_stories_to_the_next(stand: Stand) -> None:
    with stand.opened(hours=3 + 20) as app:  # longer ago than its mails live
        app.compile()
        app.newsstand.drop("evening", by="sara", why="it is noon")
        assert app.newsstand.held() == []
    with stand.opened(hours=27) as app:
        assert [one for one in app.compile().editions if one.startswith("digest")]
        with app.database.read() as connection:
            found = select(slots.c.outcome).where(slots.c.timetable == "evening").order_by(slots.c.slot)
            assert list(connection.execute(found).scalars()) == ["begun", "dropped", "planned"]
            told_so = connection.execute(select(audit.c.who, audit.c.what).order_by(audit.c.id)).all()
        assert [tuple(row) for row in told_so][-2:] == [("timetable", "hold"), ("sara", "drop")]


def test_the_next_slot_ends_the_wait(stand: Stand) -> None:
    with stand.opened(hours=10) as app:
        app.compile()
        assert app.newsstand.held()
    with stand.opened(hours=27) as app:
        assert [one for one in app.compile().editions if one.startswith("digest")]
        assert app.newsstand.held() == []


def test_a_little_late_is_no_matter(stand: Stand) -> None:
    with stand.opened(hours=3 + 5.5) as app:
        assert [one for one in app.compile().editions if one.startswith("digest")]


def test_an_editors_order_is_checked(stand: Stand) -> None:
    with stand.opened() as app:
        with app.database.read() as connection:
            first, *_ = archive.newest(connection, 9, "en")
        compose = app.newsstand.compose
        with pytest.raises(NotFound, match="no newsletter is called 'evning'; did you mean 'evening'"):
            compose("evning", lead=[], drop=[], order=[], by="sara")
        with pytest.raises(NotFound, match="no article begins with 'zz'"):
            compose("evening", lead=["zz"], drop=[], order=[], by="sara")
        with pytest.raises(Refused, match="cannot be dropped and have a place"):
            compose("evening", lead=[first.id], drop=[first.id[:9]], order=[], by="sara")
        compose("evening", lead=[first.id], drop=[], order=[], by="sara")
        stand.clock.time += timedelta(hours=1)
        assert app.compile(["evening"]).editions
        with pytest.raises(Refused, match="is not among the new stories of evening"):
            compose("evening", lead=[], drop=[], order=[first.id], by="sara")


def test_an_editors_subject_and_preheader_are_in_the_mail_also_when_it_is_written_anew(stand: Stand) -> None:
    with stand.opened() as app:
        compose = app.newsstand.compose
        with pytest.raises(Refused, match="evening has no language 'fr'"):
            compose("evening", by="sara", subject={"fr": "La pluie"})
        with pytest.raises(Refused, match="251 characters; 250 are enough"):
            compose("evening", by="sara", subject={"en": "a" * 251})
        compose(
            "evening",
            by="sara",
            subject={"en": " Rain \n and more ", "ckb": ""},
            preheader={"en": "Take a boat"},
        )
        compose("evening", by="sara", lead=[app.ledger.articles(language="en").articles[0].id])
        assert dict(app.newsstand.fixed("evening").marks.subject) == {"en": "Rain and more"}
        (post,) = [post for _, post in app.newsstand.preview("evening")[0] if post.language == "en"]
        assert post.subject == "Rain and more"
        assert "Take a boat" in (post.html or "")
    with stand.opened(hours=3) as app:
        app.plan()
        story = app.ledger.articles(language="en").articles[0]
        app.edits.headline(story.id, "A headline of our own", by="sara")
        app.compile()
        app.deliver("letters")
    (mail,) = stand.sandbox.smtp.mails
    assert mail.message["Subject"] == "Rain and more"
    html = mail.message.get_body(("html",)).get_content()
    assert "Take a boat" in html
    assert "A headline of our own" in html
    with stand.opened(hours=4) as app:
        assert not app.newsstand.fixed("evening").marks.subject  # it was for that edition


def test_what_rules_leave_out_is_told_and_put_in(stand: Stand) -> None:
    text = stand.path.read_text("utf-8")
    rules = '[newsletters.evening]\nstories = { sections = ["Sport"] }\n'
    stand.path.write_text(text.replace("[newsletters.evening]\n", rules, 1), "utf-8")
    with stand.opened() as app:
        left = [
            one
            for one in app.newsstand.outline("evening")
            if one.why == "the newsletter's rules leave it out"
        ]
        (one, *_) = [one for one in left if one.language == "en"]
        app.newsstand.compose("evening", by="sara", add=[one.article[:9]])
        assert one.article in {told.article for told in app.newsstand.outline("evening") if told.under}
        with pytest.raises(Refused, match="cannot be dropped and have a place"):
            app.newsstand.compose("evening", by="sara", drop=[one.article])
        app.newsstand.compose("evening", by="sara", add=[])
        assert one.article in {told.article for told in app.newsstand.outline("evening") if told.why}
        app.holds.hold(one.article, why="is it so?", by="ara")
        with pytest.raises(Refused, match="cannot be in evening: it was carried, is held"):
            app.newsstand.compose("evening", by="sara", add=[one.article])


def test_an_editor_types_it(tmp_path: Path) -> None:
    clock = Clock(datetime.now(UTC))
    with Sandbox(now=clock.now) as sandbox:
        c = ("-c", str(sandbox.configure(tmp_path)))
        syndicator("ingest", *c)
        sandbox.newsroom.publish(9)
        syndicator("ingest", *c)
        before = told("newsletter", "compose", "evening", *c)["stories"]
        assert isinstance(before, list)
        first, second, third, *_ = [one["article"] for one in before if one["language"] == "en"]
        wanted = ("--lead", third, "--order", f"{second},", "--drop", first)
        after = told("newsletter", "compose", "evening", *wanted, *c)["stories"]
        assert isinstance(after, list)
        english = [(one["under"], one["article"], one["why"]) for one in after if one["language"] == "en"]
        assert english[:2] == [("lead", third, ""), ("rest", second, "")]
        assert english[-1] == ("", first, "dropped by an editor")
        said = syndicator("newsletter", "compose", "evening", *c).stdout
        assert f"{first[:8]}  –  " in said
        assert "left out: dropped by an editor" in said
        assert syndicator("newsletter", "compose", "evening", "--clear", *wanted, *c).returncode == 1
        assert told("newsletter", "compose", "evening", "--clear", *c)["stories"] == before
        refused = syndicator("newsletter", "release", "evening", *c)
        assert (refused.returncode, "no edition of evening is held" in refused.stderr) == (1, True)


def test_an_operator_sees_what_is_held(stand: Stand, tmp_path: Path) -> None:
    with stand.opened(hours=10) as app:
        app.compile()
    path = stand.path
    text = path.read_text("utf-8")
    path.write_text(f'{text}\n[database]\nurl = "{stand.database}"\n', "utf-8")
    c = ("-c", str(path))
    status = syndicator("status", *c).stdout
    assert "▮ evening was due 2026-03-01 15:00 UTC and is held" in status
    assert "`syndicator newsletter release evening` lets it go" in status
    assert told("status", *c)["held_slots"] == [
        {"newsletter": "evening", "slot": "2026-03-01 15:00:00+00:00"}
    ]
    dropped = syndicator("newsletter", "drop", "evening", "--why", "too late", *c)
    assert dropped.stdout == "evening: nothing goes out for that slot\n"
    assert told("status", *c)["held_slots"] == []


def test_a_breaking_story_is_in_the_mailbox_before_the_digest(stand: Stand) -> None:
    told = stand.path.read_text("utf-8")
    changed = told.replace(
        "[newsletters.evening]", '[newsletters.evening]\nflash = { sections = ["Breaking"] }'
    )
    stand.path.write_text(changed, "utf-8")
    with stand.opened(hours=0.1) as app:
        app.compile()
        app.deliver("letters")
        (mail,) = stand.sandbox.smtp.mails
        assert str(mail.message["Subject"]) == "Rain closes the Azmar road for a second day"
        assert "Auto-Submitted" not in mail.message
        assert "Evening digest · Breaking · Sunday, March 1, 2026" in mail.part("plain")
        assert mail.part("html").count("Rain closes the Azmar road for a second day") == 1
        app.compile()
        app.deliver("letters")
        assert len(stand.sandbox.smtp.mails) == 1


# At each reader's own hour

PLACES = {"e@x.example": "", "auckland@x.example": "Pacific/Auckland", "york@x.example": "America/New_York"}


def own_hours(stand: Stand, more: str = "") -> None:
    told = stand.path.read_text("utf-8")
    told = told.replace("[newsletters.evening]", f'[newsletters.evening]\nzone = "reader"\n{more}')
    stand.path.write_text(told, "utf-8")
    with stand.opened() as app:
        for address, zone in PLACES.items():
            wish = Wish(address=address, language="en", newsletter="evening", proof="p")
            app.subscribe([wish], "evening")
            app.circulation.register.change(address, Change(zone=zone), by="test")


def story_of_the_hour(app: App, now: datetime) -> None:
    article = Article(
        id=ArticleId(f"story-{now:%Y%m%d%H}"),
        revision=1,
        url=f"https://news.example/{now:%Y%m%d%H}",
        language=Language("en"),
        headline=f"What happened by {now:%d %H:%M}",
        body=("Much.",),
        published_at=now,
        fingerprint=now.isoformat(),
    )
    with app.database.write() as connection:
        archive.record(connection, article, source="s", now=now, fresh=True)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(datetime(2026, 3, 7, 0, 30, tzinfo=UTC), 72, id="New York goes forward"),
        pytest.param(datetime(2026, 4, 4, 0, 30, tzinfo=UTC), 72, id="Auckland goes back"),
    ],
)
def test_each_reader_has_it_once_a_day_at_the_hour_where_they_live(
    stand: Stand, day: datetime, hours: int
) -> None:
    own_hours(stand)
    with stand.opened((day - NOON) / timedelta(hours=1)) as app:
        app.compile()
        got: dict[str, list[datetime]] = {address: [] for address in PLACES}
        for _ in range(hours):
            story_of_the_hour(app, stand.clock.time)
            app.compile()
            before = len(stand.sandbox.smtp.mails)
            app.deliver("letters")
            for mail in stand.sandbox.smtp.mails[before:]:
                zone = ZoneInfo(PLACES[mail.recipient] or "Asia/Baghdad")
                got[mail.recipient].append(stand.clock.time.astimezone(zone))
                late = stand.clock.time - parsedate_to_datetime(str(mail.message["Date"]))
                assert late == timedelta(minutes=30)  # since the hour of that reader
            stand.clock.time += timedelta(hours=1)
    for address, moments in got.items():
        days = [one.date() for one in moments]
        assert (len(days), days) == (3, [days[0] + timedelta(days=one) for one in range(3)]), address
        assert {one.hour for one in moments} == {18}, address
    subjects = {
        (str(mail.message["Subject"]), mail.message["Feedback-ID"]) for mail in stand.sandbox.smtp.mails
    }
    assert 3 <= len(subjects) <= 4  # one edition a day for all


def test_the_edition_is_made_when_the_first_hour_comes_where_somebody_lives(stand: Stand) -> None:
    own_hours(stand)
    with stand.opened(hours=5) as app:  # 20:00 in Baghdad, an hour after six in the evening of no reader
        app.compile()
    with stand.opened(hours=17 - 0.1) as app:
        story_of_the_hour(app, stand.clock.time)
        assert not digests(app.compile().editions)
        stand.clock.time += timedelta(hours=0.2)  # six in the evening of the next day in Auckland
        planned = digests(app.compile().editions)
        assert planned == [f"digest:evening:{(NOON + timedelta(hours=27)).isoformat()}"]
        with app.database.read() as connection:
            report = ledger.report(connection, planned[0])
            assert (report.due_at, report.faults) == (NOON + timedelta(hours=27), ())
        app.circulation.register.change("auckland@x.example", Change(zone=""), by="test")
        app.deliver("letters")  # who moves now gets this one as it was planned
        assert stand.sandbox.smtp.mails[-1].recipient == "auckland@x.example"
        story_of_the_hour(app, stand.clock.time)
        stand.clock.time += timedelta(hours=24)
        assert not digests(app.compile().editions)  # nobody lives there any more


def test_a_restored_newsroom_does_not_make_an_edition_again_that_was_made_before_its_hour(
    stand: Stand,
) -> None:
    own_hours(stand)
    with stand.opened(hours=18) as app:
        story_of_the_hour(app, stand.clock.time)
        with app.database.write() as connection:  # as the copy is that was made before the edition was
            timetables.begin_again(connection, stand.clock.time)
        stand.clock.time += timedelta(hours=9.5)
        assert not digests(app.compile().editions)


def test_quiet_hours_are_those_of_the_place_where_a_reader_lives(stand: Stand) -> None:
    own_hours(stand, 'quiet_hours = "17:00-19:30"')
    with stand.opened(hours=17 + 2) as app:
        story_of_the_hour(app, stand.clock.time)
        (edition,) = digests(app.compile().editions)
        with app.database.read() as connection:
            found = ledger.listed(connection, state=None, channel=None, edition=edition, limit=9)
    local = {PLACES[address]: 0 for address in PLACES}
    for row in found:
        for zone in local:
            at = row["due_at"].astimezone(ZoneInfo(zone or "Asia/Baghdad"))  # type: ignore[attr-defined]
            local[zone] += (at.hour, at.minute) == (19, 30)
    assert set(local.values()) == {1}


def digests(editions: Sequence[str]) -> list[str]:
    return [one for one in editions if one.startswith("digest")]

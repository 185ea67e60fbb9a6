"""What a second person approved is what goes out: whatever changes it in between is to be approved again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.config import Unusable
from syndicator.corrections import Word
from syndicator.model import How
from syndicator.sandbox.world import Sandbox
from syndicator.services.approvals import Asked
from syndicator.storage import brakes, ledger
from syndicator.storage.database import Database

from .house import NOON, READERS, House, slipped
from .test_words import published, texts


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    found: list[House] = []
    with Sandbox(now=lambda: found[0].now() if found else NOON) as sandbox:
        found.append(House(sandbox, sandbox.configure(tmp_path), database.url))
        yield found[0]


def approve(app: App, edition: str, by: str) -> None:
    app.approvals.approve(edition, app.approvals.one(edition).hash, by=by)


def tweets(house: House) -> list[str]:
    """In English: the sandbox publishes in other languages, too, and nobody is asked about those."""
    return [one.text for one in house.sandbox.x.tweets() if one.text[0].isascii()]


def asked_about(house: House, app: App) -> Asked:
    (found,) = [one for one in app.approvals.waiting() if house.article(app) in one.articles]
    return found


def ordered(house: House, app: App) -> tuple[str, str]:
    """A story, and a push of it that waits to be approved for X; nothing else is in the way."""
    article = published(house, app)
    for name in app.doors:
        app.resume(name, by="leyla")
    app.push([article], ["x"], editor="dana")
    (asked,) = app.approvals.waiting()
    return article, asked.edition


def test_an_edit_or_a_revision_after_the_approval_voids_it(house: House) -> None:
    house.set("channels.x", approval="true")
    with house.opened() as app:
        article, edition = ordered(house, app)
        approve(app, edition, "sara")
        app.edits.text(article, "x", "Our own words.", by="sara")
        app.deliver("x")
        assert tweets(house) == []
        assert texts(app, article, "x") == ["Our own words."]
        approve(app, edition, "ara")  # sara wrote them
        house.revise(headline=house.story.headline + " in 1987")
        app.edits.undo(article, "x", by="sara")
        house.round(app)
        assert tweets(house) == []
        approve(app, edition, "ara")
        house.round(app)
        (tweet,) = tweets(house)
        assert "1987" in tweet


def test_an_edit_that_changes_nothing_there_voids_nothing(house: House) -> None:
    house.set("channels.x", approval="true")
    with house.opened() as app:
        article, edition = ordered(house, app)
        approve(app, edition, "sara")
        app.edits.text(article, "tg-en", "Words for Telegram.", by="sara")
        house.round(app)
        assert len(tweets(house)) == 1


def test_a_newsletters_gate_opens_when_it_is_approved_and_not_before(house: House) -> None:
    house.set("newsletters.evening", approval="true")
    with house.opened() as app:
        app.subscribe(READERS, "evening")
        house.publish(app)
        house.time = NOON.replace(hour=15, minute=5)
        house.round(app)
        (asked,) = app.approvals.waiting()
        (finding,) = _errors(app, asked.edition)
        assert (finding["check"], finding["instead"]) == ("approval", "`syndicator approvals`")
        app.gate.preflight.send("evening", ["approval"], by="dana")  # nobody passes over it
        house.round(app)
        assert not house.sandbox.smtp.mails
        approve(app, asked.edition, "sara")
        app.gate.preflight.look()
        app.deliver_due()
        assert len(house.sandbox.smtp.mails) == 2
        with app.database.read() as connection:
            assert ledger.report(connection, asked.edition).faults == ()


def _errors(app: App, edition: str) -> list[dict[str, str]]:
    with app.database.read() as connection:
        found = brakes.gates(connection)[edition]["findings"]
    return [one for one in found if one["severity"] == "error"]


def test_corrections_wait_where_everything_is_asked_but_not_that_a_story_is_taken_away(house: House) -> None:
    house.set("channels.tg-en", approval='"everything"')
    with house.opened() as app:
        house.publish(app)
        asked = asked_about(house, app)
        approve(app, asked.edition, "sara")
        house.round(app)
        (before,) = house.telegram()
        article = house.article(app)
        house.revise(body=slipped(house.story))
        house.round(app)
        asked = asked_about(house, app)
        assert (asked.kind, asked.asked_by) == ("correction", ("timetable",))
        assert house.telegram() == [before]
        approve(app, asked.edition, "sara")
        house.round(app)
        assert house.telegram() != [before]
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.corrections.correct(article, Word(by="leyla"), ["tg-en"])
        asked = asked_about(house, app)
        assert not asked.may("leyla")
        app.approvals.decline(asked.edition, why="it is taken back", by="sara")
        app.circulation.retractions.retract(article, by="leyla", why="wrong")
        house.round(app)
        house.round(app)
        assert house.telegram() == []


def test_a_reader_is_sent_a_correction_after_it_was_approved(house: House) -> None:
    house.set("newsletters.evening", approval="true")
    with house.opened() as app:
        app.subscribe(READERS[:1], "evening")
        house.publish(app)
        house.time = NOON.replace(hour=15, minute=5)
        house.round(app)
        approve(app, app.approvals.waiting()[0].edition, "sara")
        house.time += timedelta(minutes=5)
        house.round(app)
        assert len(house.sandbox.smtp.mails) == 1
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.corrections.correct(house.article(app), Word(by="leyla", how=How.MAIL), ["letters"])
        house.round(app)
        assert len(house.sandbox.smtp.mails) == 1
        approve(app, app.approvals.waiting()[0].edition, "sara")
        house.round(app)
        assert len(house.sandbox.smtp.mails) == 2


def test_a_channel_of_mails_is_not_where_approval_is_written(house: House) -> None:
    house.set("channels.letters", approval="true")
    with pytest.raises(Unusable, match="approval = true in its newsletters"):
        house.opened()

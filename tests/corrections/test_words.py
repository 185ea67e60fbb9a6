"""An editor's own words of a story: in what goes out, in what waits, and until the story says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syndicator.app import App
from syndicator.corrections import Word
from syndicator.errors import NotFound, Refused
from syndicator.sandbox.world import Sandbox
from syndicator.storage import corrections as stored
from syndicator.storage import ledger
from syndicator.storage.database import Database

from .house import NOON, READERS, House


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    found: list[House] = []
    with Sandbox(now=lambda: found[0].now() if found else NOON) as sandbox:
        found.append(House(sandbox, sandbox.configure(tmp_path), database.url))
        yield found[0]


def published(house: House, app: App, section: str = "Breaking") -> str:
    """The story is there and has gone nowhere; channels where a flash would carry it are paused."""
    app.look()
    app.compile()
    for name in app.doors:
        app.pause(name, by="leyla", why="we read it first")
    house.story = next(
        one for one in house.sandbox.newsroom.publish() if one.language == "en" and one.section == section
    )
    app.look()
    return house.article(app)


def goes(house: House, app: App) -> None:
    for name in app.doors:
        app.resume(name, by="leyla")
    house.round(app)


def texts(app: App, article: str, channel: str) -> list[str]:
    """What waits there, part by part."""
    with app.database.read() as connection:
        return [one.post.text for one in stored.shown(connection, article, channel) if one.waits]


def test_a_headline_is_used_by_everything_that_is_written_from_here_on(house: House) -> None:
    with house.opened() as app:
        app.subscribe(READERS[:1], "evening")
        article = published(house, app)
        told = app.edits.headline(article, "  A headline of \n our own ", by="sara")
        assert (told.text, told.by, told.used, told.revision) == ("A headline of our own", "sara", True, 1)
        shown = app.preview([article], ["tg-en", "x"], again=True)
        assert all("A headline of our own" in str(one["text"]) for one in shown)
        app.compile()
        house.time = NOON.replace(hour=15, minute=5)
        goes(house, app)
        house.round(app)
        (mail,) = house.sandbox.smtp.mails
        assert "A headline of our own" in mail.message.get_body(("plain",)).get_content()
        assert any(
            "A headline of our own" in one.text for one in house.sandbox.telegram.messages("@courier_en")
        )


def test_what_waits_gets_the_new_words_and_the_old_ones_back(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        app.compile()
        (before,) = texts(app, article, "tg-en")
        app.edits.headline(article, "A headline of our own", by="sara")
        (edited,) = texts(app, article, "tg-en")
        assert (house.story.headline in before, "A headline of our own" in edited) == (True, True)
        app.edits.headline(article, "Another one", by="sara")
        assert "Another one" in texts(app, article, "tg-en")[0]
        app.edits.undo(article, by="dana")
        assert texts(app, article, "tg-en") == [before]
        with pytest.raises(Refused, match="no headline of an editor's own"):
            app.edits.undo(article, by="dana")
        goes(house, app)
        assert house.telegram() == [one.text for one in house.sandbox.telegram.messages("@courier_en")][-1:]
        with app.database.read() as connection:
            assert ledger.report(connection, f"flash:{article}").faults == ()


def test_what_waits_gets_the_summary_that_an_editor_writes(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        app.compile()
        (before,) = texts(app, article, "tg-en")
        app.summaries.write(article, "A summary of our own.", by="sara")
        (after,) = texts(app, article, "tg-en")
        assert ("A summary of our own." in before, "A summary of our own." in after) == (False, True)
        app.summaries.take_back(article, by="sara")
        assert texts(app, article, "tg-en") == [before]


def test_a_digest_that_waits_gets_the_new_headline(house: House) -> None:
    with house.opened() as app:
        app.subscribe(READERS[:1], "evening")
        article = published(house, app)
        house.time = NOON.replace(hour=15, minute=5)
        app.compile()
        app.edits.headline(article, "A headline of our own", by="sara")
        goes(house, app)
        house.round(app)
        (mail,) = house.sandbox.smtp.mails
        assert "A headline of our own" in mail.message.get_body(("plain",)).get_content()


def test_a_whole_post_of_ones_own_on_one_channel(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        app.compile()
        app.edits.text(article, "x", "Our own words for X.", by="sara")
        assert texts(app, article, "x") == ["Our own words for X."]
        assert "Our own" not in texts(app, article, "tg-en")[0]
        goes(house, app)
        assert house.sandbox.x.tweets()[-1].text == "Our own words for X."


def test_what_the_network_would_not_take_is_refused_with_its_own_count(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        with pytest.raises(Refused, match="x takes 280 x-weighted, and this has 301"):
            app.edits.text(article, "x", "a" * 301, by="sara")
        with pytest.raises(Refused, match=r"Telegram would refuse it: .*end tag"):
            app.edits.text(article, "tg-en", "<b>bold", by="sara")
        with pytest.raises(Refused, match="tg-en takes 4096 utf16, and this has 4097"):
            app.edits.text(article, "tg-en", "a" * 4097, by="sara")
        with pytest.raises(Refused, match="writes to subscribers"):
            app.edits.text(article, "letters", "words", by="sara")
        with pytest.raises(NotFound, match="no channel is called"):
            app.edits.text(article, "y", "words", by="sara")
        with pytest.raises(Refused, match="1 to 300 characters, and this has 0"):
            app.edits.headline(article, " ", by="sara")
        with pytest.raises(Refused, match="nothing in it"):
            app.edits.text(article, "x", " ", by="sara")
        assert app.edits.of(article) == []


def test_words_that_a_new_revision_does_not_say_any_more_are_not_used(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        body = ("The fire killed 3 people in Kirkuk on Sunday.", *house.story.body)
        house.revise(body=body)
        app.look()
        app.compile()
        app.edits.headline(article, "Fire kills 3 in Kirkuk", by="sara")
        app.edits.text(article, "x", "3 people died in Kirkuk.", by="sara")
        house.revise(body=(*body, "The road was closed."))  # says nothing against them
        house.time += timedelta(minutes=20)
        app.look()
        app.compile()
        assert [one.used for one in app.edits.of(article)] == [True, True]
        assert texts(app, article, "x") == ["3 people died in Kirkuk."]
        house.revise(body=("The fire killed 4 people in Kirkuk on Sunday.", *house.story.body))
        house.time += timedelta(minutes=20)
        app.look()
        app.compile()
        gone = app.edits.of(article)
        assert [one.used for one in gone] == [False, False]
        assert all("number 3" in one.why for one in gone)
        assert "3 people died" not in texts(app, article, "x")[0]
        app.edits.headline(article, "Fire kills 4 in Kirkuk", by="dana")
        assert [(one.text, one.used) for one in app.edits.of(article) if not one.channel] == [
            ("Fire kills 4 in Kirkuk", True),
            ("Fire kills 3 in Kirkuk", False),
        ]


def test_a_post_of_ones_own_says_that_it_is_corrected_by_the_template(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        app.edits.text(article, "tg-en", "Our own words.", by="sara")
        app.compile()
        goes(house, app)
        assert house.sandbox.telegram.messages("@courier_en")[-1].text == "Our own words."
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.corrections.correct(article, Word(by="leyla", note="It was in 1987."))
        house.round(app)
        house.round(app)
        assert "It was in 1987." in house.sandbox.telegram.messages("@courier_en")[-1].text


def test_a_push_for_a_moment_goes_out_in_the_newest_words(house: House) -> None:
    with house.opened() as app:
        article = published(house, app)
        at = house.time + timedelta(hours=2)
        (edition,) = app.push([article], ["x"], editor="dana", at=at).editions
        (before,) = texts(app, article, "x")
        house.revise(headline=house.story.headline + " in 1987")
        goes(house, app)
        (after,) = [one for one in texts(app, article, "x") if one]
        assert ("1987" in before, "1987" in after) == (False, True)
        sent = len(house.sandbox.x.tweets())
        moved = at + timedelta(hours=1)
        app.schedule.move(edition, moved, by="dana")
        house.time = at
        house.round(app)
        assert len(house.sandbox.x.tweets()) == sent
        house.time = moved
        house.round(app)
        assert "1987" in house.sandbox.x.tweets()[-1].text
        assert len(house.sandbox.x.tweets()) == sent + 1


def test_a_thread_that_waits_grows_and_shrinks_with_its_words(house: House) -> None:
    house.set("channels.tg-en", thread="3")
    with house.opened() as app:
        article = published(house, app)
        app.compile()
        long = "\n\n".join(f"Paragraph {number}. " + "Words. " * 300 for number in range(3))
        for words, number in ((long, 2), ("Short.", 1), (long, 2)):
            app.edits.text(article, "tg-en", words, by="sara")
            assert len(texts(app, article, "tg-en")) == number
            with app.database.read() as connection:
                assert ledger.report(connection, f"flash:{article}").faults == ()
        goes(house, app)
        house.round(app)
        out = house.sandbox.telegram.messages("@courier_en")[-2:]
        assert " ".join(one.text for one in out).split() == long.split()

"""A story that is revised, or taken back, on every kind of channel: what stands, what waits, what was on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicator.app import App
from syndicator.corrections import Word
from syndicator.errors import NotFound, Refused
from syndicator.model import How
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.world import Sandbox
from syndicator.storage import brakes, ledger
from syndicator.storage.corrections import shown
from syndicator.storage.database import Database
from syndicator.wiring import utc_now

from .house import NOON, READERS, House, slipped, told


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    found: list[House] = []
    with Sandbox(now=lambda: found[0].now() if found else NOON) as sandbox:
        found.append(House(sandbox, sandbox.configure(tmp_path), database.url))
        yield found[0]


def test_a_typo_is_mended_where_it_stands_and_nobody_is_told(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        before = house.telegram()
        house.revise(body=slipped(house.story))
        house.round(app)
        (after,) = house.telegram()
        assert len(before) == 1
        assert after != before[0]
        assert "corrected" not in after.lower()
        house.round(app)
        assert house.telegram() == [after]
        assert [one.how for one in app.corrections.history(house.article(app)) if one.channel == "tg-en"] == [
            "edit"
        ]


def test_more_than_a_typo_waits_for_an_editor_and_says_what_was_wrong(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        before, tweets = house.telegram(), len(house.sandbox.x.tweets())
        article = house.article(app)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        assert house.telegram() == before
        assert {one.channel for one in app.corrections.waiting()} == {"tg-en", "x"}
        found = app.corrections.correct(article, Word(by="leyla", note="It was in 1987."))
        assert len(found.editions) == 1
        assert app.corrections.waiting() == []
        with pytest.raises(Refused, match="nothing is to be corrected"):
            app.corrections.correct(article, Word(by="leyla"))
        house.round(app)
        house.round(app)
        (after,) = house.telegram()
        assert "1987" in after
        assert (
            "Corrected: \N{FIRST STRONG ISOLATE}It was in 1987." in after
            or "Corrected: It was in 1987." in after
        )
        replies = house.sandbox.x.tweets()[tweets:]
        assert len(replies) == 1  # X is not edited here: an answer says it
        assert "It was in 1987." in replies[0].text
        with app.database.read() as connection:
            assert ledger.by_channel(connection)["tg-en"].keys() == {"sent"}


def test_what_waits_is_written_anew_and_goes_out_once(house: House) -> None:
    with house.opened() as app:
        app.look()
        app.compile()
        app.pause("tg-en", by="leyla", why="lunch")
        house.story = next(
            one
            for one in house.sandbox.newsroom.publish()
            if one.language == "en" and one.section == "Breaking"
        )
        house.round(app)
        assert house.telegram() == []
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.resume("tg-en", by="leyla")
        house.round(app)
        (out,) = house.telegram()
        assert "1987" in out
        assert "corrected" not in out.lower()


def test_while_a_story_is_held_what_waits_is_written_anew_and_what_stands_stays(house: House) -> None:
    with house.opened() as app:
        app.subscribe(READERS, "evening")
        house.publish(app)
        (before,) = house.telegram()
        app.pause("letters", by="leyla", why="lunch")
        house.time = NOON.replace(hour=15, minute=5)
        house.round(app)
        app.resume("letters", by="leyla")
        article = house.article(app)
        (digest,) = app.holds.hold(article, why="is it so?", by="leyla").editions
        house.revise(body=slipped(house.story))
        house.round(app)
        house.round(app)
        assert house.telegram() == [before]
        assert not house.sandbox.smtp.mails
        assert app.holds.lift(article, by="leyla").freed == (digest,)
        house.round(app)
        house.round(app)
        assert house.telegram() != [before]
        word = next(iter(set(slipped(house.story)[0].split()) - set(house.story.body[0].split())))
        assert word in house.telegram()[0]
        assert len(house.sandbox.smtp.mails) == 2


def test_a_digest_that_waits_has_the_newest_words(house: House) -> None:
    with house.opened() as app:
        app.subscribe(READERS, "evening")
        house.publish(app)
        app.pause("letters", by="leyla", why="lunch")
        house.time = NOON.replace(hour=15, minute=5)
        house.round(app)
        assert not house.sandbox.smtp.mails
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.resume("letters", by="leyla")
        house.round(app)
        house.round(app)
        assert len(house.sandbox.smtp.mails) == 2
        for mail in house.sandbox.smtp.mails:
            assert "1987" in mail.message.get_body(("plain",)).get_content()
        decided = {one.channel: one.how for one in app.corrections.history(house.article(app))}
        assert decided["letters"] == "rewritten"


def test_who_got_the_earlier_one_can_be_sent_the_correction_and_nobody_else(house: House) -> None:
    with house.opened() as app:
        app.subscribe(READERS[:1], "evening")
        house.publish(app)
        house.time = NOON.replace(hour=15, minute=5)
        house.round(app)
        assert len(house.sandbox.smtp.mails) == 1
        app.subscribe(READERS[1:], "evening")  # too late for the digest
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        assert "letters" in {one.channel for one in app.corrections.waiting()}
        app.corrections.correct(house.article(app), Word(by="leyla", note="It was in 1987."), ["letters"])
        house.round(app)
        house.round(app)
        first, second = house.sandbox.smtp.mails
        assert second.recipient == first.recipient == "alan@readers.example"
        assert second.message["Subject"].lstrip("\u200e").startswith("Correction:")
        assert "It was in 1987." in second.message.get_body(("plain",)).get_content()
        assert "It was in 1987." in second.message.get_body(("html",)).get_content()
        assert second.message["List-Unsubscribe"]


def test_a_second_revision_before_the_editor_came_is_the_one_that_goes_out(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        house.revise(headline=house.story.headline + " in 1988")
        house.round(app)
        waiting = [one for one in app.corrections.waiting() if one.channel == "tg-en"]
        assert [one.revision for one in waiting] == [3]
        app.corrections.correct(waiting[0].article, Word(by="leyla"))
        house.round(app)
        (after,) = house.telegram()
        assert "1988" in after


def test_a_correction_is_corrected_in_the_same_place(house: House) -> None:
    house.set("channels.tg-en", corrections="{ approve = false }")
    with house.opened() as app:
        house.publish(app)
        for year in ("1987", "1988"):
            house.revise(headline=house.story.headline + f" in {year}")
            house.round(app)
            house.round(app)
        (after,) = house.telegram()
        assert "1988" in after


def test_a_story_that_is_taken_back_is_gone_or_says_so(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        tweets = len(house.sandbox.x.tweets())
        article = house.article(app)
        app.circulation.retractions.retract(article, by="leyla", why="it is not true")
        house.round(app)
        house.round(app)
        assert house.telegram() == []
        assert len(house.sandbox.x.tweets()) == tweets - 1
        with app.database.read() as connection:
            assert all("pending" not in states for states in ledger.by_channel(connection).values())


def test_what_stands_again_is_not_taken_away_and_may_be_later(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        out, tweets = house.telegram(), len(house.sandbox.x.tweets())
        article, desk = house.article(app), app.circulation.retractions
        for _ in range(2):
            desk.retract(article, by="leyla", why="it is not true")
            assert len(app.corrections.take_away(article).editions) == 1
            with app.database.write() as connection:  # one of them is a worker's already
                connection.execute(
                    text("UPDATE deliveries SET state = 'claimed' WHERE channel = 'x' AND state = 'pending'")
                )
            assert desk.readmit(article, by="leyla").spared == 2
            house.round(app)
            assert (house.telegram(), len(house.sandbox.x.tweets())) == (out, tweets)
        desk.retract(article, by="leyla", why="it is not true after all")
        house.round(app)
        house.round(app)
        assert (house.telegram(), len(house.sandbox.x.tweets())) == ([], tweets - 1)
        assert desk.readmit(article, by="leyla").spared == 0


def test_after_two_days_a_notice_stands_in_its_place(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        count = len(house.sandbox.telegram.messages("@courier_en"))
        article = house.article(app)
        house.time += timedelta(days=3)
        app.circulation.retractions.retract(article, by="leyla", why="it is not true")
        house.round(app)
        said = [one.text for one in house.sandbox.telegram.messages("@courier_en")]
        assert len(said) == count
        assert sum("This story has been withdrawn." in one for one in said) == 1


def test_nothing_is_decided_while_a_post_is_on_its_way(house: House) -> None:
    """What a dead worker left behind may stand there or not: a correction waits until somebody knows."""
    with house.opened() as app:
        house.publish(app)
        house.revise(headline=house.story.headline + " in 1987")
        with app.database.write() as connection:
            connection.execute(text("UPDATE deliveries SET state = 'uncertain' WHERE channel = 'tg-en'"))
        app.look()
        app.corrections.look()
        assert "tg-en" not in {one.channel for one in app.corrections.waiting()}


def test_a_channel_that_shows_no_earlier_revision_is_named(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        with pytest.raises(NotFound, match="tg-ckb shows no earlier revision"):
            app.corrections.correct(house.article(app), Word(by="leyla"), ["tg-ckb"])


def test_an_editor_may_leave_it_as_it_is(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        before = house.telegram()
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        app.corrections.correct(house.article(app), Word(by="leyla", how=How.NONE))
        house.round(app)
        assert house.telegram() == before
        assert app.corrections.waiting() == []
        with app.database.read() as connection:
            assert brakes.paused(connection) == frozenset()


def test_an_edit_whose_answer_was_lost_is_made_again_and_changes_nothing_more(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        count = len(house.sandbox.telegram.messages("@courier_en"))
        house.revise(body=slipped(house.story))
        app.look()
        app.compile()
        house.sandbox.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
        app.deliver("tg-en")
        (after,) = house.telegram()
        for _ in range(3):
            house.round(app)
        assert house.telegram() == [after]
        assert len(house.sandbox.telegram.messages("@courier_en")) == count
        with app.database.read() as connection:
            assert set(ledger.by_channel(connection)["tg-en"]) == {"sent"}


def test_by_the_command_line(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        article = house.article(app)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
    (one, other) = told("corrections", house)
    assert (one["channel"], one["how"], one["extent"]) == ("tg-en", "ask", "facts")
    assert other["channel"] == "x"
    assert told("correct", house, article[:8], "--to", "tg-en", "--note", "It was in 1987.")["editions"]
    assert told("correct", house, article[:8])["rewritten"] == 0
    assert [one["how"] for one in told("corrections", house, article)] == ["post", "visible"]
    assert told("retract", house, article, "--why", "it is not true")["retracted"]
    house.time = utc_now()  # the command's own time: two days after the post it cannot be deleted any more
    with house.opened() as app:
        house.round(app)
        house.round(app)
    assert house.telegram() == []
    said = [one.text for one in house.sandbox.telegram.messages("@courier_en")]
    assert sum("This story has been withdrawn." in one for one in said) == 1


def test_every_place_where_it_stands_is_mended(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        app.push([house.article(app)], ["tg-en"], editor="leyla", again=True, note="")
        house.round(app)
        assert len(house.telegram()) == 2
        house.revise(body=slipped(house.story))
        before = house.telegram()
        house.round(app)
        house.round(app)
        after = house.telegram()
        assert len(after) == 2
        assert not {*before} & {*after}


def late(house: House, app: App) -> str:
    """Three stories that waited for too long stand in one post; its text."""
    app.look()
    app.compile()
    stories = [one for one in house.sandbox.newsroom.publish() if one.language == "en"]
    house.story = next(one for one in stories if one.section == "Breaking")
    app.look()
    app.compile()
    house.time += timedelta(hours=2)
    house.round(app)
    (post,) = house.sandbox.telegram.messages("@courier_en")
    assert all(one.headline in post.text for one in stories)
    return post.text


def test_the_other_stories_of_a_post_stay_in_it(house: House) -> None:
    house.set("channels.tg-en", collapse='"1h"', corrections="{ approve = false }")
    with house.opened() as app:
        before = late(house, app)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        house.round(app)
        (post,) = house.sandbox.telegram.messages("@courier_en")
        assert "1987" in post.text
        assert "Forty schools" in post.text
        assert "Halabja" in post.text
        article = house.article(app)
        app.circulation.retractions.retract(article, by="leyla", why="it is not true")
        house.round(app)
        app.circulation.retractions.retract(article, by="leyla", why="it is not true")
        house.round(app)
        house.round(app)
        (post,) = house.sandbox.telegram.messages("@courier_en")
        assert house.story.headline in before
        assert house.story.headline not in post.text
        assert "Forty schools" in post.text
        assert "Halabja" in post.text


def test_a_story_that_is_taken_back_again_does_not_stop_its_own_end(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        article = house.article(app)
        for _ in range(2):
            app.circulation.retractions.retract(article, by="leyla", why="it is not true")
            app.corrections.look()
        with app.database.read() as connection:
            assert not [name for name in brakes.paused(connection) if name.startswith("retraction:")]
        house.round(app)
        house.round(app)
        assert house.telegram() == []


def test_what_is_written_anew_is_as_breaking_as_it_was(house: House) -> None:
    house.set("channels.tg-en", breaking='{ sections = ["Breaking"] }', pin="true")
    with house.opened() as app:
        app.look()
        app.compile()
        house.story = next(
            one
            for one in house.sandbox.newsroom.publish()
            if one.language == "en" and one.section == "Breaking"
        )
        app.look()
        app.compile()
        house.revise(headline=house.story.headline + " in 1987")
        app.look()
        app.compile()
        with app.database.read() as connection:
            seen = shown(connection, house.article(app), "tg-en")
        assert [(one.revision, one.post.breaking) for one in seen] == [(2, True)]


def test_a_story_that_ended_long_ago_is_corrected_nowhere_and_stops_nothing(house: House) -> None:
    with house.opened() as app:
        house.publish(app)
        article = house.article(app)
        app.circulation.retractions.retract(article, by="leyla", why="it is not true")
        house.round(app)
        house.round(app)
        house.time += timedelta(days=20)
        house.revise(headline=house.story.headline + " in 1987")
        house.round(app)
        assert app.corrections.waiting() == []
        assert house.telegram() == []


@pytest.mark.parametrize(
    ("reshaped", "days", "stands", "said"),
    [("replace", 0, 1, False), ("post", 0, 2, True), ("replace", 3, 2, True)],
)
def test_a_photo_that_becomes_a_text_is_posted_anew_or_answered(
    house: House, reshaped: str, days: int, stands: int, *, said: bool
) -> None:
    """A caption is shorter than a message: what is longer than one now cannot stand under the picture."""
    policy = f'{{ approve = false, reshaped = "{reshaped}", facts = "edit" }}'
    house.set("channels.tg-en", pictures="1", corrections=policy)
    with house.opened() as app:
        house.publish(app)
        before = house.telegram()
        house.revise(headline=house.story.headline + " in 1987" + " and later" * 110)
        house.time += timedelta(days=days)
        house.round(app)
        house.round(app)
        after = house.telegram()
        wanted = house.story.headline.split()[0]
        shown = [one for one in house.sandbox.telegram.messages("@courier_en") if wanted in one.text]
        assert [bool(one.photo) for one in shown] == [True, False][-stands:]
        assert "1987" in after[-1]
        assert (before[0] in after) is (stands == 2)
        assert ("corrected" in after[-1].lower()) is said
        house.round(app)
        assert house.telegram() == after

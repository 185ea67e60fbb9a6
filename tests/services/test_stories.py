"""The life of a story: its revisions, its embargo, its siblings in other languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.errors import NotFound, Refused
from syndicator.kinship import resemblance
from syndicator.model import Article, ArticleId, Language
from syndicator.services.stories import Stories
from syndicator.storage import archive, siblings
from syndicator.storage.database import Database

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ENGLISH = Article(
    id=ArticleId("e1"),
    revision=1,
    url="https://news.example/en/rain",
    language=Language("en"),
    headline="Rain closes the road over Azmar",
    body=("Twelve of 45 buses were stopped on the road, 27 people were taken to Shar hospital, UNAMI said.",),
    published_at=NOW,
    image="https://news.example/media/azmar.jpg?w=1200",
    fingerprint="f-e",
)
SORANI = replace(
    ENGLISH,
    id=ArticleId("k1"),
    url="https://news.example/ckb/baran",
    language=Language("ckb"),
    headline="باران ڕێگای ئەزمەڕ دادەخات",
    body=("دوازدە پاس لە کۆی ٤٥ پاس ڕاگیران و ٢٧ کەس گەیەنرانە نەخۆشخانە، UNAMI وتی.",),
    image="https://news.example/media/azmar.jpg?w=300",
    fingerprint="f-k",
)
ARABIC = replace(
    SORANI,
    id=ArticleId("a1"),
    url="https://news.example/ar/matar",
    language=Language("ar"),
    headline="الأمطار تغلق طريق أزمر",
    body=("أوقفت اثنتا عشرة حافلة من أصل 45 ونقل 27 شخصا إلى المستشفى بحسب UNAMI.",),
    fingerprint="f-a",
)


@pytest.fixture
def stories(database: Database) -> Stories:
    return Stories(database, now=lambda: NOW)


def keep(database: Database, *articles: Article, guess: bool = True) -> None:
    with database.write() as connection:
        for article in articles:
            kept = archive.record(connection, article, source=article.language, now=NOW, fresh=True)
            siblings.note(connection, kept.article, NOW, guess=guess)


def test_a_life_tells_every_revision_with_what_it_changed(database: Database, stories: Stories) -> None:
    keep(database, ENGLISH)
    keep(database, replace(ENGLISH, body=(ENGLISH.body[0].replace("27", "29"),), fingerprint="f-2"))
    first, second = stories.life("e1").revisions
    assert first.change is None
    assert second.change
    assert [(one.old, one.new) for one in second.change.pieces] == [("27", "29")]
    assert stories.life("e1").article.revision == 2


def test_pages_say_which_stories_are_one_whoever_comes_first(database: Database, stories: Stories) -> None:
    said = (("en", ENGLISH.url), ("ckb", "http://www.news.example/ckb/baran/"))
    keep(database, replace(ENGLISH, versions=said, image=None))
    assert stories.life("e1").siblings == []  # the other has not come in
    keep(database, replace(SORANI, image=None))
    (sibling,) = stories.life("e1").siblings
    assert (sibling.article, sibling.language, sibling.guessed) == ("k1", "ckb", False)
    (back,) = stories.life("k1").siblings
    assert (back.article, back.headline) == ("e1", ENGLISH.headline)


def test_the_same_picture_and_figures_are_a_suggestion_and_a_word_wins(
    database: Database, stories: Stories
) -> None:
    keep(database, ENGLISH, SORANI, ARABIC)
    found = stories.life("k1").siblings
    assert [(one.language, one.guessed) for one in found] == [("ar", True), ("en", True)]
    assert "27, 45, unami" in found[0].why
    other = replace(
        ENGLISH, id=ArticleId("e2"), url="https://news.example/en/2", image=None, fingerprint="f-e2"
    )
    keep(database, other)
    stories.link("k1", "e2", by="sara")
    arabic, english = stories.life("k1").siblings
    assert arabic.guessed
    assert (english.article, english.guessed, english.why) == ("e2", False, "sara said so")
    stories.unlink("e2", "k1", by="sara")
    assert [one.article for one in stories.life("k1").siblings] == ["a1", "e1"]


def test_what_is_no_sibling(database: Database, stories: Stories) -> None:
    keep(database, ENGLISH, replace(SORANI, image=None))
    with pytest.raises(Refused, match="nobody says"):
        stories.unlink("e1", "k1", by="sara")
    keep(database, replace(ENGLISH, id=ArticleId("e2"), url="https://news.example/2", fingerprint="x"))
    with pytest.raises(Refused, match="both in 'en'"):
        stories.link("e1", "e2", by="sara")
    with pytest.raises(NotFound):
        stories.link("e1", "zz", by="sara")


def test_resemblance_needs_a_picture_figures_a_time_and_another_language() -> None:
    assert resemblance(ENGLISH, SORANI)
    assert resemblance(SORANI, ARABIC)
    assert not resemblance(ENGLISH, replace(SORANI, image="https://news.example/media/other.jpg"))
    assert not resemblance(ENGLISH, replace(SORANI, body=("باران باری لە ٢٧ی شوبات.",)))
    assert not resemblance(ENGLISH, replace(SORANI, published_at=NOW + timedelta(days=3)))
    assert not resemblance(ENGLISH, replace(ENGLISH, id=ArticleId("e2")))
    latin = replace(
        ENGLISH, language=Language("kmr"), body=("Rê hat girtin bi sedema baranê li Azmar Azmar.",)
    )
    assert not resemblance(ENGLISH, latin)


def test_an_editors_embargo_stands_whatever_the_source_says(database: Database, stories: Stories) -> None:
    keep(database, ENGLISH)
    stories.embargo("e1", NOW + timedelta(hours=6), by="sara")
    keep(
        database,
        replace(ENGLISH, headline="Rain closes the Azmar road", published_at=NOW - timedelta(hours=1)),
    )
    assert stories.life("e1").waits_until == NOW + timedelta(hours=6)
    assert waiting(database, NOW + timedelta(hours=5)) == []
    assert waiting(database, NOW + timedelta(hours=6)) == ["e1"]


def test_an_embargo_is_lifted_once(database: Database, stories: Stories) -> None:
    keep(database, replace(ENGLISH, published_at=NOW + timedelta(days=2)))
    assert stories.life("e1").waits_until == NOW + timedelta(days=2)
    stories.lift("e1", by="sara")
    assert (stories.life("e1").waits_until, waiting(database, NOW)) == (None, ["e1"])
    with pytest.raises(Refused, match="under no embargo"):
        stories.lift("e1", by="sara")
    with pytest.raises(Refused, match="has passed"):
        stories.embargo("e1", NOW, by="sara")


def waiting(database: Database, now: datetime) -> list[str]:
    """What a channel would carry by itself then."""
    day = timedelta(days=1)
    with database.read() as connection:
        found = archive.unsent(
            connection, channel="tg", newsletter="", languages=["en"], since=now - day, now=now
        )
    return [one.id for one in found]

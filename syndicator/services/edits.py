"""An editor's own words of a story, besides its summary: the headline everywhere, and a whole post on one channel.

They stand of the revision that they were written of, and of later ones for as long as the gate finds nothing in them
that it had not found then: a headline that says "three" does not outlive a story that now says "four".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicator.errors import Refused
from syndicator.model import Article, Post
from syndicator.storage import archive, brakes
from syndicator.storage import edits as stored
from syndicator.storage.database import Connection, Database
from syndicator.storage.edits import HEADLINE, TEXT, Edit
from syndicator.text.telegram import Refusal, shown
from syndicator.truth import Gate

LONGEST = 300  # characters of a headline


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What an editor wrote, and whether it is used of the story as it is now."""

    article: str
    channel: str  # empty: the headline
    text: str
    revision: int
    by: str
    at: datetime
    used: bool = True
    why: str = ""  # it is not


class Edits:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        written: Callable[[Article, str, str], Sequence[Post]],
        anew: Callable[[str], object],
    ) -> None:
        """``written`` gives the posts of an article on a channel in these words, or raises :exc:`Refused`; ``anew``
        writes what waits with a story anew."""
        self._database = database
        self._now = now
        self._written = written
        self._anew = anew

    def headline(self, wanted: str, text: str, *, by: str) -> Edited:
        """On every channel and in every edition from here on, also in what waits. Raises :exc:`NotFound`,
        :exc:`Refused`."""
        text = " ".join(text.split())
        if not 0 < len(text) <= LONGEST:
            raise Refused(
                "a headline has 1 to {most} characters, and this has {number}",
                most=LONGEST,
                number=len(text),
            )
        return self._keep(self._article(wanted), HEADLINE, text, by)

    def text(self, wanted: str, channel: str, text: str, *, by: str) -> Edited:
        """The whole post of the story on this channel, in its markup. Raises :exc:`NotFound`, and :exc:`Refused` with
        the network's own count where it does not fit."""
        article, text = self._article(wanted), text.strip()
        if not text:
            raise Refused("there is nothing in it; --undo takes your words back")
        self._written(article, channel, text)
        return self._keep(article, TEXT + channel, text, by)

    def undo(self, wanted: str, channel: str = "", *, by: str) -> Article:
        """The source's headline, or the template's post, is used again. Raises :exc:`NotFound`, :exc:`Refused`."""
        article, place = self._article(wanted), TEXT + channel if channel else HEADLINE
        with self._database.write() as connection:
            if not stored.take_back(connection, article.id, place):
                raise Refused(
                    "{article} has no {place} of an editor's own",
                    article=article.id,
                    place=place.replace(":", " for "),
                )
            self._note(connection, "edit taken back", article.id, place, by)
        self._anew(article.id)
        return article

    def of(self, wanted: str) -> list[Edited]:
        """All that was written of a story, and which of it is used: the newest of each place that stands."""
        article = self._article(wanted)
        with self._database.read() as connection:
            found = stored.of_article(connection, article.id)
            used: set[str] = set()
            told = []
            for one in found:
                why = "another one is used" if one.place in used else self._gone(connection, one, article)
                used |= set() if why else {one.place}
                told.append(_edited(one, why))
        return told

    def applied(self, article: Article, channel: str) -> tuple[Article, str]:
        """The story with the headline that is used, and the whole post for this channel; empty where there is none."""
        with self._database.read() as connection:
            found = stored.of_article(connection, article.id)
            standing: dict[str, str] = {}
            for one in found:
                ours = one.place in (HEADLINE, TEXT + channel) and one.place not in standing
                if ours and not self._gone(connection, one, article):
                    standing[one.place] = one.text
        headline = standing.get(HEADLINE)
        return (replace(article, headline=headline) if headline else article), standing.get(
            TEXT + channel, ""
        )

    def _gone(self, connection: Connection, one: Edit, article: Article) -> str:
        """Why these words are not used of the story as it is now; empty: they are."""
        if one.revision == article.revision:
            return ""
        if one.revision > article.revision:
            return f"they are of revision {one.revision}"
        was = archive.article(connection, article.id, one.revision)
        news = sorted(_doubts(article, one) - _doubts(was, one))
        return f"revision {article.revision} does not say it: {', '.join(news)}" if news else ""

    def _article(self, wanted: str) -> Article:
        with self._database.read() as connection:
            return archive.article(connection, wanted)

    def _keep(self, article: Article, place: str, text: str, by: str) -> Edited:
        one = Edit(article.id, place, article.revision, text, by, self._now())
        with self._database.write() as connection:
            stored.keep(connection, one)
            self._note(connection, "edit", article.id, f"{place}: {text}", by)
        self._anew(article.id)
        return _edited(one, "")

    def _note(self, connection: Connection, what: str, about: str, why: str, by: str) -> None:
        brakes.note(connection, who=by, what=what, about=about, why=why, now=self._now())


def _doubts(article: Article, one: Edit) -> set[str]:
    try:
        text = shown(one.text) if one.channel else one.text
    except Refusal:  # a channel without markup
        text = one.text
    checked = Gate(article).check(text)
    return {f"{found.doubt} {found.words}".strip() for told in checked for found in told.findings}


def _edited(one: Edit, why: str) -> Edited:
    return Edited(
        article=one.article,
        channel=one.channel,
        text=one.text,
        revision=one.revision,
        by=one.by,
        at=one.at,
        used=not why,
        why=why,
    )

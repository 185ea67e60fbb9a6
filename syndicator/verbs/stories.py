"""What is done with stories."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AwareDatetime, Field

from syndicator.corrections import ASK, Corrected, Word
from syndicator.errors import Refused
from syndicator.model import Article, How, Role

from . import answers
from .nouns import Actor, Reach, Told, Verb
from .telling import kept_told, summary_told

if TYPE_CHECKING:
    from syndicator.app import App

Which = Annotated[str, Field(min_length=1, max_length=64, description="the story's id, or how it begins")]
Why = Annotated[str, Field(max_length=1000, description="it is written down")]
Channels = Annotated[tuple[str, ...], Field(min_length=1, max_length=50, description="channels")]


class OfStory(Told):
    article: Which


class Listing(Told):
    language: str | None = Field(None, description="only this language")
    after: str | None = Field(None, max_length=200, description="begin after it: the page's `next`")
    limit: int = Field(20, ge=1, le=1000, description="at most so many")


class Looked(Told):
    article: Which
    to: Channels
    again: bool = Field(default=False, description="also to a channel that has the story already")


class Pushed(Told):
    articles: Annotated[tuple[Which, ...], Field(min_length=1, max_length=50, description="stories")]
    to: Channels
    again: bool = Field(default=False, description="also to a channel that has the story already")
    at: AwareDatetime | None = Field(None, description="not now: at this moment")
    together: bool = Field(default=False, description="several stories in one post")
    note: Why = ""


class Embargoed(Told):
    article: Which
    until: AwareDatetime = Field(description="no channel carries it by itself before")


class Siblings(Told):
    article: Which
    other: Which
    undo: bool = Field(default=False, description="they are not the same story")


class Summarised(Told):
    """One of these."""

    article: Which
    text: str | None = Field(None, max_length=5000, description="your own words; they win over all others")
    accept: bool = Field(default=False, description="take what was proposed")
    decline: bool = Field(
        default=False, description="take the story's own sentences instead of what was proposed"
    )
    take_back: bool = Field(default=False, description="take your own words back")


class Waiting(Told):
    refused: bool = Field(default=False, description="also what was refused and waits for nobody")
    limit: int = Field(50, ge=1, le=1000, description="at most so many")


class Correction(Told):
    article: Which
    to: tuple[str, ...] = Field((), max_length=50, description="only on these channels")
    how: How | None = Field(None, description="instead of what the channel's policy says")
    note: str = Field("", max_length=1000, description="what was corrected, for readers to see")


class Decided(Told):
    article: str = Field("", max_length=64, description="what was decided about this story; else what waits")


class Retraction(Told):
    article: Which
    why: Why = ""
    undo: bool = Field(default=False, description="the story stands again")


def brief(article: Article) -> dict[str, Any]:
    names = ("id", "revision", "published_at", "language", "headline", "url")
    return {name: getattr(article, name) for name in names}


def _articles(newsroom: App, told: Listing, actor: Actor) -> Any:
    page = newsroom.ledger.articles(language=told.language, after=told.after, limit=told.limit)
    return {"articles": [brief(one) for one in page.articles], "next": page.next}


def shown(newsroom: App, wanted: str) -> dict[str, Any]:
    """A story as it was cleaned, what is said of it, and where it went. Raises :exc:`NotFound`."""
    article, sent = newsroom.ledger.article(wanted)
    kept, out = newsroom.summaries.about(article)
    names = ("id", "revision", "url", "language", "headline", "dateline", "body", "caption", "credits", "author",
             "section", "image", "published_at")  # fmt: skip
    return {name: getattr(article, name) for name in names} | {
        "deliveries": sent,
        "summaries": [kept_told(one, article.language) for one in kept],
        "carried": [
            {"edition": edition, "revision": revision, **summary_told(one, article.language)}
            for edition, revision, one in out
        ],
    }


def _preview(newsroom: App, told: Looked, actor: Actor) -> Any:
    posts = newsroom.preview([told.article], told.to, again=told.again)
    return {"posts": posts, "costs": list(newsroom.cashier.forecast(_costs(posts)))}


def _costs(posts: Any) -> list[tuple[str, Any]]:
    return [(str(one["channel"]), one["cost"]) for one in posts if "cost" in one]


def _push(newsroom: App, told: Pushed, actor: Actor) -> Any:
    order: dict[str, Any] = {"again": told.again, "at": told.at, "as_one": told.together}
    done = newsroom.push(told.articles, told.to, editor=actor.by, note=told.note, **order)
    return {"editions": list(done.editions), "deliveries": done.deliveries}


def _embargo(newsroom: App, told: Embargoed, actor: Actor) -> Any:
    article = newsroom.stories.embargo(told.article, told.until, by=actor.by)
    return {"article": article.id, "waits_until": told.until}


def _sibling(newsroom: App, told: Siblings, actor: Actor) -> Any:
    tell = newsroom.stories.unlink if told.undo else newsroom.stories.link
    one, two = tell(told.article, told.other, by=actor.by)
    return {"article": one.id, "sibling": two.id, "linked": not told.undo}


def _summarise(newsroom: App, told: Summarised, actor: Actor) -> Any:
    if sum((told.text is not None, told.accept, told.decline, told.take_back)) != 1:
        raise Refused("say one of: text, accept, decline, take_back")
    desk = newsroom.summaries
    if told.decline or told.take_back:
        (desk.decline if told.decline else desk.take_back)(told.article, by=actor.by)
        return {"summary": None}
    made = (
        desk.accept(told.article, by=actor.by)
        if told.accept
        else desk.write(told.article, told.text or "", by=actor.by)
    )
    return {"summary": summary_told(made, desk.article(told.article).language)}


def _summaries(newsroom: App, told: Waiting, actor: Actor) -> Any:
    found = newsroom.summaries.waiting(told.limit, all_refused=told.refused)
    return {"summaries": [kept_told(one, newsroom.summaries.article(one.article).language) for one in found]}


def _correct(newsroom: App, told: Correction, actor: Actor) -> Any:
    word = Word(by=actor.by, how=told.how, note=told.note)
    return _corrected(newsroom.corrections.correct(told.article, word, told.to))


def _corrected(found: Corrected) -> dict[str, Any]:
    return {"editions": list(found.editions), "rewritten": found.rewritten, "faults": list(found.faults)}


def _corrections(newsroom: App, told: Decided, actor: Actor) -> Any:
    desk = newsroom.corrections
    found = desk.history(told.article) if told.article else desk.waiting()
    return {"corrections": [one._asdict() | {"waits": one.how == ASK} for one in found]}


def _retract(newsroom: App, told: Retraction, actor: Actor) -> Any:
    desk = newsroom.circulation.retractions
    done = (
        desk.readmit(told.article, by=actor.by)
        if told.undo
        else desk.retract(told.article, by=actor.by, why=told.why)
    )
    away = newsroom.corrections.take_away(done.article.id)
    return {
        "article": done.article.id,
        "retracted": not told.undo,
        "paused": list(done.held),
        "editions": list(away.editions),
        "spared": done.spared,
        "faults": list(away.faults),
    }


def _life(newsroom: App, told: OfStory, actor: Actor) -> Any:
    life = newsroom.stories.life(told.article)
    return {
        "article": life.article.id,
        "dated": life.article.dated,
        "waits_until": life.waits_until,
        "revisions": [
            {
                "revision": one.number,
                "seen_at": one.seen_at,
                "headline": one.headline,
                "change": asdict(one.change) if one.change else None,
            }
            for one in life.revisions
        ],
        "siblings": [asdict(one) for one in life.siblings],
    }


def of_story(newsroom: App, told: Any) -> Reach:
    return Reach(languages=[newsroom.summaries.article(told.article).language])


def _of_siblings(newsroom: App, told: Siblings) -> Reach:
    wanted = (told.article, told.other)
    return Reach(languages=[newsroom.summaries.article(one).language for one in wanted])


def _of_push(newsroom: App, told: Pushed) -> Reach:
    languages = [newsroom.summaries.article(one).language for one in told.articles]
    return Reach(channels=told.to, languages=languages)


def _of_correction(newsroom: App, told: Correction) -> Reach:
    return Reach(channels=told.to or list(newsroom.doors), languages=of_story(newsroom, told).languages)


def _of_retraction(newsroom: App, told: Retraction) -> Reach:
    return Reach(channels=list(newsroom.doors), languages=of_story(newsroom, told).languages)


READ, WRITE, PUSH = "articles:read", "articles:write", "push"

VERBS = (
    Verb(
        name="articles",
        says="The newest stories.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/articles",
        takes=Listing,
        answers=answers.Articles,
        act=_articles,
    ),
    Verb(
        name="show",
        says="One story as it was cleaned, and where it went.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/articles/{article}",
        takes=OfStory,
        answers=answers.Shown,
        act=lambda newsroom, told, actor: shown(newsroom, told.article),
    ),
    Verb(
        name="story",
        says="The life of a story: what each revision changed, whether it waits, the same story in other languages.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/articles/{article}/life",
        takes=OfStory,
        answers=answers.Life,
        act=_life,
    ),
    Verb(
        name="preview",
        says="Exactly what a push would send, with the network's own count.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/articles/{article}/preview",
        takes=Looked,
        answers=answers.Previewed,
        act=_preview,
    ),
    Verb(
        name="push",
        says="Send stories to channels now.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/pushes",
        takes=Pushed,
        answers=answers.Planned,
        act=_push,
        reach=_of_push,
    ),
    Verb(
        name="embargo",
        says="Keep a story back until a moment; your word stands whatever its source says later.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/embargo",
        takes=Embargoed,
        answers=answers.Waits,
        act=_embargo,
        reach=of_story,
    ),
    Verb(
        name="sibling",
        says="Say that two stories are one in two languages, or that they are not.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/siblings",
        takes=Siblings,
        answers=answers.Linked,
        act=_sibling,
        reach=_of_siblings,
    ),
    Verb(
        name="summarise",
        says="Say what is said of a story from here on.",
        role=Role.EDITOR,
        scope=WRITE,
        method="POST",
        path="/articles/{article}/summary",
        takes=Summarised,
        answers=answers.Said,
        act=_summarise,
        reach=of_story,
    ),
    Verb(
        name="summaries",
        says="What a model proposed and the gate did not clear.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/summaries",
        takes=Waiting,
        answers=answers.Summaries,
        act=_summaries,
    ),
    Verb(
        name="correct",
        says="Let the newest revision of a story reach whoever was told an earlier one.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/articles/{article}/correct",
        takes=Correction,
        answers=answers.Corrected,
        act=_correct,
        reach=_of_correction,
    ),
    Verb(
        name="corrections",
        says="What was revised after it went out and waits for an editor's word; or what was decided about a story.",
        role=Role.VIEWER,
        scope=READ,
        method="GET",
        path="/corrections",
        takes=Decided,
        answers=answers.Corrections,
        act=_corrections,
    ),
    Verb(
        name="retract",
        says="Take a story back: nothing carries it any more, posts are taken away or say so.",
        role=Role.PUBLISHER,
        scope=PUSH,
        method="POST",
        path="/articles/{article}/retract",
        takes=Retraction,
        answers=answers.Retracted,
        act=_retract,
        reach=_of_retraction,
    ),
)

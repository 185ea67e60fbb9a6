"""What is said of corrections: how, by which policy, on whose word, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from syndicator.model import Edition, EditionId, EditionKind, How, Post, Story
from syndicator.revising import WEIGHT, Extent
from syndicator.settings import CorrectionsTable
from syndicator.storage import brakes
from syndicator.storage import corrections as ledger
from syndicator.storage.content import POST, digest, dump
from syndicator.storage.corrections import Carrier, Decision
from syndicator.storage.database import Connection

REWRITTEN = "rewritten"  # nobody was told an earlier revision: what waited was written anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a channel does, by how much was changed."""

    typo: How = How.EDIT
    wording: How = How.EDIT
    facts: How = How.VISIBLE
    reshaped: How = How.REPLACE  # where the channel cannot make the one post out of the other
    approve: bool = True  # more than a typo waits for an editor
    retract: bool = True  # what was taken back is taken away by itself

    def of(self, extent: Extent) -> How:
        match extent:
            case Extent.SAME:
                return How.NONE
            case Extent.TYPO:
                return self.typo
            case Extent.FACTS | Extent.REWRITTEN:
                return self.facts
        return self.wording

    def asks(self, extent: Extent) -> bool:
        return self.approve and WEIGHT[extent] > WEIGHT[Extent.TYPO]


def policy(told: CorrectionsTable) -> Policy:
    return Policy(
        typo=How(told.typo),
        wording=How(told.wording),
        facts=How(told.facts),
        reshaped=How(told.reshaped),
        approve=told.approve,
        retract=told.retract,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What a look brought: editions that carry corrections, posts that were written anew, and what waits for a word."""

    editions: tuple[str, ...] = ()
    rewritten: int = 0  # deliveries that waited
    asked: tuple[Decision, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What somebody has to look at."""
        asked = (
            f"{one.article} on {one.channel} was revised ({one.extent}); `syndicator correct {one.article}` lets the "
            "correction go"
            for one in self.asked
        )
        return (*self.faults, *asked)

    def __add__(self, other: Corrected) -> Corrected:
        return Corrected(
            editions=(*dict.fromkeys((*self.editions, *other.editions)),),
            rewritten=self.rewritten + other.rewritten,
            asked=(*self.asked, *other.asked),
            faults=(*self.faults, *other.faults),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What an editor said."""

    by: str
    how: How | None = None  # none: as the policy has it
    note: str = ""  # for followers to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A story's newest revision on one channel, and what is known of it."""

    carrier: Carrier
    word: Word | None = None
    asked: Decision | None = None  # that it was put to an editor

    @property
    def how(self) -> How | None:
        return self.word.how if self.word else None

    @property
    def by(self) -> str:
        return self.word.by if self.word else "timetable"

    @property
    def note(self) -> str:
        return self.word.note if self.word else ""

    def decide(
        self, connection: Connection, extent: Extent, how: str, *, edition: str | None = None, now: datetime
    ) -> Decision | None:
        """Write it down, within the transaction that does it; None when somebody else decided meanwhile."""
        decision = Decision(*self.carrier, extent=extent, how=how, edition=edition, at=now, by=self.by)
        settled = self.asked and ledger.settle(connection, self.asked, decision)
        done = settled if self.asked else ledger.decide(connection, decision)
        if done and self.word:
            about = f"{self.carrier.article} on {self.carrier.channel}"
            brakes.note(connection, who=self.by, what=f"correct {how}", about=about, why=self.note, now=now)
        return decision if done else None


def correction(carrier: Carrier, stories: tuple[Story, ...], now: datetime, note: str | None = "") -> Edition:
    """The edition that brings the newest revision, and says so unless it is done without a word: then ``note`` is
    None."""
    return Edition(
        id=EditionId(f"correction:{carrier.article}:{carrier.revision}"),
        kind=EditionKind.CORRECTION,
        language=stories[0].article.language,
        due_at=now,
        stories=stories,
        title=stories[0].article.headline,
        correction=note,
    )


def says_the_same(new: Post, old: Post) -> bool:
    return replace(new, id=old.id) == old


def of_revision(post: Post, revision: int) -> Post:
    """A post that is written anew under an id of its own, by what is in it: its words may change more than once of one
    revision."""
    base = post.id.partition(";")[0]
    return replace(post, id=f"{base};{revision}.{digest(dump(POST, replace(post, id=base)))[:8]}")

"""Channels whose followers all see one post: it is changed where it stands, answered, replaced or taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from syndicator.model import Act, Article, DeliveryState, Edition, EditionId, EditionKind, How, Post, Story
from syndicator.ports import Moulded
from syndicator.revising import Extent, compare
from syndicator.services.desk import Approval, Door, Newsletter
from syndicator.services.desk.nouns import URGENCY
from syndicator.storage import approvals, archive, holds, planning, retractions
from syndicator.storage import corrections as ledger
from syndicator.storage.corrections import ASK, Carrier, Shown
from syndicator.storage.database import Connection, Database

from .nouns import Case, Corrected, Policy, correction, of_revision, says_the_same

IN_PLACE = frozenset({How.EDIT, How.VISIBLE})
WORDLESS = frozenset({How.EDIT, How.REPLACE})
KINDS = {"push": EditionKind.PUSH, "correction": EditionKind.CORRECTION}  # by how an edition's id begins
TRIES = 3


class Anew(NamedTuple):
    """Posts in the words of now."""

    posts: dict[int, Post | None]  # by delivery that waits; None where the story has become shorter
    more: list[tuple[Post, int]]  # where it has become longer: the post, and a delivery of its edition


class Public:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        doors: Mapping[str, Door],
        policies: Mapping[str, Policy],
        channel: Callable[[str], Any],
        story: Callable[[Article, Door], Story],
        write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
    ) -> None:
        self._database = database
        self._now = now
        self._doors = doors
        self._policies = policies
        self._channel = channel
        self._story = story
        self._write = write

    def correct(self, case: Case) -> Corrected:
        """Raises :exc:`TemplateError`."""
        carrier, channel = case.carrier, case.carrier.channel
        article, seen = self._seen(carrier)
        earlier = [one for one in seen if 0 < one.revision < carrier.revision]
        if article.revision != carrier.revision or any(one.on_its_way for one in earlier):
            return Corrected()  # the next look sees more
        there = [one for one in ledger.standing(seen) if not one.answers and one in earlier]
        waiting = [one for one in earlier if one.waits]
        policy = self._policies[channel]
        anew = self._anew(waiting, seen, carrier)
        held = self._held(case) and bool(there)
        extent = self._extent(article, there)
        told = bool(there) and not held
        how = self._feasible(case.how or policy.of(extent), channel, there) if told else How.NONE
        ask = case.word is None and how is not How.NONE and policy.asks(extent)
        note = None if how in WORDLESS else case.note
        made = [] if ask or how is How.NONE else self._made(carrier, how, there, note)
        if how in IN_PLACE and not self._can_become(channel, made, there):
            how = self._feasible(policy.reshaped, channel, there, How.POST)
            made = self._made(carrier, how, there, note if how is How.REPLACE else case.note)
        edition = made[0][0].id if made else None
        with self._database.write() as connection:
            if self._moved_on(connection, carrier, seen):
                return Corrected()
            rewritten = self._rewrite(connection, waiting, anew)
            if held:
                return Corrected(rewritten=rewritten)  # it is decided when the story is let go
            decision = case.decide(connection, extent, ASK if ask else how, edition=edition, now=self._now())
            for correcting, posts in made if decision else ():
                self._plan(connection, correcting, posts, by=case.by, note=case.note)
        return Corrected(
            editions=tuple(one.id for one, _ in made) if decision else (),
            rewritten=rewritten,
            asked=(decision,) if decision and ask else (),
        )

    def retract(self, carrier: Carrier) -> Corrected:
        """Once for each edition that stands: an edition of its own takes it away, or leaves its other stories there."""
        if not self._policies[carrier.channel].retract:
            return Corrected()
        article, seen = self._seen(carrier)
        ends = [one for one in seen if one.edition.startswith(retractions.END)]
        told = {one.post.mends for one in ends if one.state is not DeliveryState.CANCELLED}
        there = [one for one in ledger.standing(seen) if one.revision and one.key not in told]
        found = Corrected()
        for parts in _by_edition(there):
            found += self._taken_away(parts, carrier, article, {one.edition for one in ends})
        return found

    def _held(self, case: Case) -> bool:
        """Whether an editor holds the story, and nobody has said that it is to be corrected all the same."""
        with self._database.read() as connection:
            return case.word is None and bool(holds.held(connection, [case.carrier.article]))

    def _seen(self, carrier: Carrier) -> tuple[Article, list[Shown]]:
        with self._database.read() as connection:
            seen = ledger.shown(connection, carrier.article, carrier.channel)
            return archive.article(connection, carrier.article), seen

    def _stories(self, post: Post, carrier: Carrier, *, ended: bool = False) -> tuple[Story, ...]:
        """What the post holds, as it is now: of the others what was not taken back; ours unless it ``ended``."""
        names = [*(post.articles or (carrier.article,))]
        with self._database.read() as connection:
            gone = {*retractions.moments(connection, names)} - {carrier.article}
            if ended:
                gone.add(carrier.article)
            found = [archive.article(connection, name) for name in names if name not in gone]
        return tuple(self._story(article, self._doors[carrier.channel]) for article in found)

    def anew(self, carrier: Carrier, edition: str | None = None) -> Corrected:
        """What waits with the story, of one edition or all, in the words of now. Raises :exc:`TemplateError`."""
        for _ in range(TRIES):
            _, seen = self._seen(carrier)
            plain = [one for one in seen if one.waits and one.post.act is Act.POST and not one.post.mends]
            waiting = [one for one in plain if one.revision and edition in (None, one.edition)]
            written = self._anew(waiting, seen, carrier)
            with self._database.write() as connection:
                if not self._moved_on(connection, carrier, seen):
                    return Corrected(rewritten=self._rewrite(connection, waiting, written))
        return Corrected()  # its newest revision, or its end, is written into them anyway

    def _anew(self, waiting: Sequence[Shown], seen: Sequence[Shown], carrier: Carrier) -> Anew:
        found = Anew({}, [])
        door = self._doors[carrier.channel]
        for parts in _by_edition(waiting):
            first = parts[0]
            written = self._write(_told_anew(first, self._stories(first.post, carrier)), door, None)
            for one in parts:
                there = one.part < len(written) and one.post.act is not Act.RETRACT
                found.posts[one.id] = self._dressed(written[one.part], one, carrier) if there else None
            if first.post.act is Act.POST and not first.post.mends:
                last = max(one.part for one in seen if one.edition == first.edition and not one.gone)
                found.more.extend(
                    (self._dressed(replace(new, id=_id(first, new)), first, carrier), first.id)
                    for new in written[last + 1 :]
                )
        return found

    def _dressed(self, new: Post, old: Shown, carrier: Carrier) -> Post:
        """As it goes out in the place of the old one."""
        more: dict[str, Any] = {"act": old.post.act, "mends": old.post.mends, "breaking": old.post.breaking}
        name = old.post.id if new.part == old.part else new.id
        silent = self._doors[carrier.channel].silent(old.due_at)
        told = replace(new, id=name, edition=EditionId(old.edition), silent=silent, **more)
        return of_revision(told, carrier.revision)

    def _rewrite(self, connection: Connection, waiting: Sequence[Shown], anew: Anew) -> int:
        """How many deliveries got other words."""
        ledger.cancel(connection, [one.id for one in waiting if anew.posts[one.id] is None], self._now())
        changed = 0
        for one in waiting:
            new = anew.posts[one.id]
            if new and not says_the_same(new, one.post):
                changed += ledger.re_point(connection, one.post.id, new, only=one.id)
        for post, like in anew.more:
            ledger.add_part(connection, post, like)
        for edition, channel in {(one.edition, one.post.channel) for one in waiting}:
            approvals.changed(connection, edition, channel, why="it was written anew", now=self._now())
        return changed

    def _made(
        self, carrier: Carrier, how: How, there: Sequence[Shown], note: str | None
    ) -> list[tuple[Edition, list[Post]]]:
        """What stands is changed wherever it does, the newest first; an answer, or a new post, there is but one.

        ``note`` is what is said of it; None: not a word.
        """
        groups = _by_edition(there)[::-1]
        made = []
        for number, parts in enumerate(groups if how in IN_PLACE else groups[:1], 1):
            stories = self._stories(parts[0].post, carrier)
            edition = correction(carrier, stories, self._now(), note)
            edition = edition if number == 1 else replace(edition, id=EditionId(f"{edition.id}:{number}"))
            made.append(
                (edition, self._posts(edition, how, parts if how in IN_PLACE else there, carrier.channel))
            )
        return made

    def _posts(self, edition: Edition, how: How, there: Sequence[Shown], channel: str) -> list[Post]:
        """The correction's parts: what is changed in its place, what is new, what is taken away."""
        door = self._doors[channel]
        written = [replace(one, silent=door.silent(self._now())) for one in self._write(edition, door, None)]
        targets = [one for parts in _by_edition(there) for one in parts]
        if how in IN_PLACE:
            changed = [
                replace(new, act=Act.EDIT, mends=old.key) for new, old in zip(written, targets, strict=False)
            ]
            told, gone = changed + written[len(changed) :], targets[len(written) :]
        else:
            answered = _by_edition(there)[-1][0].key if how is How.POST else ""
            told = [replace(written[0], mends=answered), *written[1:]]
            gone = targets if how is How.REPLACE else []
        told += [replace(old.post, act=Act.RETRACT, mends=old.key) for old in gone]
        return _numbered(told, edition, door)

    def _can_become(
        self, channel: str, made: Sequence[tuple[Edition, list[Post]]], there: Sequence[Shown]
    ) -> bool:
        """Whether every edit is one that the channel can make."""
        made_of = self._channel(channel)
        stands = {one.key: one.post for one in there}
        edits = [post for _, posts in made for post in posts if post.act is Act.EDIT]
        return not isinstance(made_of, Moulded) or all(
            made_of.can_become(stands[one.mends], one) for one in edits
        )

    def _feasible(self, how: How, channel: str, there: Sequence[Shown], kept: How = How.VISIBLE) -> How:
        """What the channel can still do to what stands there; else a correction is posted, or a slip is left alone.

        What is to be replaced and cannot be taken away any more is ``kept``, and something is said.
        """
        can, now = self._channel(channel).capabilities, self._now()
        times = [one.settled_at or now for one in there]
        if how is How.REPLACE and not all(can.deletable(one, now) for one in times):
            how = kept
        if how in IN_PLACE and not all(can.editable(one, now) for one in times):
            return How.POST if how is How.VISIBLE else How.NONE
        return How.POST if how is How.MAIL else how

    def _extent(self, article: Article, there: Sequence[Shown]) -> Extent:
        """Since the earliest revision that followers see."""
        if not there:
            return Extent.SAME
        with self._database.read() as connection:
            was = archive.article(connection, article.id, max(1, min(one.revision for one in there)))
        return compare(was, article).extent

    def _moved_on(self, connection: Connection, carrier: Carrier, seen: Sequence[Shown]) -> bool:
        """Whether anything is not as it was when the posts were written."""
        planning.steady(connection)
        newest = archive.revisions_of(connection, [carrier.article]).get(carrier.article)
        now = ledger.shown(connection, carrier.article, carrier.channel)
        return (
            newest != carrier.revision
            or bool(retractions.moments(connection, [carrier.article]))
            or [(one.id, one.state, one.post.id) for one in now]
            != [(one.id, one.state, one.post.id) for one in seen]
        )

    def _plan(
        self, connection: Connection, edition: Edition, posts: Sequence[Post], *, by: str, note: str = ""
    ) -> None:
        now, door = self._now(), self._doors[posts[0].channel]
        planning.add_edition(connection, edition, newsletter=None, now=now, by=by, note=note)
        planning.add_public(
            connection,
            posts,
            due_at=now,
            not_after=now + door.lives,
            urgency=URGENCY[EditionKind.CORRECTION],
        )
        if door.approval is Approval.EVERYTHING and not edition.id.startswith(retractions.END):
            approvals.ask(connection, edition.id, door.id, by=by, now=now)

    def _taken_away(
        self, parts: Sequence[Shown], carrier: Carrier, article: Article, known: Collection[str]
    ) -> Corrected:
        """``known`` are the channel's retractions so far: of them, those of this edition went nowhere."""
        door, left = self._doors[carrier.channel], self._stories(parts[0].post, carrier, ended=True)
        edition = Edition(
            id=EditionId(_another(retractions.END + parts[0].edition, known)),
            kind=EditionKind.CORRECTION,
            language=article.language,
            due_at=self._now(),
            stories=left or (self._story(article, door),),
            title=article.headline,
            retracted=not left,
        )
        if left:
            posts = self._posts(edition, How.EDIT, parts, carrier.channel)
            fits = self._can_become(carrier.channel, [(edition, posts)], parts)
            if not fits and self._feasible(How.REPLACE, carrier.channel, parts) is How.REPLACE:
                posts = self._posts(edition, How.REPLACE, parts, carrier.channel)
        else:
            notice = self._write(edition, door, None)[0]
            posts = _numbered(
                [replace(notice, act=Act.RETRACT, mends=one.key) for one in parts], edition, door
            )
        with self._database.write() as connection:
            if not retractions.taken_back(connection, [article.id]):
                return Corrected()  # it stands again
            ours = [*left, *[self._story(article, door)] * bool(left)]
            self._plan(
                connection, replace(edition, stories=tuple(ours) or edition.stories), posts, by="timetable"
            )
        return Corrected(editions=(edition.id,))


def _by_edition(there: Sequence[Shown]) -> list[list[Shown]]:
    """What stands of each edition in the order of its parts, the oldest edition first."""
    names = dict.fromkeys(one.edition for one in sorted(there, key=lambda one: one.id))
    return [sorted((one for one in there if one.edition == name), key=lambda one: one.part) for name in names]


def _another(name: str, known: Collection[str]) -> str:
    """The name, or with the first number that makes it new."""
    names = (f"{name}:{number}" if number > 1 else name for number in count(1))
    return next(one for one in names if one not in known)


def _numbered(posts: Sequence[Post], edition: Edition, door: Door) -> list[Post]:
    return [
        replace(one, id=f"{edition.id}:{door.id}:{edition.language}:{part}", edition=edition.id, part=part)
        for part, one in enumerate(posts)
    ]


def _told_anew(old: Shown, stories: tuple[Story, ...]) -> Edition:
    """What waits says the newest from the beginning: nothing is corrected for anybody."""
    kind = KINDS.get(old.edition.partition(":")[0], EditionKind.FLASH)
    return Edition(
        id=EditionId(old.edition),
        kind=kind,
        language=stories[0].article.language,
        due_at=old.due_at,
        stories=stories,
        title=stories[0].article.headline,
        correction="" if kind is EditionKind.CORRECTION else None,
    )


def _id(first: Shown, new: Post) -> str:
    return f"{first.edition}:{new.channel}:{new.language}:{new.part}"

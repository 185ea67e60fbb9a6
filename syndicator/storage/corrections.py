"""What channels show of a story whose newest revision, or whose end, they have not heard of; and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)

from syndicator.model import Act, DeliveryState, EditionKind, Post

from .content import POST
from .planning import add_posts, expect
from .retractions import NAME, is_retracted
from .schema import (
    articles,
    candidates,
    corrections,
    deliveries,
    edition_stories,
    editions,
    overrides,
    posts,
    revisions,
    subscriptions,
)
from .statements import (
    CHANNEL_ITSELF,
    as_text,
    as_texts,
    consents,
    dialect,
    insert_new,
    inserted,
    stands,
    texts,
)

S = DeliveryState
ASK = "ask"  # it waits for an editor
SUPERSEDED = "superseded"
ON_THEIR_WAY = (S.CLAIMED, S.SENDING, S.UNCERTAIN)


class Carrier(NamedTuple):
    """A channel that has, or is to have, an earlier revision of a story."""

    article: str
    revision: int  # the newest
    channel: str


class Shown(NamedTuple):
    """One delivery of a story to a channel's followers."""

    id: int
    key: str
    edition: str
    part: int
    state: DeliveryState
    reason: str
    revision: int  # of the story, in the post that it carries; 0 where that holds it no more
    post: Post
    settled_at: datetime | None
    due_at: datetime

    @property
    def gone(self) -> bool:
        """It was called off before it went out."""
        return self.state is S.CANCELLED

    @property
    def waits(self) -> bool:
        return self.state is S.PENDING or (self.state is S.HELD and not self.in_doubt)

    @property
    def answers(self) -> bool:
        """It was posted beside what it corrects; that stays the one to be changed."""
        return self.post.act is Act.POST and bool(self.post.mends)

    @property
    def in_doubt(self) -> bool:
        return self.reason.startswith("in doubt")

    @property
    def on_its_way(self) -> bool:
        """Nobody can say yet whether followers see it."""
        return self.state in ON_THEIR_WAY or (self.state is S.HELD and self.in_doubt)


class Decision(NamedTuple):
    article: str
    revision: int
    channel: str
    extent: str
    how: str
    edition: str | None
    at: datetime
    by: str


def changed(connection: Connection, since: datetime, article: str | None = None) -> list[Carrier]:
    """Stories revised since then, with each channel about which nothing was decided yet; or this story."""
    a, es = articles.c, edition_stories.c
    lately = exists().where(
        revisions.c.article == a.id, revisions.c.revision == a.revision, revisions.c.seen_at >= since
    )
    decided = exists().where(
        corrections.c.article == a.id,
        corrections.c.revision == a.revision,
        corrections.c.channel == candidates.c.channel,
    )
    query = (
        select(a.id, a.revision, candidates.c.channel)
        .distinct()
        .select_from(articles.join(edition_stories, es.article == a.id))
        .join(candidates, candidates.c.edition == es.edition)
        .where(a.revision > 1, es.revision < a.revision, lately, not_(decided), not_(is_retracted()))
        .order_by(a.id, candidates.c.channel)
    )
    if article:
        query = query.where(a.id == article)
    return [Carrier(*row) for row in connection.execute(query)]


def taken_back(connection: Connection, since: datetime) -> list[Carrier]:
    """Stories that were retracted since then, with each channel that carries them."""
    a, es = articles.c, edition_stories.c
    query = (
        select(a.id, a.revision, candidates.c.channel)
        .distinct()
        .select_from(articles.join(edition_stories, es.article == a.id))
        .join(candidates, candidates.c.edition == es.edition)
        .join(overrides, overrides.c.name == literal(NAME) + a.id)
        .where(overrides.c.at >= since)
        .order_by(a.id, candidates.c.channel)
    )
    return [Carrier(*row) for row in connection.execute(query)]


def shown(connection: Connection, article: str, channel: str) -> list[Shown]:
    """Every delivery of the story to the channel itself, oldest first."""
    d = deliveries.c
    ours = select(edition_stories.c.edition).where(edition_stories.c.article == article)
    query = (
        select(d.id, d.key, d.edition, d.part, d.state, d.reason, d.settled_at, d.due_at, posts.c.content)
        .join(posts, posts.c.id == d.post)
        .where(d.edition.in_(ours), d.channel == channel, d.recipient == CHANNEL_ITSELF)
        .order_by(d.id)
    )
    found = []
    for row in connection.execute(query):
        post = POST.validate_python(row.content)
        held = post.articles or {article: _carried(connection, row.edition, article)}
        state, reason = S(row.state), row.reason or ""
        found.append(
            Shown(
                row.id,
                row.key,
                row.edition,
                row.part,
                state,
                reason,
                held.get(article, 0),
                post,
                row.settled_at,
                row.due_at,
            )
        )
    return found


def standing(deliveries_: Sequence[Shown]) -> list[Shown]:
    """What followers see of it: what went out, without what another one took the place of or took away."""
    there: dict[str, Shown] = {}
    for one in deliveries_:
        if one.state is not S.SENT:
            continue
        if one.post.act is not Act.POST:
            there.pop(one.post.mends, None)
        if one.post.act is not Act.RETRACT:
            there[one.key] = one
    return list(there.values())


def _carried(connection: Connection, edition: str, article: str) -> int:
    """Of a post that was written before posts told their stories."""
    ours = (edition_stories.c.edition == edition, edition_stories.c.article == article)
    return int(connection.execute(select(edition_stories.c.revision).where(*ours)).scalar() or 0)


class Written(NamedTuple):
    """A post of mails that wait, or went out, with an earlier revision of a story."""

    post: Post
    newsletter: str
    kind: EditionKind
    due_at: datetime
    waiting: int
    on_their_way: int
    sent: int
    words: Mapping[str, str]  # subject and preheader, where an editor wrote them


def mailed(connection: Connection, article: str, revision: int, channel: str) -> list[Written]:
    """The posts for readers that hold an earlier revision than this one, and how far each has got."""
    d = deliveries.c
    ours = select(edition_stories.c.edition).where(edition_stories.c.article == article)
    held = and_(stands(S.HELD), not_(func.coalesce(d.reason, "").startswith("in doubt")))
    query = (
        select(
            d.post,
            func.count().filter(or_(stands(S.PENDING), held)).label("waiting"),
            func.count().filter(stands(*ON_THEIR_WAY)).label("on_their_way"),
            func.count().filter(stands(S.SENT)).label("sent"),
        )
        .where(d.edition.in_(ours), d.channel == channel, d.recipient != CHANNEL_ITSELF, d.post.is_not(None))
        .group_by(d.post)
        .order_by(d.post)
    )
    found = []
    for row in connection.execute(query):
        e = editions.c
        kept = select(posts.c.content, e.newsletter, e.kind, e.due_at, e.headings)
        kept = kept.join(editions, editions.c.id == posts.c.edition).where(posts.c.id == row.post)
        content, newsletter, kind, due_at, headings = connection.execute(kept).one()
        post = POST.validate_python(content)
        said = (headings or {}).get(post.language, {})
        words = {name: said.get(name, "") for name in ("subject", "preheader")}
        if 0 < post.articles.get(article, 0) < revision:
            found.append(
                Written(
                    post,
                    newsletter or "",
                    EditionKind(kind),
                    due_at,
                    row.waiting,
                    row.on_their_way,
                    row.sent,
                    words,
                )
            )
    return found


def under(connection: Connection, edition: str) -> dict[str, str]:
    """By story: the section of the edition it stands in."""
    query = select(edition_stories.c.article, edition_stories.c.under)
    return {
        row.article: row.under
        for row in connection.execute(query.where(edition_stories.c.edition == edition))
    }


def re_point(connection: Connection, old: str, new: Post, *, only: int | None = None) -> int:
    """Deliveries that wait with the old post get the new one; this one, or all. Returns how many."""
    add_posts(connection, [new])
    d = deliveries.c
    held = and_(stands(S.HELD), not_(func.coalesce(d.reason, "").startswith("in doubt")))
    waiting = [d.post == old, or_(stands(S.PENDING), held)]
    if only is not None:
        waiting.append(d.id == only)
    return connection.execute(update(deliveries).where(*waiting).values(post=new.id)).rowcount


def carried_to(connection: Connection, article: str) -> list[str]:
    """The channels of the story's editions in which something can change still."""
    query = (
        select(candidates.c.channel)
        .distinct()
        .join(edition_stories, edition_stories.c.edition == candidates.c.edition)
        .join(editions, editions.c.id == candidates.c.edition)
        .where(edition_stories.c.article == article, editions.c.sealed_at.is_(None))
    )
    return sorted(connection.execute(query).scalars())


def carriers_of(connection: Connection, edition: str) -> dict[str, list[Carrier]]:
    """By channel: the stories of an edition as they are now, in its order."""
    query = (
        select(articles.c.id, articles.c.revision, candidates.c.channel)
        .join(edition_stories, edition_stories.c.article == articles.c.id)
        .join(candidates, candidates.c.edition == edition_stories.c.edition)
        .where(edition_stories.c.edition == edition)
        .order_by(edition_stories.c.position)
    )
    found: dict[str, list[Carrier]] = {}
    for row in connection.execute(query):
        found.setdefault(row.channel, []).append(Carrier(*row))
    return found


def add_part(connection: Connection, post: Post, like: int) -> None:
    """One more part of a thread that waits, due when another delivery of it is."""
    add_posts(connection, [post])
    d = deliveries.c
    key = f"{post.edition}:{post.channel}:-:{post.part}"
    unsent = (d.key == key, stands(S.CANCELLED), d.reason == SUPERSEDED, d.attempts == 0)
    connection.execute(delete(deliveries).where(*unsent))  # the thread was shorter for a while
    row = connection.execute(select(d.urgency, d.due_at, d.not_after).where(d.id == like)).one()
    told = {"key": key, "edition": post.edition, "channel": post.channel, "recipient": "-", "part": post.part}
    state = {"post": post.id, "state": S.PENDING.value}
    insert_new(connection, deliveries, [told | state | row._asdict()])
    ours = select(func.count()).select_from(deliveries)
    expect(
        connection,
        post.edition,
        post.channel,
        ours.where(d.edition == post.edition, d.channel == post.channel),
    )


def cancel(connection: Connection, which: Collection[int], now: datetime) -> int:
    """What waits and is of no more use goes nowhere."""
    waiting = (deliveries.c.id.in_(sorted(which)), or_(stands(S.PENDING), stands(S.HELD)))
    values = {"state": S.CANCELLED.value, "reason": SUPERSEDED, "settled_at": now}
    return connection.execute(update(deliveries).where(*waiting).values(values)).rowcount


def add_readers(
    connection: Connection,
    post: Post,
    newsletter: str,
    had: Sequence[str],
    *,
    due_at: datetime,
    not_after: datetime,
    urgency: int,
) -> int:
    """Plan the post for every reader who got one of those that they ``had`` and still wants the newsletter."""
    add_posts(connection, [post])
    d = deliveries.alias("had")
    told = texts(connection.dialect.name, "told")
    got = exists().where(
        d.c.post.in_(told), d.c.recipient == as_text(subscriptions.c.subscriber), stands(S.SENT, of=d)
    )
    who = and_(consents(newsletter), got)
    value = as_texts(had)
    expect(
        connection,
        post.edition,
        post.channel,
        select(func.count()).select_from(subscriptions).where(who).params(told=value),
    )
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"{post.edition}:{post.channel}:")
        + as_text(subscriptions.c.subscriber)
        + literal(":0"),
        "edition": literal(post.edition),
        "channel": literal(post.channel),
        "recipient": as_text(subscriptions.c.subscriber),
        "part": literal(0),
        "post": literal(post.id),
        "state": literal(S.PENDING.value),
        "urgency": literal(urgency),
        "due_at": literal(due_at, deliveries.c.due_at.type),
        "not_after": literal(not_after, deliveries.c.not_after.type),
    }
    query = select(*columns.values()).select_from(subscriptions).where(who).params(told=value)
    return inserted(connection, dialect(connection).insert(deliveries).from_select([*columns], query))


def decide(connection: Connection, decision: Decision) -> bool:
    """Write down what is done about a revision on a channel; False when that was decided already. What was asked about
    an earlier revision needs no answer any more."""
    c = corrections.c
    if not insert_new(connection, corrections, [decision._asdict()]):
        return False
    earlier = (c.article == decision.article, c.channel == decision.channel, c.revision < decision.revision)
    connection.execute(update(corrections).where(*earlier, c.how == ASK).values(how=SUPERSEDED))
    return True


def settle(connection: Connection, asked: Decision, decision: Decision) -> bool:
    """An editor's word on what was asked; False when somebody else gave it."""
    c = corrections.c
    ours = (c.article == asked.article, c.revision == asked.revision, c.channel == asked.channel)
    values = decision._asdict()
    return connection.execute(update(corrections).where(*ours, c.how == ASK).values(values)).rowcount == 1


def decisions(
    connection: Connection, *, article: str | None = None, how: str | None = None, limit: int = 200
) -> list[Decision]:
    """What was decided, newest first."""
    query = select(corrections).order_by(
        corrections.c.at.desc(), corrections.c.article, corrections.c.channel
    )
    if article:
        query = query.where(corrections.c.article == article)
    if how:
        query = query.where(corrections.c.how == how)
    return [
        Decision(*(getattr(row, name) for name in Decision._fields))
        for row in connection.execute(query.limit(limit))
    ]

"""Planning: editions, their posts and one delivery for each recipient. Planning twice is planning once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    update,
)

from syndicator.model import (
    ChannelId,
    DeliveryState,
    Edition,
    EditionId,
    EditionKind,
    Frequency,
    Post,
    Reason,
    SubscriberId,
    Summary,
)

from . import brakes
from .content import POST, SUMMARY, digest, dump
from .holds import kept_back
from .schema import (
    ELSEWHERE,
    MISSED,
    SELDOM,
    candidates,
    caught_up,
    deliveries,
    edition_stories,
    editions,
    posts,
    story_keys,
    subscribers,
    subscriptions,
)
from .statements import as_rows, as_text, consents, dialect, insert_new, inserted, rows, stands

S = DeliveryState
WELCOMED = timedelta(days=31)  # an older edition is no welcome
IN_VAIN = sorted(state.value for state in (S.EXCLUDED, S.EXPIRED, S.CANCELLED, S.FAILED))
NEVER: Mapping[str, int] = {}
NOWHERE: Mapping[str, tuple[datetime, datetime]] = {}
other = deliveries.alias()


def add_edition(
    connection: Connection,
    edition: Edition,
    *,
    newsletter: str | None,
    now: datetime,
    by: str,
    note: str = "",
    headings: Mapping[str, Mapping[str, Any]] | None = None,
) -> bool:
    """Write an edition and its stories; False when it is planned already. Planning twice is planning once.

    ``headings`` are its titles and those of its sections as they are sent, by language.
    """
    row = {
        "id": edition.id,
        "kind": edition.kind.value,
        "newsletter": newsletter,
        "language": edition.language,
        "title": edition.title,
        "due_at": edition.due_at,
        "planned_at": now,
        "planned_by": by,
        "note": note,
        "headings": headings,
    }
    if not insert_new(connection, editions, [row]):
        return False
    stories = [
        {
            "edition": edition.id,
            "position": position,
            "article": story.article.id,
            "revision": story.article.revision,
            "summary": dump(SUMMARY, story.summary),
            "under": story.under,
        }
        for position, story in enumerate(edition.stories)
    ]
    if stories:
        connection.execute(insert(edition_stories), stories)
    return True


def add_caught_up(connection: Connection, edition: str, articles: Iterable[str]) -> None:
    """Stories of earlier editions that some of its posts hold."""
    rows = [{"edition": edition, "article": one} for one in dict.fromkeys(articles)]
    if rows:
        insert_new(connection, caught_up, rows)


def claim_stories(
    connection: Connection, edition: Edition, *, channel: str, again: Mapping[str, int] = NEVER
) -> set[str]:
    """Take the right to carry these stories to this channel, which had each so often before; returns the ids of those
    that were free."""
    free: set[str] = set()
    for one in (story.article.id for story in edition.stories):
        free |= claim(connection, [one], edition.id, channel=channel, newsletter="", again=again.get(one, 0))
    return free


def claim(
    connection: Connection,
    articles: Iterable[str],
    edition: str,
    *,
    channel: str,
    newsletter: str,
    again: int = 0,
) -> set[str]:
    """The same by the ids of stories, of which some may not be in the edition."""
    ours = {"channel": channel, "newsletter": newsletter, "again": again, "edition": edition}
    return {one for one in articles if insert_new(connection, story_keys, [ours | {"article": one}])}


def times_carried(connection: Connection, article: str, channel: str, newsletter: str = "") -> int:
    """Also those that were called off before anybody saw them."""
    return len(_keys(connection, article, channel, newsletter))


def is_carried(connection: Connection, article: str, channel: str) -> bool:
    """Whether the channel has the story, or is to have it."""
    return None in _keys(connection, article, channel, "")


def _keys(connection: Connection, article: str, channel: str, newsletter: str) -> list[datetime | None]:
    found = connection.execute(
        select(story_keys.c.given_back).where(
            story_keys.c.article == article,
            story_keys.c.channel == channel,
            story_keys.c.newsletter == newsletter,
        )
    )
    return list(found.scalars())


def add_posts(connection: Connection, written: Iterable[Post]) -> None:
    """Store posts; their bytes never change, so one that is there already stays as it is."""
    rows = []
    for post in written:
        content = dump(POST, post)
        row = {"id": post.id, "edition": post.edition, "channel": post.channel, "language": post.language}
        rows.append(row | {"hash": digest(content), "content": content})
    if rows:
        insert_new(connection, posts, rows)


def add_delivery(
    connection: Connection, post: Post, *, due_at: datetime, not_after: datetime, urgency: int
) -> int:
    """Plan one post where the channel itself is the recipient. Its posts are stored before."""
    ours = (posts.c.edition == post.edition, posts.c.channel == post.channel)
    expect(connection, post.edition, post.channel, select(func.count()).select_from(posts).where(*ours))
    return insert_new(
        connection,
        deliveries,
        [
            {
                "key": f"{post.edition}:{post.channel}:-:{post.part}",
                "edition": post.edition,
                "channel": post.channel,
                "recipient": "-",
                "part": post.part,
                "post": post.id,
                "state": S.PENDING.value,
                "urgency": urgency,
                "due_at": due_at,
                "not_after": not_after,
            }
        ],
    )


def add_public(
    connection: Connection, written: Sequence[Post], *, due_at: datetime, not_after: datetime, urgency: int
) -> int:
    """Store posts and plan each where the channel itself is the recipient; how many deliveries are new."""
    add_posts(connection, written)
    times: dict[str, Any] = {"due_at": due_at, "not_after": not_after, "urgency": urgency}
    return sum(add_delivery(connection, post, **times) for post in written)


class Group(NamedTuple):
    """Readers who get the same post: their language, the topics they chose, and the first edition that was put off
    for them, each as it is stored; and for each story that was sent at once whether they had it, as 0 or 1."""

    language: str
    topics: str = ""
    missed: str = ""
    had: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most so many of these editions a reader, each told with its channel."""

    had: Sequence[tuple[str, str]]
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who gets which post of an edition, and who has had enough for now."""

    posts: Mapping[str, str]  # by language: the post with all of its stories
    variants: Mapping[Group, str | None] = field(default_factory=dict)
    """Of those who get another one: the post, None where no story is left."""
    since: Mapping[Frequency, datetime] = field(
        default_factory=dict
    )  # who had one since then waits for the next
    cap: Cap | None = None
    flashed: Sequence[Sequence[tuple[str, str]]] = ()
    """Stories of it that were sent at once: in which editions, each with its channel. Who got one gets it no more."""
    catch_up: bool = False  # what is put off now is for a later edition
    breaking: bool | None = None
    """Only for who wants mails about one story at once, and reads its language; whether who did not say wants them."""


def groups(
    connection: Connection, newsletter: str, audience: Audience, due_at: datetime, *, topics: bool
) -> dict[Group, int]:
    """How many readers get this edition and are not as everybody: they missed one, had a story of it at once or, where
    there are ``topics`` to choose from, chose some."""
    had = _had(audience.flashed)
    columns = (subscribers.c.language, subscriptions.c.topics, subscriptions.c.missed, had.label("had"))
    each = (
        select(*columns)
        .where(
            subscribers.c.id == subscriptions.c.subscriber,
            *_candidates(newsletter, audience),
            or_(
                MISSED,
                *[subscriptions.c.topics != ""] * topics,
                *[had != "0" * len(audience.flashed)] * bool(audience.flashed),
            ),
            _not_now(audience, due_at).is_(None),
        )
        .subquery()
    )
    query = select(*each.c, func.count().label("n")).group_by(*each.c)
    return {Group(*row[:-1]): row.n for row in connection.execute(query)}


def add_readers(
    connection: Connection,
    edition: EditionId,
    channel: ChannelId,
    newsletter: str,
    audience: Audience,
    *,
    due_at: datetime,
    not_after: datetime,
    urgency: int,
    elsewhere: Mapping[str, tuple[datetime, datetime]] = NOWHERE,
    slot: datetime | None = None,
) -> int:
    """Plan the edition for every confirmed reader of the newsletter, by one INSERT … SELECT. ``elsewhere`` are the
    moments in place of ``due_at`` and ``not_after`` for readers in other zones than the newsroom's.

    Who gets nothing this time gets a row that says why: nobody is dropped in silence. Be :func:`steady` first.
    """
    who = _candidates(newsletter, audience)
    if audience.breaking is not None:
        who = (*who, subscribers.c.id == subscriptions.c.subscriber)
    expect(connection, edition, channel, select(func.count()).select_from(subscriptions).where(*who))
    others = _others(connection, audience)
    post, reason = _post(audience, others), _reason(audience, others, due_at)
    columns: dict[str, ColumnElement[Any]] = {
        "key": literal(f"{edition}:{channel}:") + as_text(subscribers.c.id) + literal(":0"),
        "edition": literal(edition),
        "channel": literal(channel),
        "recipient": as_text(subscribers.c.id),
        "part": literal(0),
        "post": post,
        "state": case((reason.is_(None), S.PENDING.value), else_=S.EXCLUDED.value),
        "reason": reason,
        "urgency": literal(urgency),
        "due_at": _where_they_live({zone: one for zone, (one, _) in elsewhere.items()}, due_at),
        "not_after": _where_they_live({zone: one for zone, (_, one) in elsewhere.items()}, not_after),
    }
    people: Any = subscriptions.join(subscribers, subscribers.c.id == subscriptions.c.subscriber)
    if others is not None:
        people = people.outerjoin(
            others,
            and_(
                others.c.language == subscribers.c.language,
                others.c.topics == subscriptions.c.topics,
                others.c.missed == subscriptions.c.missed,
                others.c.had == _had(audience.flashed),
            ),
        )
    query = select(*columns.values()).select_from(people).where(*_candidates(newsletter, audience))
    if others is not None:
        query = query.params(
            told=as_rows([[*group, fewer or ""] for group, fewer in audience.variants.items()])
        )
    planned = inserted(connection, dialect(connection).insert(deliveries).from_select([*columns], query))
    if audience.breaking is None:
        at = max(due_at, slot or due_at)
        _remember(connection, edition, channel, newsletter, audience=audience, at=at)
    return planned


def _where_they_live(elsewhere: Mapping[str, datetime], usual: datetime) -> ColumnElement[Any]:
    kind = deliveries.c.due_at.type
    told = [(subscribers.c.timezone == zone, literal(moment, kind)) for zone, moment in elsewhere.items()]
    if not told:
        return literal(usual, kind)
    return case((subscribers.c.timezone == "", literal(usual, kind)), *told, else_=literal(usual, kind))


def _candidates(newsletter: str, audience: Audience) -> tuple[ColumnElement[bool], ...]:
    if audience.breaking is None:
        return (consents(newsletter),)
    said = subscriptions.c.breaking
    wanted = said.is_not(False) if audience.breaking else said.is_(True)
    return consents(newsletter), wanted, subscribers.c.language.in_(sorted(audience.posts))


def _others(connection: Connection, audience: Audience) -> FromClause | None:
    """The variants as rows to join with; their post is empty where no story is left."""
    if not audience.variants:
        return None
    return rows(connection.dialect.name, {name: String() for name in (*Group._fields, "post")})


def _post(audience: Audience, others: FromClause | None) -> ColumnElement[Any]:
    speaks = subscribers.c.language
    whole = [(speaks == language, literal(post)) for language, post in sorted(audience.posts.items())]
    everybodys: ColumnElement[Any] = case(*whole, else_=null()) if whole else null()
    if others is None:
        return everybodys
    return case((others.c.post.is_not(None), func.nullif(others.c.post, "")), else_=everybodys)


def _reason(audience: Audience, others: FromClause | None, due_at: datetime) -> ColumnElement[Any]:
    """Why a reader gets nothing; NULL where they do."""
    told: list[tuple[ColumnElement[bool], str]] = [
        (subscribers.c.language.not_in(sorted(audience.posts)), Reason.NO_STORIES.value)
    ]
    if others is not None:
        told.append((and_(others.c.post == "", others.c.had.contains("1")), Reason.HAD_IT.value))
        told.append((others.c.post == "", Reason.NO_TOPIC.value))
    return case(*told, else_=_not_now(audience, due_at))


def _not_now(audience: Audience, due_at: datetime) -> ColumnElement[Any]:
    """Why a reader gets nothing this time, by their own wish or because it would be too much; NULL where they do."""
    enough: list[ColumnElement[bool]] = [
        and_(subscriptions.c.frequency == frequency.value, subscriptions.c.last_at >= since)
        for frequency, since in audience.since.items()
    ]
    if audience.cap and len(audience.cap.had) >= audience.cap.at_most:
        enough.append(_how_many(audience.cap.had) >= audience.cap.at_most)
    return case(
        (subscribers.c.paused_until > due_at, Reason.RESTING.value),
        *[(one, Reason.OFTEN_ENOUGH.value) for one in enough],
        else_=null(),
    )


def _how_many(had: Sequence[tuple[str, str]]) -> ColumnElement[Any]:
    """Of these editions a reader got, or is to get: each is one look at a unique key."""
    got = [
        case(
            (exists().where(_key(edition, channel) == other.c.key, other.c.state.not_in(IN_VAIN)), 1), else_=0
        )
        for edition, channel in had
    ]
    return reduce(add, got)


def _had(flashed: Sequence[Sequence[tuple[str, str]]]) -> ColumnElement[Any]:
    """For each story whether the reader surely got it by itself: who is to get it, or perhaps did, may still not."""
    told: list[ColumnElement[Any]] = [literal("")]
    for alone in flashed:
        keys = [_key(edition, channel) for edition, channel in alone]
        sent = exists().where(or_(*(other.c.key == key for key in keys)), stands(S.SENT, of=other))
        told.append(case((sent, "1"), else_="0"))
    return reduce(add, told)


def of_the_day(
    connection: Connection, begun: datetime, kinds: Sequence[EditionKind], newsletter: str | None = None
) -> list[tuple[str, str]]:
    """The newsletters' editions due since then, each with its channel."""
    query = select(editions.c.id, candidates.c.channel).where(
        candidates.c.edition == editions.c.id,
        editions.c.due_at >= begun,
        editions.c.kind.in_([kind.value for kind in kinds]),
        editions.c.newsletter == newsletter if newsletter else editions.c.newsletter.is_not(None),
    )
    return [(row.id, row.channel) for row in connection.execute(query)]


def _key(edition: str, channel: str) -> ColumnElement[Any]:
    return literal(f"{edition}:{channel}:") + as_text(subscriptions.c.subscriber) + literal(":0")


def _remember(
    connection: Connection,
    edition: str,
    channel: str,
    newsletter: str,
    *,
    audience: Audience,
    at: datetime,
) -> None:
    """For the few readers who do not get every edition: which was their last, and the first one put off since."""
    ours, key = consents(newsletter), _key(edition, channel)
    gets_it = exists().where(deliveries.c.key == key, deliveries.c.state != S.EXCLUDED.value)
    connection.execute(update(subscriptions).where(ours, SELDOM, gets_it).values(last_at=at))
    connection.execute(update(subscriptions).where(ours, MISSED, gets_it).values(missed=""))
    if audience.catch_up:
        put_off = exists().where(deliveries.c.key == key, deliveries.c.reason == Reason.OFTEN_ENOUGH.value)
        few = [] if audience.cap else [SELDOM]
        waits = update(subscriptions).where(ours, *few, subscriptions.c.missed == "", put_off)
        connection.execute(waits.values(missed=edition))


def add_letter(
    connection: Connection,
    edition: Edition,
    post: Post,
    reader: SubscriberId,
    newsletter: str,
    *,
    now: datetime,
    not_after: datetime,
) -> None:
    """Plan a letter to one reader, about their own subscription. Planning twice is planning once."""
    if not add_edition(connection, edition, newsletter=newsletter, now=now, by="reader"):
        return
    add_posts(connection, [post])
    _to_one(connection, edition.id, post.channel, post.id, reader, now=now, not_after=not_after)


def _to_one(
    connection: Connection,
    edition: str,
    channel: str,
    post: str,
    reader: SubscriberId,
    *,
    now: datetime,
    not_after: datetime,
) -> None:
    expect(connection, edition, channel, select(literal(1)))
    row = {
        "key": f"{edition}:{channel}:{reader}:0",
        "edition": edition,
        "channel": channel,
        "recipient": str(reader),
        "part": 0,
        "post": post,
        "state": S.PENDING.value,
        "urgency": 0,
        "due_at": now,
        "not_after": not_after,
    }
    insert_new(connection, deliveries, [row])


def add_welcome(
    connection: Connection, newsletter: str, reader: SubscriberId, *, now: datetime, not_after: datetime
) -> bool:
    """Plan the newsletter's last digest, the very post that went out in the reader's language, for a reader who has not
    had it; once for ever. False where there is none, or one of its stories is held or was taken back."""
    whole = posts.c.id == editions.c.id + ":" + posts.c.channel + ":" + posts.c.language + ":0"
    went_out = exists().where(deliveries.c.edition == editions.c.id, deliveries.c.state == S.SENT.value)
    newest = (
        select(editions.c.id, editions.c.title, posts.c.id.label("post"), posts.c.channel, posts.c.language)
        .join(posts, and_(posts.c.edition == editions.c.id, whole))
        .join(subscribers, subscribers.c.language == posts.c.language)
        .where(
            subscribers.c.id == reader,
            editions.c.newsletter == newsletter,
            editions.c.kind == EditionKind.DIGEST.value,
            editions.c.due_at >= now - WELCOMED,
            editions.c.id.not_in(brakes.shut(connection)),
            went_out,
        )
        .order_by(editions.c.due_at.desc())
    )
    last = connection.execute(newest.limit(1)).one_or_none()
    if last is None:
        return False
    had = exists().where(
        deliveries.c.key == f"{last.id}:{last.channel}:{reader}:0", deliveries.c.state.not_in(IN_VAIN)
    )
    if connection.execute(select(had)).scalar() or kept_back(connection, _articles(connection, last.id)):
        return False
    edition = Edition(
        id=EditionId(f"welcome:{newsletter}:{reader}"),
        kind=EditionKind.WELCOME,
        language=last.language,
        due_at=now,
        stories=(),
        title=last.title,
    )
    if not add_edition(connection, edition, newsletter=newsletter, now=now, by="reader"):
        return False
    _to_one(connection, edition.id, last.channel, last.post, reader, now=now, not_after=not_after)
    return True


def _articles(connection: Connection, edition: str) -> list[str]:
    query = select(edition_stories.c.article).where(edition_stories.c.edition == edition)
    return list(connection.execute(query).scalars())


def steady(connection: Connection) -> None:
    """Whatever this transaction reads from here on is of one moment: who is counted is who is planned for.

    SQLite's writers are alone anyway. Call it before anything else is asked.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        # Two schedulers, one after the other: the second one's moment is after the first one's commit.
        connection.execute(text("LOCK TABLE slots IN SHARE ROW EXCLUSIVE MODE"))


def expect(connection: Connection, edition: str, channel: str, count: Select[Any]) -> None:
    """Write down how many are to get an edition through a channel; a report that was sealed before is open again."""
    number = connection.execute(count).scalar_one()
    row = {"edition": edition, "channel": channel, "number": number}
    statement = dialect(connection).insert(candidates).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["edition", "channel"], set_={"number": number})
    )
    again = editions.c.id == edition, editions.c.sealed_at.is_not(None)
    connection.execute(update(editions).where(*again).values(sealed=None, sealed_at=None))


def summaries(connection: Connection, edition: str) -> list[Summary]:
    query = select(edition_stories.c.summary).where(edition_stories.c.edition == edition)
    ordered: Select[Any] = query.order_by(edition_stories.c.position)
    return [SUMMARY.validate_python(row.summary) for row in connection.execute(ordered)]


def lived_in(connection: Connection, newsletter: str, zone: str) -> bool:
    """Whether a reader of the newsletter lives in this zone, which is not the newsroom's."""
    there = and_(ELSEWHERE, subscribers.c.timezone == zone, subscribers.c.id == subscriptions.c.subscriber)
    return bool(connection.execute(select(exists().where(there, consents(newsletter)))).scalar())

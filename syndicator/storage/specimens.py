"""Posts of an edition looked at, or tried out, as nobody's mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from syndicator.model import Delivery, DeliveryId, DeliveryState, Post

from .content import POST
from .outbox import Claimed
from .schema import deliveries, posts
from .statements import stands

NOBODY = "0"  # a recipient whose links change nothing


def for_nobody(post: Post, newsletter: str, address: str, *, key: str, now: datetime, number: int) -> Claimed:
    """The post as a delivery that stands in no ledger."""
    delivery = Delivery(
        id=DeliveryId(number),
        key=key,
        channel=post.channel,
        edition=post.edition,
        recipient=NOBODY,
        post=post.id,
        due_at=now,
        not_after=now + timedelta(hours=1),
    )
    return Claimed(
        delivery=delivery, post=post, address=address, name="", newsletter=newsletter, reply_to=None
    )


def of_edition(connection: Connection, edition: str) -> list[Post]:
    """Its posts, by their ids."""
    found = connection.execute(select(posts.c.content).where(posts.c.edition == edition).order_by(posts.c.id))
    return [POST.validate_python(content) for content in found.scalars()]


def standing(connection: Connection, edition: str, channel: str) -> list[Post]:
    """Its posts on a channel as they are, or are to be, seen there: none that another one took the place of.

    Of readers' variants those with all of its stories.
    """
    ours = (posts.c.edition == edition, posts.c.channel == channel)
    query = select(posts.c.content).where(*ours).order_by(posts.c.id)
    found = [POST.validate_python(content) for content in connection.execute(query).scalars()]
    whole = [one for one in found if one.variant in {"", one.language}]
    by_place: dict[tuple[str, int], list[Post]] = {}
    for one in whole:
        by_place.setdefault((one.language, one.part), []).append(one)
    carried = (_carried(connection, by_place[place]) for place in sorted(by_place))
    return [one for one in carried if one]


def _carried(connection: Connection, several: list[Post]) -> Post | None:
    """The one of these that deliveries carry, those that wait first; None where the thread has become shorter."""
    if len(several) == 1 and several[0].part == 0:
        return several[0]
    for state in (DeliveryState.PENDING, None):
        for one in several:
            there = deliveries.c.edition == one.edition, deliveries.c.post == one.id
            more = [stands(state)] if state else [deliveries.c.state != DeliveryState.CANCELLED.value]
            if connection.execute(select(exists().where(*there, *more))).scalar():
                return one
    return None


def waits(connection: Connection, edition: str) -> bool:
    """Whether any of it is still to be claimed."""
    pending = exists().where(deliveries.c.edition == edition, stands(DeliveryState.PENDING))
    return bool(connection.execute(select(pending)).scalar())

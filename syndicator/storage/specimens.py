"""Posts of an edition looked at, or tried out, as nobody's mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, select

from syndicator.model import Delivery, DeliveryId, DeliveryState, Post

from .content import POST
from .outbox import Claimed
from .schema import deliveries, editions, posts
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


def newsletter_of(connection: Connection, edition: str) -> str | None:
    name: str | None = connection.execute(
        select(editions.c.newsletter).where(editions.c.id == edition)
    ).scalar()
    return name


def waits(connection: Connection, edition: str) -> bool:
    """Whether any of it is still to be claimed."""
    pending = exists().where(deliveries.c.edition == edition, stands(DeliveryState.PENDING))
    return bool(connection.execute(select(pending)).scalar())


def count_waiting(connection: Connection, edition: str) -> int:
    pending = (deliveries.c.edition == edition, stands(DeliveryState.PENDING))
    return connection.execute(select(func.count()).select_from(deliveries).where(*pending)).scalar_one()

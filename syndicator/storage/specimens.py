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


def waits(connection: Connection, edition: str) -> bool:
    """Whether any of it is still to be claimed."""
    pending = exists().where(deliveries.c.edition == edition, stands(DeliveryState.PENDING))
    return bool(connection.execute(select(pending)).scalar())

"""A lane in memory that writes down the order of things, and what a channel is handed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from syndicator.errors import SourceError
from syndicator.model import ChannelId, Delivery, DeliveryId, EditionId, Language, Post
from syndicator.ports import Answer, Parcel, World
from syndicator.sandbox.contract import ListLane

__all__ = ["NOW", "WORLD", "ListLane", "parcel"]

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Nowhere:
    def get(self, url: str, headers: object = None) -> Answer:
        raise SourceError(url)


_OF_PARCEL = ("address", "blanks", "reply_to", "previous", "since_then")
WORLD = World(now=lambda: NOW, rng=Random(1), wait=lambda _: False, web=Nowhere())


def parcel(number: int = 1, text: str = "Rain closed the road.", **changes: object) -> Parcel:
    """One delivery; keyword arguments go to the post or, by its own names, to the parcel."""
    mine = {name: changes.pop(name) for name in _OF_PARCEL if name in changes}
    post = Post(
        id=f"e:c:en:{number}",
        edition=EditionId("e"),
        channel=ChannelId("c"),
        text=text,
        **{"language": Language("en"), **changes},  # type: ignore[arg-type]
    )
    delivery = Delivery(
        id=DeliveryId(number),
        key=f"e:c:{number}:0",
        channel=post.channel,
        edition=post.edition,
        recipient=str(number),
        post=post.id,
        due_at=NOW,
        not_after=NOW + timedelta(hours=1),
        token=1,
    )
    return Parcel(delivery, post, **mine)  # type: ignore[arg-type]

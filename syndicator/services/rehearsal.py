"""A newsletter sent to the newsroom's own people, as it would go out now. The ledger knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from syndicator.errors import Refused, TemplateError
from syndicator.model import Edition, Outcome, Post, Receipt
from syndicator.ports import Channel, Parcel
from syndicator.storage.outbox import Claimed
from syndicator.storage.specimens import for_nobody

MARK = "[Test]"  # before the subject: nobody takes it for the edition


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one test mail."""

    address: str
    language: str
    outcome: Outcome
    said: str


class _Lane:
    """Hands out what is to be tried, and keeps what came of it."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self._waiting = list(parcels)
        self.receipts: list[Receipt] = []

    def take(self) -> Parcel | None:
        return self._waiting.pop(0) if self._waiting else None

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        self.receipts += receipts
        return sending


class Rehearsal:
    def __init__(
        self,
        preview: Callable[[str], tuple[Sequence[tuple[Edition, Post]], Sequence[str]]],
        *,
        channel: Callable[[str], Channel],
        blanks: Callable[[Claimed], Mapping[str, str]],
        now: Callable[[], datetime],
    ) -> None:
        """``preview`` gives a newsletter's posts by language as they would be now, and what could not be written."""
        self._preview = preview
        self._channel = channel
        self._blanks = blanks
        self._now = now

    def send(self, newsletter: str, addresses: Sequence[str]) -> list[Tried]:
        """Each language to each address. Raises :exc:`NotFound`, :exc:`TemplateError`, and :exc:`Refused` when there is
        nothing to send."""
        made, faults = self._preview(newsletter)
        if faults:
            raise TemplateError("\n".join(faults))
        if not made:
            raise Refused(f"{newsletter} has no stories now; publish one, or lower its minimum")
        now = self._now()
        wanted = [(address, post) for address in addresses for _, post in made]
        parcels = [
            self._parcel(number, address, post, newsletter, now)
            for number, (address, post) in enumerate(wanted, 1)
        ]
        lane = _Lane(parcels)
        with self._channel(made[0][1].channel) as opened:
            opened.run(lane)
        told = {parcel.delivery.id: parcel for parcel in parcels}
        return [_tried(told[receipt.delivery], receipt) for receipt in lane.receipts]

    def _parcel(self, number: int, address: str, post: Post, newsletter: str, now: datetime) -> Parcel:
        marked = replace(post, subject=f"{MARK} {post.subject or ''}".strip())
        key = f"test:{post.id}:{now.isoformat()}:{number}"  # each has a Message-ID of its own
        one = for_nobody(marked, newsletter, address, key=key, now=now, number=number)
        return Parcel(delivery=one.delivery, post=marked, address=address, blanks=self._blanks(one))


def _tried(parcel: Parcel, receipt: Receipt) -> Tried:
    return Tried(
        address=parcel.address,
        language=parcel.post.language,
        outcome=receipt.outcome,
        said=receipt.detail,
    )

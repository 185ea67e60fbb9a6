"""A newsletter sent to the newsroom's own people, as it would go out now. The ledger knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from typing import cast

from syndicator.errors import Refused, TemplateError
from syndicator.model import Edition, Outcome, Post, Receipt
from syndicator.ports import Channel, Mailer, Parcel
from syndicator.storage.outbox import Claimed
from syndicator.storage.specimens import for_nobody

MARK = "[Test]"  # before the subject: nobody takes it for the edition
ANYBODY = "reader@mail.example"  # whom a proof is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one test mail."""

    address: str
    language: str
    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A newsletter in one language, as a mail that nobody sent."""

    language: str
    mail: bytes  # RFC 5322, as it arrives

    def part(self, kind: str) -> str:
        """Its text, ``plain`` or ``html``, as mail programs decode it."""
        body = message_from_bytes(self.mail, policy=policy.default).get_body((kind,))
        return str(body.get_content()) if body else ""


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
        made = self._made(newsletter)
        now = self._now()
        wanted = [(address, post) for address in addresses for _, post in made]
        parcels = [
            self._parcel(number, address, _marked(post), newsletter, now)
            for number, (address, post) in enumerate(wanted, 1)
        ]
        lane = _Lane(parcels)
        with self._channel(made[0][1].channel) as opened:
            opened.run(lane)
        told = {parcel.delivery.id: parcel for parcel in parcels}
        return [_tried(told[receipt.delivery], receipt) for receipt in lane.receipts]

    def proofs(self, newsletter: str, languages: Collection[str] = ()) -> list[Proof]:
        """The newsletter as it would be now, in these languages or in all. Nothing is sent.

        Raises :exc:`NotFound`, :exc:`TemplateError`, and :exc:`Refused` when there is nothing to show.
        """
        made = [post for _, post in self._made(newsletter) if not languages or post.language in languages]
        if not made:
            raise Refused(
                "{newsletter} has no stories now in {known}",
                newsletter=newsletter,
                known=", ".join(languages),
            )
        channel = self._channel(made[0].channel)
        if not hasattr(channel, "specimen"):
            raise Refused("{channel} is of a kind that cannot show what it sends", channel=made[0].channel)
        now, mailer = self._now(), cast(Mailer, channel)
        parcels = [self._parcel(number, ANYBODY, post, newsletter, now) for number, post in enumerate(made)]
        return [Proof(language=one.post.language, mail=mailer.specimen(one)) for one in parcels]

    def _made(self, newsletter: str) -> Sequence[tuple[Edition, Post]]:
        made, faults = self._preview(newsletter)
        if faults:
            raise TemplateError("\n".join(faults))
        if not made:
            raise Refused(
                "{newsletter} has no stories now; publish one, or lower its minimum", newsletter=newsletter
            )
        return made

    def _parcel(self, number: int, address: str, post: Post, newsletter: str, now: datetime) -> Parcel:
        key = f"test:{post.id}:{now.isoformat()}:{number}"  # each has a Message-ID of its own
        one = for_nobody(post, newsletter, address, key=key, now=now, number=number)
        return Parcel(delivery=one.delivery, post=post, address=address, blanks=self._blanks(one))


def _marked(post: Post) -> Post:
    return replace(post, subject=f"{MARK} {post.subject or ''}".strip())


def _tried(parcel: Parcel, receipt: Receipt) -> Tried:
    return Tried(
        address=parcel.address,
        language=parcel.post.language,
        outcome=receipt.outcome,
        said=receipt.detail,
    )

"""What comes back: bounces, complaints, a relay's refusals. Each is heard once, whatever dies in between.

The reader is suppressed before the mail counts as heard: after a death it is heard again, and suppressing twice is
once. Only what a delivery's own token or Message-ID proves can end a subscription at once; anybody can write a bounce
about somebody else's address, so such a one only counts softly.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndicator.bounces import Kind, Notice, Patience, Report, Why, another, read, refused
from syndicator.bulletins import ReaderBounced
from syndicator.errors import SourceError
from syndicator.model import Subscriber, SubscriberId
from syndicator.ports import Box, Mail
from syndicator.storage import brakes, readers, returned, webhooks
from syndicator.storage.database import Connection, Database
from syndicator.storage.returned import Heard
from syndicator.tokens import Keys, bounced, message_id

log = logging.getLogger("syndicator")

BACK = timedelta(days=14)  # a Message-ID is looked for among the editions of so long
REFUSALS = timedelta(days=3)  # a relay's refusals are looked at for so long
BATCH = 500  # of them at a time
DAY = timedelta(days=1)  # one alarm a day for each fault of ours
_BY_WEIGHT = (Kind.COMPLAINT, Kind.HARD, Kind.OURS, Kind.SOFT, Kind.AUTO_REPLY, Kind.NONE)
_ADDRESS = re.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one mail."""

    kind: Kind
    reason: Why
    again: bool = False  # it was heard before
    suppressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Whom it is about, as far as that can be told."""

    reader: Subscriber | None
    delivery: int | None
    proven: bool


class Returns:
    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        host: str,
        channels: Collection[str],
        patience: Patience,
        now: Callable[[], datetime],
        hash: Callable[[str], str],  # noqa: A002 - the memory's word
        suppress: Callable[[str, str], None],
        complain: Callable[[str], None],
        box: Callable[[], Box | None] = lambda: None,
    ) -> None:
        """``host`` is the domain of the Message-IDs, ``channels`` those that write to readers."""
        self._database = database
        self._keys = keys
        self._host = host
        self._channels = channels
        self._patience = patience
        self._now = now
        self._hash = hash
        self._suppress = suppress
        self._complain = complain
        self._box = box

    def collect(self) -> Mapping[Kind, int]:
        """Hear the relays' refusals, and empty the box, if there is one. What is no mail about a mail is set aside for
        people. Raises :exc:`SourceError` when the box cannot be read."""
        self.refusals()
        counts: Counter[Kind] = Counter()
        box = self._box()
        if box is None:
            return counts
        with box:
            for mail in box.mails():
                counts[self._emptied(box, mail)] += 1
        if counts:
            log.info("bounces: %s", ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items())))
        return counts

    def _emptied(self, box: Box, mail: Mail) -> Kind:
        taken = self.take(mail.raw, "box") if mail.raw else Taken(kind=Kind.NONE, reason=Why.OTHER)
        if taken.kind is Kind.NONE and taken.reason is Why.OTHER:
            box.set_aside(mail)
            log.warning("bounces: %s is no bounce, or it is too large; it was set aside", mail.name)
        else:
            box.done(mail)
        return taken.kind

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        """Try the box: what it is, whether it works, what it said."""
        box = self._box()
        if box is None:
            return
        try:
            with box:
                yield "bounces", True, f"{sum(1 for _ in box.mails())} mails wait"
        except SourceError as error:
            yield "bounces", False, str(error)

    def take(self, raw: bytes, source: str) -> Taken:
        """Hear one mail. Raises :exc:`StorageError`: then it was not heard."""
        return self.hear(read(raw), key=f"mail:{hashlib.sha256(raw).hexdigest()}", source=source)

    def hear(self, report: Report, *, key: str, source: str, trusted: bool = False) -> Taken:
        """``trusted``: whoever says so has proven who they are, as a signed hook does."""
        notice = min(report.notices, key=lambda one: _BY_WEIGHT.index(one.kind))
        with self._database.read() as connection:
            if returned.is_heard(connection, key):
                return Taken(kind=notice.kind, reason=notice.reason, again=True)
            known = self._known(connection, report, notice)
        known = replace(known, proven=known.proven or trusted)
        return self._act(notice, known, key, source)

    def refusals(self) -> int:
        """Hear what relays refused at once; returns how many."""
        with self._database.read() as connection:
            found = returned.refused(connection, self._now() - REFUSALS, BATCH)
            known = {one.delivery: _reader(connection, one.recipient) for one in found}
        for one in found:
            notice = refused(one.detail)
            who = _Known(reader=known[one.delivery], delivery=one.delivery, proven=True)
            self._act(notice, who, f"smtp:{one.delivery}", "relay")
        return len(found)

    def faults(self) -> dict[str, int]:
        """How many mails came back within a day for a fault of ours, by its reason."""
        with self._database.read() as connection:
            return returned.faults(connection, self._now() - DAY)

    def _act(self, notice: Notice, known: _Known, key: str, source: str) -> Taken:
        over = self._acted(notice, known)
        heard = Heard(
            key=key,
            at=self._now(),
            source=source,
            kind=notice.kind,
            reason=notice.reason,
            status=notice.status,
            delivery=known.delivery,
            said=_ADDRESS.sub("(address)", notice.diagnostic)[:300] if notice.kind is Kind.OURS else "",
        )
        with self._database.write() as connection:
            first = returned.hear(connection, heard)
            if first and known.reader and _counts(notice, known):
                self._count(connection, known.reader)
            if first and known.reader and notice.kind in {Kind.HARD, Kind.SOFT}:
                _tell(connection, known.reader, heard)
            alarm = first and notice.kind is Kind.OURS and self._alarm(connection, heard)
        if alarm:
            log.warning(
                "mail came back for a fault of ours, %s: %s", heard.reason, heard.said or heard.status
            )
        return Taken(kind=notice.kind, reason=notice.reason, again=not first, suppressed=over)

    def _acted(self, notice: Notice, known: _Known) -> bool:
        """Suppress the reader if that is due; whether it was."""
        if known.reader is None:
            return False
        why = f"bounced: {notice.reason} {notice.status}".strip()
        if notice.kind is Kind.COMPLAINT and known.proven:
            self._complain(known.reader.address)
        elif (notice.kind is Kind.HARD and known.proven) or (
            _counts(notice, known) and self._too_soft(known.reader)
        ):
            self._suppress(known.reader.address, why)
        else:
            return False
        return True

    def _too_soft(self, reader: Subscriber) -> bool:
        with self._database.read() as connection:
            stands = returned.score(connection, self._hash(reader.address))
        return self._patience.is_over(another(stands, self._now(), self._patience).value)

    def _count(self, connection: Connection, reader: Subscriber) -> None:
        hashed = self._hash(reader.address)
        stands = returned.score(connection, hashed)
        returned.save_score(connection, hashed, another(stands, self._now(), self._patience))

    def _alarm(self, connection: Connection, heard: Heard) -> bool:
        """The first of its kind for a day goes into the audit trail."""
        if returned.faults(connection, heard.at - DAY).get(heard.reason, 0) > 1:
            return False
        brakes.note(
            connection, who="bounces", what="fault of ours", about=heard.reason, why=heard.said, now=heard.at
        )
        return True

    # Whom it is about

    def _known(self, connection: Connection, report: Report, notice: Notice) -> _Known:
        for token in report.tokens:
            number = bounced(
                self._keys, token, lambda one: (returned.delivery(connection, one) or (None,))[0]
            )
            told = returned.delivery(connection, number) if number else None
            if told:
                return _Known(reader=_reader(connection, told[1]), delivery=number, proven=True)
        reader = readers.find(connection, notice.address) if notice.address else None
        delivery = self._delivery_of(connection, reader, report.about) if reader and report.about else None
        return _Known(reader=reader, delivery=delivery, proven=delivery is not None)

    def _delivery_of(self, connection: Connection, reader: Subscriber, about: str) -> int | None:
        """The reader's delivery with this Message-ID, which nobody knows who did not get the mail."""
        for edition in returned.editions_since(connection, self._now() - BACK):
            for channel in self._channels:
                key = f"{edition}:{channel}:{reader.id}:0"
                if message_id(self._keys, key, self._host) == about:
                    return returned.delivery_called(connection, key)
        return None


def _tell(connection: Connection, reader: Subscriber, heard: Heard) -> None:
    fact = ReaderBounced(
        reader=reader.id,
        delivery=heard.delivery,
        kind="hard" if heard.kind is Kind.HARD else "soft",
        reason=heard.reason,
        status=heard.status,
    )
    webhooks.tell(connection, fact, f"bounced:{heard.key}", heard.at)


def _counts(notice: Notice, known: _Known) -> bool:
    """Whether it stands against the address for a while."""
    unproven = notice.kind in {Kind.HARD, Kind.COMPLAINT} and not known.proven
    return notice.kind is Kind.SOFT or unproven


def _reader(connection: Connection, recipient: str) -> Subscriber | None:
    return readers.by_number(connection, SubscriberId(int(recipient))) if recipient.isdigit() else None

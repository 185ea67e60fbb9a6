"""Corrections: a story's newest revision, or its end, reaches whoever was told an earlier one.

What waits is written anew and goes out as it is now. What stands in a channel is changed as the channel's policy
says, by an edition of its own; more than a typo waits for an editor. Each channel is decided about once for a
revision, and nothing is decided while something is on its way: so a death in between changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from syndicator.errors import NotFound, Refused, TemplateError
from syndicator.model import Article, Edition, Post, Story
from syndicator.services.desk import Door, Newsletter
from syndicator.settings import ChannelTable
from syndicator.storage import archive, retractions
from syndicator.storage import corrections as ledger
from syndicator.storage.corrections import ASK, Carrier, Decision
from syndicator.storage.database import Connection, Database

from .mails import Mails
from .nouns import Case, Corrected, Policy, Word, policy
from .public import Public

__all__ = ["ASK", "Corrected", "Corrections", "Decision", "Policy", "Word", "assembled"]

LOOK_BACK = timedelta(
    days=14
)  # a revision that came in earlier is no correction any more, unless an editor says so
T = TypeVar("T")
EVER = datetime.min.replace(tzinfo=UTC)


class Corrections:
    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        public: Public,
        mails: Mails,
        addressed: Collection[str],
        known: Collection[str],
    ) -> None:
        """``addressed`` are the channels with mails for each reader, of those that are ``known``."""
        self._database = database
        self._now = now
        self._public = public
        self._mails = mails
        self._addressed = addressed
        self._known = known

    def look(self) -> Corrected:
        """Everything that changed, on every channel that does not know yet."""
        since = self._now() - LOOK_BACK
        with self._database.read() as connection:
            gone, changed = ledger.taken_back(connection, since), ledger.changed(connection, since)
        found = self._take_away(gone)
        for carrier in changed:
            found += self._corrected(Case(carrier=carrier))
        return found

    def waiting(self) -> list[Decision]:
        """What was put to an editor and has no answer, newest first."""
        with self._database.read() as connection:
            return ledger.decisions(connection, how=ASK)

    def history(self, wanted: str) -> list[Decision]:
        """What was decided about a story, newest first. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return ledger.decisions(connection, article=archive.article(connection, wanted).id)

    def correct(self, wanted: str, word: Word, channels: Sequence[str] = ()) -> Corrected:
        """An editor's word on the newest revision of a story, for all channels or these.

        Raises :exc:`NotFound`, and :exc:`Refused` where nothing is to be corrected.
        """
        with self._database.read() as connection:
            article = archive.article(connection, wanted)
            if retractions.moments(connection, [article.id]):
                raise Refused(retractions.RETRACTED, article=article.id)
            decided = ledger.decisions(connection, article=article.id, how=ASK)
            open_ = ledger.changed(connection, EVER, article.id)
        cases = {one.channel: Case(carrier=one, word=word) for one in open_}
        for one in decided:
            carrier = Carrier(one.article, one.revision, one.channel)
            cases[one.channel] = Case(carrier=carrier, word=word, asked=one)
        unknown = [name for name in channels if name not in cases]
        if unknown:
            raise NotFound(
                "{channel} shows no earlier revision of {article}, or was decided about",
                channel=unknown[0],
                article=article.id,
            )
        if not cases:
            raise Refused(
                "no channel shows an earlier revision of {article}: nothing is to be corrected",
                article=article.id,
            )
        found = Corrected()
        for name in channels or sorted(cases):
            found += self._corrected(cases[name])
        return found

    def anew(self, article: str) -> Corrected:
        """What waits with a story is written anew: an editor has other words for it."""
        with self._database.read() as connection:
            channels = ledger.carried_to(connection, article)
            revision = archive.revisions_of(connection, [article])[article]
        return self._anew({name: [Carrier(article, revision, name)] for name in channels})

    def anew_edition(self, edition: str) -> Corrected:
        """What waits of an edition is written anew: it is due at another moment."""
        with self._database.read() as connection:
            carriers = ledger.carriers_of(connection, edition)
        return self._anew(carriers, edition)

    def _anew(self, carriers: Mapping[str, Sequence[Carrier]], edition: str | None = None) -> Corrected:
        found = Corrected()
        for channel in sorted(set(carriers) & set(self._known)):
            told = carriers[channel]
            if channel in self._addressed:
                found += self._mails.anew(told, edition)
            else:
                found += _tried(partial(self._public.anew, edition=edition), told[0], told[0])
        return found

    def take_away(self, article: str) -> Corrected:
        """What stands of a story that is retracted."""
        with self._database.read() as connection:
            gone = ledger.taken_back(connection, EVER)
        return self._take_away([carrier for carrier in gone if carrier.article == article])

    def _take_away(self, gone: Sequence[Carrier]) -> Corrected:
        found = Corrected()
        for carrier in gone:
            if carrier.channel in self._known and carrier.channel not in self._addressed:
                found += _tried(self._public.retract, carrier, carrier)
        return found

    def _corrected(self, case: Case) -> Corrected:
        if case.carrier.channel not in self._known:
            return Corrected()  # the configuration does not know it any more
        if case.carrier.channel in self._addressed:
            return _tried(self._mails.correct, case, case.carrier)
        return _tried(self._public.correct, case, case.carrier)


def assembled(
    database: Database,
    channels: Mapping[str, ChannelTable],
    *,
    now: Callable[[], datetime],
    doors: Mapping[str, Door],
    newsletters: Mapping[str, Newsletter],
    addressed: Collection[str],
    channel: Callable[[str], Any],
    story: Callable[[Article, Door], Story],
    write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
    gate: Callable[[Connection, str, str], None],
) -> Corrections:
    """The desk for corrections of a newsroom with these channels."""
    policies = {name: policy(told.corrections) for name, told in channels.items()}
    told: dict[str, Any] = {"now": now, "doors": doors, "policies": policies, "story": story, "write": write}
    return Corrections(
        database,
        now=now,
        public=Public(database, channel=channel, **told),
        mails=Mails(database, newsletters=newsletters, gate=gate, **told),
        addressed=addressed,
        known=doors,
    )


def _tried(what: Callable[[T], Corrected], told: T, carrier: Carrier) -> Corrected:
    try:
        return what(told)
    except TemplateError as error:
        return Corrected(faults=(f"{carrier.article} to {carrier.channel}: {error}",))

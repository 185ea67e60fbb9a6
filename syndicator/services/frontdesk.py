"""Where readers come by themselves: they ask for newsletters, confirm, choose, move, take their data, go.

A newsletter goes to an address whose owner pressed a button on a page that only a mail to that address leads to. Who
asks is told the same whether the address is known, unknown or barred; what differs is the letter that goes there.
A link from a letter works once; of its token only a hash is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from syndicator.errors import NotFound, Refused, TooMany, sentence
from syndicator.model import (
    Consent,
    Edition,
    EditionId,
    EditionKind,
    Frequency,
    Language,
    Post,
    Reason,
    Subscriber,
    SubscriberId,
)
from syndicator.storage import brakes, links, planning, readers, wishes
from syndicator.storage.database import Connection, Database
from syndicator.storage.links import Link
from syndicator.storage.wishes import Choice
from syndicator.text.addresses import checked_address, shortened
from syndicator.tokens import Keys, mark, sign, verify

LIVES = {
    "confirm": timedelta(hours=48),
    "known": timedelta(hours=48),  # for one who asks and is confirmed already
    "again": timedelta(hours=24),  # asked for once more within a day: no letter, and no link
    "move": timedelta(hours=2),  # to the old address
    "arrive": timedelta(hours=48),  # to the new one
    "export": timedelta(hours=2),
    "erase": timedelta(hours=2),
}
SIGN_UP = ("confirm", "known")
MAILED = ("move", "export", "erase")  # what a reader may have a link mailed for
AGAIN_AFTER = timedelta(hours=24)  # one confirmation an address
ANOTHER_AFTER = timedelta(minutes=15)  # one other link of a purpose
WINDOW = timedelta(hours=1)  # that the caps count
QUICKEST = timedelta(seconds=2)  # nobody fills a form in faster
FORM_LIVES = timedelta(hours=24)
KEPT = timedelta(days=30)  # who asked from where
CUT = sentence("this link is not one of ours, or it was cut on its way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Letters in an hour, so that nobody is bombed from here."""

    place: int = 10  # from one network
    domain: int = 200  # to one domain
    altogether: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rack:
    """A newsletter as a reader finds it."""

    name: str
    channel: str
    languages: tuple[Language, ...]
    titles: Mapping[str, str]
    open: bool  # anybody may ask for it
    welcome: timedelta | None = (
        None  # whoever confirms gets the last edition, that lives so long; None: they do not
    )
    topics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # name -> title by language
    breaking: bool | None = None  # whether who does not say gets its mails about one story; None: it has none
    own_hours: bool = False  # it comes at its hour where the reader lives

    def title(self, language: str) -> str:
        return self.titles.get(language, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a reader sees of their own."""

    reader: Subscriber
    choices: Mapping[str, Choice]
    rests_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader wants of one newsletter."""

    topics: Sequence[str] = ()  # none: all of them
    frequency: Frequency = Frequency.EVERY
    breaking: bool | None = None  # mails about one story at once; None: as it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a reader wants from now on."""

    language: str
    rest: timedelta | None  # from now on; zero ends it, None leaves it
    newsletters: Mapping[str, Wanted]  # the others are left
    zone: str | None = None  # where they live; empty: where the newsroom does, None: as it was


class FrontDesk:
    """``write`` sets a letter, ``leave`` and ``erase`` are the newsroom's own verbs, ``sent`` wakes a channel."""

    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        racks: Mapping[str, Rack],
        caps: Caps,
        now: Callable[[], datetime],
        hashed: Callable[[str], str],
        write: Callable[[Edition, str], Post],
        leave: Callable[[str, str, str], None],
        left: Callable[[str, str, datetime], None],
        erase: Callable[[str], None],
        sent: Callable[[str], None],
        zones: Sequence[str] = (),
    ) -> None:
        """``zones`` are those that a reader may live in besides the newsroom's."""
        self._database = database
        self._keys = keys
        self.racks = racks
        self._caps = caps
        self.zones = zones
        self._now = now
        self._hashed = hashed
        self._write = write
        self._leave = leave
        self._left = left
        self._erase = erase
        self._sent = sent

    # Asking

    def stamp(self) -> str:
        """Goes into a form: when it was shown."""
        return sign(self._keys, "form", self._now().isoformat())

    def filled_in_by_hand(self, stamp: str) -> bool:
        """Whether a form was shown by us, not too long ago, and not a moment ago."""
        facts = verify(self._keys, "form", stamp)
        if not facts:
            return False
        return QUICKEST <= self._now() - datetime.fromisoformat(facts[0]) <= FORM_LIVES

    def ask(
        self,
        address: str,
        newsletters: Sequence[str],
        *,
        language: str,
        wording: str,
        place: str,
        breaking: Collection[str] | None = None,
    ) -> None:
        """Somebody wants newsletters; the one whose address it is has to confirm. The answer is always the same.

        ``breaking`` are those whose mails about one story are wanted, too; None where nobody was asked.

        Raises :exc:`Refused` for what is no address, no newsletter of ours in that language, or too much at once.
        """
        address, place = checked_address(address), shortened(place)
        wanted = [self._open_rack(name, language) for name in dict.fromkeys(newsletters)]
        if not wanted:
            raise Refused("choose a newsletter")
        hashed = self._hashed(address)
        with self._database.read() as connection:
            known = readers.find(connection, address)
            standing = wishes.choices(connection, known.id) if known else {}
        given = [one.name for one in wanted if _stands(standing, one.name) is Consent.GIVEN]
        purpose = "known" if len(given) == len(wanted) else "confirm"
        spoken = known.language if known and purpose == "known" else language
        now = self._now()
        with self._database.write() as connection:
            links.alone(connection)
            self._within_caps(connection, address, place)
            if links.asked_for(connection, hashed, SIGN_UP, now - AGAIN_AFTER):
                self._asked_again(connection, address, hashed, place)
                return
            version = links.agreed(connection, wording, language, now)
            who = self._asked(
                connection, address, hashed, wanted, language=language, proof=_proof(now, place, version)
            )
            self._hear(connection, who, wanted, breaking)
            link = self._link(purpose, who, address, place, [one.name for one in wanted], wording=version)
            self._letter(connection, link, spoken, wanted)
        self._sent(wanted[0].channel)

    def _asked_again(self, connection: Connection, address: str, hashed: str, place: str) -> None:
        """Written down as well, without a letter: it counts for the caps, and the answer takes as long."""
        before = links.asked_for(connection, hashed, ["again"], self._now() - AGAIN_AFTER)
        who = readers.find(connection, address)
        link = self._link("again", who.id if who else SubscriberId(0), address, place, ())
        links.add(
            connection, sign(self._keys, "again", hashed, f"{link.at:%Y%m%dT%H%M%S.%f}", str(before)), link
        )

    def _open_rack(self, name: str, language: str) -> Rack:
        rack = self.racks.get(name)
        if rack is None or not rack.open:
            raise Refused("nobody can ask for a newsletter {name!r} here", name=name)
        if language not in rack.languages:
            raise Refused("{name} has no language {language!r}", name=rack.title(language), language=language)
        return rack

    def _within_caps(self, connection: Connection, address: str, place: str) -> None:
        since, domain = self._now() - WINDOW, _domain(address)
        if (
            links.asked_from(connection, since, place=place) >= self._caps.place
            or links.asked_from(connection, since, domain=domain) >= self._caps.domain
            or links.asked_from(connection, since) >= self._caps.altogether
        ):
            raise TooMany("too many ask at this moment; try again in an hour")

    def _asked(
        self,
        connection: Connection,
        address: str,
        hashed: str,
        wanted: Sequence[Rack],
        *,
        language: str,
        proof: str,
    ) -> SubscriberId:
        """Write the wish down; nothing that stands for a confirmed reader is changed by a stranger."""
        known = readers.find(connection, address)
        who = known.id if known else self._new(connection, address, hashed, language)
        for rack in wanted:
            if readers.standing_of(connection, who, rack.name) is not Consent.GIVEN:
                readers.consent(connection, who, rack.name, Consent.ASKED, now=self._now(), proof=proof)
        return who

    def _hear(
        self,
        connection: Connection,
        who: SubscriberId,
        racks: Sequence[Rack],
        breaking: Collection[str] | None,
    ) -> None:
        """A confirmed reader's word is not changed by a stranger."""
        for rack in racks if breaking is not None else ():
            asked = readers.standing_of(connection, who, rack.name) is Consent.ASKED
            if asked and rack.breaking is not None:
                wishes.hear_at_once(connection, who, rack.name, wanted=rack.name in (breaking or ()))

    def _new(self, connection: Connection, address: str, hashed: str, language: str) -> SubscriberId:
        return readers.add(
            connection,
            address,
            name="",
            language=language,
            now=self._now(),
            hashed=hashed,
        )

    # Letters and their links

    def _link(
        self,
        purpose: str,
        who: SubscriberId,
        address: str,
        place: str,
        newsletters: Sequence[str],
        **more: Any,
    ) -> Link:
        return Link(
            purpose=purpose,
            subscriber=who,
            newsletters=newsletters,
            address_hash=self._hashed(address),
            domain=_domain(address),
            place=place,
            at=self._now(),
            expires_at=self._now() + LIVES[purpose],
            **more,
        )

    def _letter(self, connection: Connection, link: Link, language: str, about: Sequence[Rack]) -> None:
        """Plan the letter and keep the hash of its link. To a barred address nothing goes."""
        name = EditionId(f"{link.purpose}:{link.subscriber}:{link.at:%Y%m%dT%H%M%S.%f}")
        links.add(connection, sign(self._keys, link.purpose, name), link)
        edition = Edition(
            id=name,
            kind=EditionKind.CONFIRM if link.purpose == "confirm" else EditionKind.LETTER,
            language=Language(language),
            due_at=link.at,
            stories=(),
            title=" · ".join(rack.title(language) for rack in about),
        )
        post = self._write(edition, about[0].channel)
        bar = readers.barred(connection, {link.address_hash}).get(link.address_hash)
        if bar is Reason.SUPPRESSED:
            return
        planning.add_letter(
            connection,
            edition,
            post,
            link.subscriber,
            _carrier(connection, link),
            now=link.at,
            not_after=link.expires_at,
        )

    def look(self, purpose: str, token: str) -> tuple[Link, Subscriber]:
        """What a link is about, and whose it is. Raises :exc:`NotFound` where it is not ours, used or over."""
        if verify(self._keys, purpose, token) is None:
            raise NotFound(CUT)
        with self._database.read() as connection:
            link = links.find(connection, token)
            who = readers.by_number(connection, link.subscriber) if link else None
        if link is None or who is None or link.used_at or link.expires_at <= self._now():
            raise NotFound("this link was used already, or its time is over")
        return link, who

    def _use(self, connection: Connection, token: str) -> None:
        if not links.use(connection, token, self._now()):
            raise NotFound("this link was used already, or its time is over")

    def confirm(self, token: str, *, place: str) -> tuple[Subscriber, list[str]]:
        """Whoever presses the button reads the mail of this address. Returns the reader and the newsletters.

        Raises :exc:`NotFound`.
        """
        link, who = self.look("confirm", token)
        now, place = self._now(), shortened(place)
        proof = f"{_proof(link.at, link.place, link.wording)}; confirmed {_minute(now)} from {place}"
        welcomed: list[str] = []
        with self._database.write() as connection:
            self._use(connection, token)
            for name in sorted(link.newsletters):
                if readers.standing_of(connection, who.id, name) is Consent.ASKED:
                    readers.consent(connection, who.id, name, Consent.GIVEN, now=now, proof=proof)
                    about = f"subscriber {who.id} {name}"
                    brakes.note(connection, who="reader", what="confirm", about=about, why=proof, now=now)
                    welcomed += self._welcome(connection, who.id, name, now)
        for channel in welcomed:
            self._sent(channel)
        return who, list(link.newsletters)

    def _welcome(
        self, connection: Connection, who: SubscriberId, newsletter: str, now: datetime
    ) -> list[str]:
        """The last edition, once, where the newsletter welcomes its readers so; the channel that it waits for."""
        rack = self.racks.get(newsletter)
        if rack is None or rack.welcome is None:
            return []
        planned = planning.add_welcome(connection, newsletter, who, now=now, not_after=now + rack.welcome)
        return [rack.channel] * planned

    def mail_link(self, token: str, purpose: str, *, place: str) -> Subscriber:
        """Mail a fresh link for something that the one in every mail must not do. Raises :exc:`NotFound`,
        :exc:`Refused`."""
        reader, place = self._reader(token), shortened(place)
        if purpose not in MAILED:
            raise Refused("there is no link for {purpose!r}", purpose=purpose)
        hashed, now = self._hashed(reader.address), self._now()
        with self._database.write() as connection:
            links.alone(connection)
            self._within_caps(connection, reader.address, place)
            if links.asked_for(connection, hashed, [purpose], now - ANOTHER_AFTER):
                return reader
            racks = self._racks_of(connection, reader.id)
            link = self._link(purpose, reader.id, reader.address, place, [one.name for one in racks])
            self._letter(connection, link, reader.language, racks)
        self._sent(racks[0].channel)
        return reader

    def _racks_of(self, connection: Connection, who: SubscriberId) -> list[Rack]:
        standing = wishes.choices(connection, who)
        given = [
            name for name, one in standing.items() if one.consent is Consent.GIVEN and name in self.racks
        ]
        found = given or [name for name in standing if name in self.racks]
        if not found:
            raise NotFound("this subscription is no longer on record; no mail goes out for it")
        return [self.racks[name] for name in found]

    # Choosing

    def preferences_token(self, reader: Subscriber) -> str:
        return sign(self._keys, "preferences", str(reader.id), mark(self._keys, reader.address))

    def _reader(self, token: str) -> Subscriber:
        facts = verify(self._keys, "preferences", token)
        if facts is None or len(facts) != 2 or not facts[0].isdigit():
            raise NotFound(CUT)
        with self._database.read() as connection:
            reader = readers.by_number(connection, SubscriberId(int(facts[0])))
        if reader is None or mark(self._keys, reader.address) != facts[1]:
            raise NotFound("this subscription is no longer on record; no mail goes out for it")
        return reader

    def preferences(self, token: str) -> Preferences:
        """Raises :exc:`NotFound`."""
        reader = self._reader(token)
        with self._database.read() as connection:
            until = wishes.rests_until(connection, reader.id)
            return Preferences(
                reader=reader,
                choices=wishes.choices(connection, reader.id),
                rests_until=until if until and until > self._now() else None,
            )

    def prefer(self, token: str, chosen: Chosen, *, place: str) -> None:
        """From the next edition on. Raises :exc:`NotFound`, :exc:`Refused`."""
        before, now = self.preferences(token), self._now()
        who, place = before.reader, shortened(place)
        self._check(chosen, before)
        given = {name for name, one in before.choices.items() if one.consent is Consent.GIVEN}
        for name in sorted(given - set(chosen.newsletters)):
            self._leave(who.address, name, f"the preferences page, {_minute(now)} from {place}")
        with self._database.write() as connection:
            wishes.speak(connection, who.id, chosen.language, now=now)
            if chosen.zone is not None:
                wishes.live(connection, who.id, chosen.zone)
            if chosen.rest is not None:
                wishes.rest(connection, who.id, now + chosen.rest if chosen.rest else None)
            for name, wanted in sorted(chosen.newsletters.items(), key=lambda one: one[0]):
                proof = f"the preferences page, {_minute(now)} from {place}"
                readers.consent(connection, who.id, name, Consent.GIVEN, now=now, proof=proof)
                every = set(wanted.topics) == set(self.racks[name].topics)  # also those to come
                wishes.choose(
                    connection,
                    who.id,
                    name,
                    topics=() if every else wanted.topics,
                    frequency=wanted.frequency,
                    breaking=wanted.breaking,
                )

    def check_zone(self, zone: str | None) -> None:
        """Raises :exc:`Refused` for one that is not offered."""
        if zone and zone not in self.zones:
            raise Refused(
                "the zone {zone!r} is not offered here; there are: {known}",
                zone=zone,
                known=", ".join(self.zones),
            )

    def _check(self, chosen: Chosen, before: Preferences) -> None:
        self.check_zone(chosen.zone)
        for name, wanted in chosen.newsletters.items():
            rack = self.racks.get(name)
            if rack is None or not (rack.open or name in before.choices):
                raise Refused("nobody can ask for a newsletter {name!r} here", name=name)
            if chosen.language not in rack.languages:
                raise Refused(
                    "{name} has no language {language!r}",
                    name=rack.title(chosen.language),
                    language=chosen.language,
                )
            if unknown := set(wanted.topics) - set(rack.topics):
                raise Refused("{name} has no topic {topic!r}", name=name, topic=min(unknown))

    # Moving, taking along, going

    def move(self, token: str, address: str, *, place: str) -> None:
        """The reader wants mail at another address, and has to confirm there. The answer is always the same.

        Raises :exc:`NotFound`, :exc:`Refused` for what is no address.
        """
        address = checked_address(address)
        link, reader = self.look("move", token)
        hashed, place = self._hashed(address), shortened(place)
        with self._database.write() as connection:
            links.alone(connection)
            self._within_caps(connection, address, place)
            self._use(connection, token)
            racks = self._racks_of(connection, reader.id)
            other = readers.find(connection, address)
            if other and any(
                one.consent is not Consent.ASKED for one in wishes.choices(connection, other.id).values()
            ):
                return  # somebody reads there already, or left
            proof = f"a change of address asked for at {_minute(self._now())} from {place}"
            there = self._asked(connection, address, hashed, racks, language=reader.language, proof=proof)
            arrival = self._link("arrive", there, address, place, link.newsletters, about=reader.id)
            self._letter(connection, arrival, reader.language, racks)
        self._sent(racks[0].channel)

    def arrive(self, token: str, *, place: str) -> Subscriber:
        """From here on the mail goes to the new address, and links in old mails still work. Raises :exc:`NotFound`."""
        link, there = self.look("arrive", token)
        now, who = self._now(), link.about or there.id
        with self._database.read() as connection:
            reader = readers.by_number(connection, who)
            given = [
                name for name, one in wishes.choices(connection, who).items() if one.consent is Consent.GIVEN
            ]
        if reader is None:
            raise NotFound("this subscription is no longer on record; no mail goes out for it")
        for name in given:  # a restore must not write to the old address again
            self._left(reader.address, name, now)
        with self._database.write() as connection:
            self._use(connection, token)
            wishes.swap_addresses(connection, reader.id, there.id)
            proof = f"its reader moved at {_minute(now)}"
            for name in wishes.choices(connection, there.id):
                readers.consent(connection, there.id, name, Consent.WITHDRAWN, now=now, proof=proof)
            why = f"confirmed from {shortened(place)}"
            brakes.note(
                connection, who="reader", what="move", about=f"subscriber {reader.id}", why=why, now=now
            )
            moved = readers.by_number(connection, reader.id)
        return moved or reader

    def export(self, token: str) -> dict[str, Any]:
        """All that is known of the reader. Raises :exc:`NotFound`."""
        _, reader = self.look("export", token)
        with self._database.write() as connection:
            self._use(connection, token)
            return wishes.everything(connection, reader.address)

    def erase(self, token: str) -> Subscriber:
        """Forget the reader. Raises :exc:`NotFound`."""
        _, reader = self.look("erase", token)
        self._erase(reader.address)  # the link goes with everything else: it works once
        return reader

    def sweep(self) -> None:
        """Forget who asked and never confirmed, and who asked from where."""
        before = self._now() - KEPT
        with self._database.write() as connection:
            links.sweep(connection, before)
            wishes.sweep(connection, before)


def _stands(standing: Mapping[str, Choice], name: str) -> Consent | None:
    return standing[name].consent if name in standing else None


def _carrier(connection: Connection, link: Link) -> str:
    """The newsletter whose wish lets the letter through: a confirmation's must be asked for."""
    standing = wishes.choices(connection, link.subscriber)
    asked = [name for name in link.newsletters if _stands(standing, name) is Consent.ASKED]
    return (asked if link.purpose == "confirm" and asked else list(link.newsletters))[0]


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _proof(at: datetime, place: str, version: str) -> str:
    return f"asked {_minute(at)} from {place}; words {version}"

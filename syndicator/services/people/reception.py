"""How the newsroom's people come in: with a password and a second factor, from then on by a token of the browser.

Whoever knocks with a wrong name, a wrong password or a wrong code is told the same, and it takes the same work. A
token is new whenever its rights grow; of each only a hash is kept.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from syndicator.errors import NotFound, Refused, sentence
from syndicator.model import Role
from syndicator.storage import brakes, people, sessions
from syndicator.storage.database import Connection, Database
from syndicator.storage.people import Card
from syndicator.storage.sessions import Session
from syndicator.text.addresses import CONTROL, shortened
from syndicator.tokens import Keys, sign, verify

from .factor import Factor
from .nouns import (
    FRESH,
    TOKEN_BYTES,
    WAITS_FOR_CODE,
    WAITS_FOR_FACTOR,
    Enrolment,
    Inside,
    Keeps,
    NotFresh,
    Opened,
    Wrong,
)
from .passwords import Hasher, check
from .patience import Patience, Tries

TOUCHED = timedelta(minutes=1)  # how exactly it is known when somebody was here last
HALFWAY = timedelta(minutes=10)  # between the password and the second factor
WRONG_MAX = 5  # codes of one who is halfway
WRONG = sentence("the name, the password or the code is not right")


class Reception:
    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        hasher: Hasher,
        factor: Factor,
        lives: timedelta,
        idle: timedelta,
        needs_factor: Sequence[Role],
        own_words: Callable[[str], Sequence[str]],
    ) -> None:
        self._database = database
        self._keys = keys
        self._now = now
        self._chance = chance
        self._hasher = hasher
        self._factor = factor
        self._lives = lives
        self._idle = idle
        self._needs_factor = frozenset(needs_factor)
        self._own_words = own_words
        self._patience = Patience(now)

    # Coming in

    def sign_in(self, name: str, password: str, *, place: str, browser: str, device: str = "") -> Opened:
        """Raises :exc:`Wrong`, :exc:`~.patience.Wait`. The session may wait for a second factor still."""
        network = shortened(place)
        with self._database.write() as connection:
            tries = self._patience.knock(connection, "password", name, network, self._known(device, name))
            card = people.find(connection, name)
        kept = card.password if card and card.active else None
        fits = self._hasher.fits(kept, password)
        with self._database.write() as connection:
            card = people.find(connection, name, lock=True)
            if not fits or card is None or not card.active or card.password != kept:
                self._refuse(connection, card, network, "password")
                opened = None
            else:
                self._patience.right(connection, tries)
                self._renew(connection, card, password)
                opened = self.open(connection, card, way="password", place=place, browser=browser)
        if opened is None:
            raise Wrong(WRONG)
        return opened

    def open(
        self, connection: Connection, card: Card, *, way: str, place: str, browser: str, strong: bool = False
    ) -> Opened:
        """A new session. ``strong``: a second factor was shown elsewhere already."""
        now, token, name = self._now(), self._token(), card.person.name
        waits_for = "" if strong else self._wanted(card)
        session = sessions.open_(
            connection,
            token,
            person=name,
            waits_for=waits_for,
            way=way,
            place=shortened(place),
            browser=_shown(browser),
            began_at=now,
            seen_at=now,
            ends_at=now + (HALFWAY if waits_for else self._lives),
            proven_at=now,
        )
        if not waits_for:
            self._note(connection, name, "signed in", f"by {way} from {session.place}")
        return Opened(token=token, session=session, person=card.person, device=self._device(name, waits_for))

    def second(self, token: str, code: str, *, place: str) -> Opened:
        """The code of an app, or one of the sheet. Raises :exc:`Wrong`, :exc:`~.patience.Wait`, :exc:`NotFound`."""
        inside = self._inside(token, WAITS_FOR_CODE)
        if not self._shown_code(inside, code, place=place):
            self._count_wrong(inside.session)
            raise Wrong(WRONG)
        return self._let_in(inside, token)

    def inside(self, token: str) -> Inside | None:
        """Whose browser it is; None for everybody else. They may have to show a second factor yet: ``waits_for``."""
        if not token:
            return None
        now = self._now()
        with self._database.read() as connection:
            session = sessions.find(connection, token)
            card = people.find(connection, session.person) if session else None
        if session is None or card is None or not card.active or self._over(session, now):
            return None
        if now - session.seen_at >= TOUCHED:
            with self._database.write() as connection:
                sessions.change(connection, session.id, seen_at=now)
        return Inside(card.person, session)

    def _over(self, session: Session, now: datetime) -> bool:
        return now >= session.ends_at or now - session.seen_at >= self._idle

    # Showing it once more

    def is_fresh(self, session: Session) -> bool:
        """They showed who they are a short while ago: enough for what is sensitive."""
        return self._now() - session.proven_at < FRESH

    def check_fresh(self, session: Session) -> None:
        """Raises :exc:`NotFresh`."""
        if not self.is_fresh(session):
            raise NotFresh("show once more who you are: your password, or a code")

    def prove(self, token: str, *, password: str = "", code: str = "", place: str) -> Opened:
        """Show once more who they are: by password, or by code where they have none. The token is a new one.

        Raises :exc:`Wrong`, :exc:`~.patience.Wait`, :exc:`NotFound`.
        """
        inside = self._inside(token, "")
        name = inside.person.name
        with self._database.read() as connection:
            card = people.find(connection, name)
        if card is None or (card.password and not password):
            raise Wrong(WRONG)
        fits = (
            self._fits(card, password, place=place)
            if card.password
            else self._shown_code(inside, code, place=place)
        )
        if not fits:
            raise Wrong(WRONG)
        return self._rotated(inside, token, proven_at=self._now())

    def change_password(self, token: str, old: str, new: str, *, place: str) -> Opened:
        """Everywhere else they are signed out. Raises :exc:`Wrong`, :exc:`~.passwords.Weak`, :exc:`~.patience.Wait`."""
        inside = self._inside(token, "")
        name = inside.person.name
        check(new, self._own_words(name))
        with self._database.read() as connection:
            card = people.find(connection, name)
        if card is None or not self._fits(card, old, place=place):
            raise Wrong(WRONG)
        self._set(name, new, "password changed", but=inside.session.id)
        return self._rotated(inside, token, proven_at=self._now())

    # Second factors

    def enrol(self, token: str) -> Enrolment:
        """One that is being set up, begun by this where none is. Raises :exc:`NotFresh`, :exc:`NotFound`."""
        inside = self._inside(token, "", WAITS_FOR_FACTOR)
        self.check_fresh(inside.session)
        return self._factor.begin(inside)

    def confirm(self, token: str, code: str, *, place: str) -> tuple[Opened, Sequence[str]]:
        """It counts from here on, once a code shows that the app has it; the recovery codes are shown once.

        Raises :exc:`Wrong`, :exc:`~.patience.Wait`, :exc:`NotFound`.
        """
        inside = self._inside(token, "", WAITS_FOR_FACTOR)
        tries = self._knock("code", inside, place)
        sheet = self._factor.confirm(inside, code)
        if sheet is None:
            self._wrong(inside, place)
            raise Wrong(WRONG)
        self._right(tries)
        return self._let_in(inside, token), sheet

    def keeps(self, name: str) -> Keeps:
        """How they can show who they are."""
        with self._database.read() as connection:
            card = people.find(connection, name)
        return Keeps(
            password=bool(card and card.password),
            factor=bool(card and card.totp),
            codes=len(card.recovery.get("codes", ())) if card else 0,
            elsewhere=bool(card and card.subject),
            needs_factor=bool(card and card.person.role in self._needs_factor),
        )

    def new_sheet(self, token: str) -> Sequence[str]:
        """Other recovery codes instead of those they have. Raises :exc:`NotFresh`, :exc:`NotFound`."""
        inside = self._inside(token, "")
        self.check_fresh(inside.session)
        return self._factor.new_sheet(inside.person.name)

    def drop_factor(self, token: str) -> None:
        """Raises :exc:`NotFresh`, :exc:`Refused` where the role needs one, :exc:`NotFound`."""
        inside = self._inside(token, "")
        self.check_fresh(inside.session)
        if inside.person.role in self._needs_factor:
            raise Refused(
                "a {role} needs a second factor; set another one up instead", role=inside.person.role
            )
        self._factor.drop(inside.person.name, by=inside.person.name)

    # Going

    def sign_out(self, token: str) -> None:
        inside = self.inside(token)
        if inside:
            self.end(inside.person.name, inside.session.id)

    def end(self, name: str, number: int) -> None:
        """One of their sessions. Raises :exc:`NotFound`."""
        with self._database.write() as connection:
            if not sessions.end(connection, name, number):
                raise NotFound("this session is over already")
            self._note(connection, name, "signed out", "")

    def sign_out_everywhere(self, name: str, *, by: str = "", but: int | None = None) -> int:
        """How many sessions are over now. ``by`` is who says so, if not they."""
        now = self._now()
        with self._database.write() as connection:
            number = sessions.end_all(connection, name, but=but)
            why = f"everywhere: {number}"
            brakes.note(connection, who=by or name, what="signed out", about=name, why=why, now=now)
        return number

    def sessions(self, name: str) -> Sequence[Session]:
        """Where they are signed in, the latest first."""
        now = self._now()
        with self._database.read() as connection:
            found = sessions.of(connection, name)
        return [one for one in found if not one.waits_for and not self._over(one, now)]

    def all_out(self) -> None:
        """Nobody is signed in any more: who was signed out since may not come back with an older database."""
        with self._database.write() as connection:
            if number := sessions.clear(connection):
                brakes.note(
                    connection,
                    who="memory",
                    what="signed out",
                    about="everybody",
                    why=f"{number} sessions",
                    now=self._now(),
                )

    def sweep(self) -> None:
        now = self._now()
        with self._database.write() as connection:
            sessions.sweep(connection, now, now - self._idle)
            self._patience.sweep(connection)

    # Inside

    def _inside(self, token: str, *waits_for: str) -> Inside:
        """Who is this far. Raises :exc:`NotFound`."""
        found = self.inside(token)
        if found is None or found.session.waits_for not in waits_for:
            raise NotFound("nobody is signed in here any more; sign in again")
        return found

    def _wanted(self, card: Card) -> str:
        if card.totp:
            return WAITS_FOR_CODE
        return WAITS_FOR_FACTOR if card.person.role in self._needs_factor else ""

    def _let_in(self, inside: Inside, token: str) -> Opened:
        now, session = self._now(), inside.session
        first = bool(session.waits_for)
        told: dict[str, Any] = {"waits_for": "", "wrong": 0, "totp": None, "proven_at": now}
        opened = self._rotated(inside, token, **told, **({"ends_at": now + self._lives} if first else {}))
        if first:
            with self._database.write() as connection:
                why = f"by {session.way} and code from {session.place}"
                self._note(connection, inside.person.name, "signed in", why)
        return opened

    def _rotated(self, inside: Inside, token: str, **values: Any) -> Opened:
        """Raises :exc:`NotFound` where the token is not theirs any more."""
        fresh, name = self._token(), inside.person.name
        with self._database.write() as connection:
            card = people.find(connection, name, lock=True)
            session = (
                sessions.rotate(connection, inside.session, fresh, **values) if card and card.active else None
            )
        if session is None:
            raise NotFound("nobody is signed in here any more; sign in again")
        return Opened(token=fresh, session=session, person=inside.person, device=self._device(name, ""))

    def _shown_code(self, inside: Inside, code: str, *, place: str) -> bool:
        tries = self._knock("code", inside, place)
        if not self._factor.fits(inside.person.name, code):
            self._wrong(inside, place)
            return False
        self._right(tries)
        return True

    def _fits(self, card: Card, password: str, *, place: str) -> bool:
        """The password of one who is in; wrong ones count like those of a stranger."""
        name, network = card.person.name, shortened(place)
        with self._database.write() as connection:
            tries = self._patience.knock(connection, "password", name, network)
        fits = self._hasher.fits(card.password, password)
        with self._database.write() as connection:
            if fits:
                self._patience.right(connection, tries)
            else:
                self._refuse(connection, card, network, "password")
        return fits

    def _knock(self, what: str, inside: Inside, place: str) -> Tries:
        with self._database.write() as connection:
            return self._patience.knock(connection, what, inside.person.name, shortened(place))

    def _right(self, tries: Tries) -> None:
        with self._database.write() as connection:
            self._patience.right(connection, tries)

    def _wrong(self, inside: Inside, place: str) -> None:
        with self._database.write() as connection:
            self._note(
                connection, inside.person.name, "sign-in refused", f"wrong code from {shortened(place)}"
            )

    def _count_wrong(self, session: Session) -> None:
        with self._database.write() as connection:
            if session.wrong + 1 >= WRONG_MAX:
                sessions.end(connection, session.person, session.id)
            else:
                sessions.change(connection, session.id, wrong=session.wrong + 1)

    def _refuse(self, connection: Connection, card: Card | None, network: str, what: str) -> None:
        """Written down the same way whether there is such a person; what is no name is not: it may be a password."""
        about = card.person.name if card else "(nobody)"
        why = f"wrong {what} from {network}"
        brakes.note(connection, who="console", what="sign-in refused", about=about, why=why, now=self._now())

    def _renew(self, connection: Connection, card: Card, password: str) -> None:
        if card.password and self._hasher.is_old(card.password):
            people.change(connection, card.person.name, password=self._hasher.of(password))

    def _set(self, name: str, password: str, what: str, *, but: int | None = None) -> None:
        made = self._hasher.of(password)
        with self._database.write() as connection:
            people.change(connection, name, password=made)
            sessions.end_all(connection, name, but=but)
            people.void(connection, name)
            self._note(connection, name, what, "")

    def _known(self, device: str, name: str) -> str:
        """The device's own mark, where it says that this person was signed in there; else nothing."""
        facts = verify(self._keys, "device", device) if device else None
        return facts[1] if facts and facts[0] == name else ""

    def _device(self, name: str, waits_for: str) -> str:
        return "" if waits_for else sign(self._keys, "device", name, self._chance(9).hex())

    def _token(self) -> str:
        return urlsafe_b64encode(self._chance(TOKEN_BYTES)).decode()

    def _note(self, connection: Connection, name: str, what: str, why: str) -> None:
        brakes.note(connection, who=name, what=what, about=name, why=why, now=self._now())


def _shown(browser: str) -> str:
    return CONTROL.sub(" ", browser)[:200]

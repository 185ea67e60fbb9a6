"""The second factor of a person: a secret that an app shares, and a sheet of recovery codes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from syndicator.errors import Refused
from syndicator.storage import brakes, people, sessions
from syndicator.storage.database import Connection, Database
from syndicator.storage.people import Card
from syndicator.tokens import Keys, seal, unseal

from . import codes
from .nouns import Enrolment, Inside
from .passwords import Hasher

SALT_BYTES = 16


class Factor:
    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
        hasher: Hasher,
        issuer: str,
    ) -> None:
        """``issuer`` is what apps show beside the code: the newsroom's name."""
        self._database = database
        self._keys = keys
        self._now = now
        self._chance = chance
        self._hasher = hasher
        self._issuer = issuer

    def fits(self, name: str, told: str) -> bool:
        """Whether the code is theirs and was not used before. It is used by this."""
        told = codes.bare(told)
        with self._database.read() as connection:
            card = people.find(connection, name)
        if card is None or not card.totp:
            return False
        return self._of_the_app(card, told) if codes.is_of_the_app(told) else self._of_the_sheet(name, told)

    def begin(self, inside: Inside) -> Enrolment:
        """A secret that waits in the session for its first code."""
        name, waiting = inside.person.name, inside.session.totp
        secret = self._secret(name, waiting) if waiting else self._chance(codes.SECRET_BYTES)
        if not waiting:
            sealed = seal(self._keys, _purpose(name), secret.hex(), self._chance)
            with self._database.write() as connection:
                sessions.change(connection, inside.session.id, totp=sealed)
        address = codes.address(secret, person=name, issuer=self._issuer)
        return Enrolment(secret=codes.spelled(secret), address=address, picture=codes.picture(address))

    def confirm(self, inside: Inside, told: str) -> Sequence[str] | None:
        """The recovery codes; None where the code does not fit. Raises :exc:`Refused` where nothing was begun."""
        name = inside.person.name
        if inside.session.totp is None:
            raise Refused("no second factor was begun; begin again")
        step = codes.matching(self._secret(name, inside.session.totp), codes.bare(told), self._now())
        if step is None:
            return None
        sheet, kept = self._sheet()
        with self._database.write() as connection:
            people.change(connection, name, totp=inside.session.totp, totp_step=step, recovery=kept)
            sessions.end_all(connection, name, but=inside.session.id)
            self._note(connection, name, "second factor", "set up", by=name)
        return sheet

    def new_sheet(self, name: str) -> Sequence[str]:
        sheet, kept = self._sheet()
        with self._database.write() as connection:
            people.change(connection, name, recovery=kept)
            self._note(connection, name, "recovery codes", "new ones", by=name)
        return sheet

    def drop(self, name: str, *, by: str) -> None:
        with self._database.write() as connection:
            self.dropped(connection, name, by=by)

    def dropped(self, connection: Connection, name: str, *, by: str) -> None:
        people.change(connection, name, totp=None, totp_step=0, recovery={})
        self._note(connection, name, "second factor", "taken off", by=by)

    def _of_the_app(self, card: Card, told: str) -> bool:
        name = card.person.name
        step = codes.matching(self._secret(name, card.totp or ""), told, self._now())
        if step is None:
            return False
        with self._database.write() as connection:
            return people.use_step(connection, name, step)

    def _of_the_sheet(self, name: str, told: str) -> bool:
        """Its hash is made outside of the transaction: nobody waits for it."""
        with self._database.read() as connection:
            card = people.find(connection, name)
        salt = str(card.recovery.get("salt", "")) if card else ""
        made = self._hasher.raw(told, bytes.fromhex(salt or "00" * SALT_BYTES))
        with self._database.write() as connection:
            card = people.find(connection, name, lock=True)
            kept = card.recovery if card else {}
            left = codes.left_without(kept.get("codes", ()), made)
            if left is None or kept.get("salt") != salt:
                return False
            people.change(connection, name, recovery={"salt": salt, "codes": left})
            self._note(connection, name, "recovery code", f"used; {len(left)} are left", by=name)
        return True

    def _sheet(self) -> tuple[Sequence[str], dict[str, object]]:
        """New codes, and what is kept of them."""
        sheet, salt = codes.sheet(self._chance), self._chance(SALT_BYTES)
        kept = [self._hasher.raw(codes.bare(one), salt) for one in sheet]
        return sheet, {"salt": salt.hex(), "codes": kept}

    def _secret(self, name: str, sealed: str) -> bytes:
        """Raises :exc:`Refused` where the secret key is another one than it was sealed with."""
        told = unseal(self._keys, _purpose(name), sealed)
        if told is None:
            raise Refused(
                "the second factor of {name} cannot be read; `syndicator user reset {name} --second-factor`",
                name=name,
            )
        return bytes.fromhex(told)

    def _note(self, connection: Connection, name: str, what: str, why: str, *, by: str) -> None:
        brakes.note(connection, who=by, what=what, about=name, why=why, now=self._now())


def _purpose(name: str) -> str:
    return f"second factor of {name}"

"""A newsroom with people, on a database of each kind, and with a clock that stands still."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from syndicator.model import Person
from syndicator.services.people import People, codes, person
from syndicator.services.people.nouns import Opened
from syndicator.settings import Settings
from syndicator.storage.database import Database
from syndicator.storage.schema import audit
from tests.circulation import KEYS
from tests.lanes import NOW

GOOD = "nine grey herons over Dukan"
OTHER = "a ladder leans on the kiln"
HOME = {"place": "192.0.2.7", "browser": "Firefox"}
AWAY = {"place": "198.51.100.9", "browser": "curl"}
TOLD: dict[str, Any] = {
    "newsroom": {
        "name": "The Zagros Courier",
        "url": "https://zagros.example",
        "languages": ["en", "ckb"],
        "timezone": "Asia/Baghdad",
        "public_url": "https://news.zagros.example",
    },
    "channels": {"tg-en": {"kind": "telegram"}, "tg-ckb": {"kind": "telegram"}},
}


class House:
    def __init__(self, database: Database, ask: Any = None, **console: Any) -> None:
        self.database = database
        self.time = NOW
        settings = Settings.model_validate(TOLD | {"console": {"second_factor": []} | console})
        rng = Random(7)
        told: dict[str, Any] = {"settings": settings, "keys": KEYS, "now": self.now, "chance": rng.randbytes}
        self.people = People(database, ask=ask, **told)
        self.reception = self.people.reception

    def now(self) -> datetime:
        return self.time

    def later(self, **told: float) -> None:
        self.time += timedelta(**told)

    def add(self, name: str = "ara", role: str = "admin", password: str = GOOD, **more: Any) -> Person:
        one = person(name, role, **more)
        self.people.add(one, password, by="operator")
        return one

    def sign_in(self, name: str = "ara", password: str = GOOD, **more: Any) -> Opened:
        return self.reception.sign_in(name, password, **{**HOME, **more})

    def code(self, secret: str, steps: int = 0) -> str:
        """What an app shows that knows this secret."""
        import base64

        return codes.code(base64.b32decode(secret), codes.step_of(self.time) + steps)

    def with_factor(self, name: str = "ara", password: str = GOOD) -> tuple[str, list[str]]:
        """Sets a second factor up; the secret and the recovery codes."""
        opened = self.sign_in(name, password)
        begun = self.reception.enrol(opened.token)
        _, sheet = self.reception.confirm(opened.token, self.code(begun.secret), place=HOME["place"])
        self.later(seconds=60)
        return begun.secret, list(sheet)

    def audited(self, *names: str) -> list[tuple[str, str, str]]:
        with self.database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.id)).all()
        return [(row.who, row.what, row.about) for row in rows if not names or row.what in names]

    def everything_written(self) -> str:
        """All rows of the tables about people, as text: what a thief of the database has."""
        from syndicator.storage.schema import knocks, people, sessions, tickets

        with self.database.read() as connection:
            tables = (people, sessions, tickets, knocks, audit)
            return str([connection.execute(select(one)).all() for one in tables])

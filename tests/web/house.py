"""A demo newsroom with its console, and browsers of people with roles."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import httpx

from syndicator.app import App
from syndicator.model import Language, Person, Role
from syndicator.storage import people


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 15, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class House:
    """A demo newsroom with its console."""

    def __init__(self, app: App, base: str, clock: Clock) -> None:
        self.app, self.base, self.clock = app, base, clock
        self.open = ExitStack()

    def browser(self, role: Role, name: str = "", language: str = "en", **more: Any) -> httpx.Client:
        """Of somebody who is signed in."""
        person = Person(name=name or f"a-{role}-{language}", role=role, language=Language(language), **more)
        if person.name not in {one.person.name for one in self.app.people.listed()}:
            self.app.people.add(person, "lavender tractor nine moons", by="operator")
        with self.app.database.write() as connection:
            card = people.find(connection, person.name)
            assert card is not None
            opened = self.app.people.reception.open(
                connection, card, way="password", place="127.0.0.1", browser="a test", strong=True
            )
        return self.stranger(**{"syndicator-desk": opened.token})

    def stranger(self, **cookies: str) -> httpx.Client:
        ours = {"origin": self.base, "sec-fetch-site": "same-origin"}
        made = httpx.Client(base_url=f"{self.base}/console", cookies=cookies, headers=ours)
        return self.open.enter_context(made)

    def story(self, language: str = "en") -> str:
        return str(self.app.ledger.articles(language=language).articles[0].id)


def csrf(browser: httpx.Client) -> str:
    found = re.search(r'"x-csrf-token": "([^"]+)"', browser.get("").text)
    assert found
    return found[1]

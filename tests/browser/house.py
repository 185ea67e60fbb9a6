"""A demo newsroom with a desk: people who are signed in, and browsers for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from shutil import which
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from syndicator.app import App
from syndicator.model import Language, Person, Role
from syndicator.sandbox.demo import Demo
from syndicator.storage import people
from syndicator.web.pages import serving

PASSWORD = "lavender tractor nine moons"
WIDTHS = {"wide": 1280, "phone": 390}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)  # three in the afternoon in Sulaimani

    def __call__(self) -> datetime:
        return self.now

    def passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)


class House:
    def __init__(self, demo: Demo, base: str, clock: Clock, browser: Browser) -> None:
        self.demo, self.base, self.clock, self.browser = demo, base, clock, browser
        self.app: App = demo.app

    def person(self, name: str, role: Role, language: str) -> Person:
        person = Person(name=name, role=role, language=Language(language))
        if name not in {one.person.name for one in self.app.people.listed()}:
            self.app.people.add(person, PASSWORD, by="operator")
        return person

    def signed_in(self, name: str, role: Role, language: str = "en", **more: Any) -> BrowserContext:
        """A browser in which they are in already; ``more`` as Playwright has it."""
        self.person(name, role, language)
        with self.app.database.write() as connection:
            card = people.find(connection, name)
            assert card is not None
            told = {"way": "password", "place": "127.0.0.1", "browser": "a test", "strong": True}
            opened = self.app.people.reception.open(connection, card, **told)  # type: ignore[arg-type]
        context = self.context(**more)
        context.add_cookies([{"name": "syndicator-desk", "value": opened.token, "url": self.base}])
        return context

    def context(self, width: str = "wide", scheme: str = "light") -> BrowserContext:
        made = self.browser.new_context(
            viewport={"width": WIDTHS[width], "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=self.base,
        )
        made.set_default_timeout(20_000)
        return made

    def story(self, language: str) -> str:
        return str(self.app.ledger.articles(language=language).articles[0].id)


@contextmanager
def house(shape: Callable[[str], str] = str, *, out: bool = True) -> Iterator[House]:
    """``shape`` as the demo has it; ``out``: stories went out already. Skipped where there is no browser."""
    program = which("chromium")
    if program is None:
        pytest.skip("needs the browser chromium")
    clock = Clock()
    with Demo(now=clock, shape=shape) as demo, serving(demo.app) as base:
        demo.once() if out else demo.app.look()
        # After the demo: Playwright keeps an event loop in this thread, and the Telegram channel has its own.
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            yield House(demo, base, clock, browser)
            browser.close()


def beside(work: Callable[[], object]) -> None:
    """In a thread of its own, as the worker is: a channel may have an event loop."""
    found: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            found.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join()
    if found:
        raise found[0]


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

"""A reader's whole life in a real browser, in three languages: from the form to the last click, and no list brings them
back."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import httpx
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from syndicator.app import App
from syndicator.model import Consent
from syndicator.sandbox.world import Sandbox
from syndicator.storage import readers
from syndicator.web.pages import serving
from tests.web.visitor import TOPICS

SARA = "sara@readers.example"
SAYS = {
    "en": ("Look into your mailbox", "Welcome", "Saved", "You have left"),
    "ckb": ("سەیری سندوقی نامەکانت بکە", "بەخێربێیت", "پاشەکەوت کرا", "هەڵوەشێنرایەوە"),
    "ar": ("انظر في صندوق بريدك", "أهلاً بك", "حُفظ ذلك", "أُلغي اشتراكك"),
}


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


ASKS = 'zone = "reader"\nflash = { sections = ["Never"] }'  # all that the pages may ask a reader


@dataclass
class House:
    sandbox: Sandbox
    app: App
    clock: Clock
    base: str
    folder: Path

    def deliver(self) -> None:
        """In a thread of its own: the browser keeps an event loop in this one, and so does the mail channel."""
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self.app.deliver, "letters").result()

    def link(self, purpose: str) -> str:
        """The address of the newest link of this purpose in a mail."""
        self.deliver()
        for mail in reversed(self.sandbox.smtp.mails):
            if found := re.search(rf"{self.base}/{purpose}/\S+", mail.part("plain")):
                return found[0]
        raise AssertionError(purpose)

    def digest(self) -> str:
        """Publishes and sends; the plain part of the newest mail."""
        self.clock.time += timedelta(hours=1)
        self.app.look()
        self.sandbox.newsroom.publish()
        self.app.look()
        self.app.compile(["evening"])
        self.deliver()
        return self.sandbox.smtp.mails[-1].part("plain")

    def stands(self) -> Consent | None:
        with self.app.database.read() as connection:
            who = readers.find(connection, SARA)
            return readers.standing_of(connection, who.id, "evening") if who else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        told = path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{ASKS}")
        path.write_text(told + TOPICS, "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app) as base:
            yield House(sandbox, app, clock, base, tmp_path)


@pytest.fixture(scope="module")
def playing() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playing: Playwright) -> Iterator[Browser]:
    program = which("chromium")
    if program is None:
        pytest.skip("needs the browser chromium")
    opened = playing.chromium.launch(executable_path=program, args=["--no-sandbox"])
    yield opened
    opened.close()


def page_of(browser: Browser, language: str, width: int = 1000, scheme: str = "light") -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        locale=language,
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core as its registry has it; empty where there is none."""
    npm, folder = which("npm"), tmp_path_factory.mktemp("axe")
    if npm is None:
        return ""
    command = [npm, "pack", "--silent", "axe-core@4"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        return ""
    subprocess.run(["tar", "xzf", done.stdout.strip()], cwd=folder, check=True)  # noqa: S607
    return (folder / "package" / "axe.min.js").read_text("utf-8")


def look_at(page: Page, axe: str, name: str, folder: Path) -> None:
    """Nothing runs off the side, everything can be touched, has a name and stands out; and a picture is taken."""
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.locator("h1").count() == 1
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, input:not([type=hidden]), header a, a.button')]"
        ".filter(one => !one.closest('.bait'))"
        ".map(one => (one.closest('label.tick') ?? one).getBoundingClientRect())"
        ".filter(box => box.height < 44).length"
    )
    assert small == 0
    if axe:
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
        assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []


@pytest.mark.parametrize("language", SAYS)
def test_the_whole_life_of_a_reader(
    browser: Browser, house: House, language: str, axe: str, tmp_path: Path
) -> None:
    asked, welcome, *_ = SAYS[language]
    page = page_of(browser, language)

    def see(name: str) -> None:
        look_at(page, axe, f"{language}-{name}", tmp_path)

    page.goto(f"{house.base}/subscribe")
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate("document.documentElement.dir") == ("ltr" if language == "en" else "rtl")
    see("form")
    house.clock.time += timedelta(seconds=5)
    page.fill("#address", SARA)
    page.click("main button")
    assert asked in page.inner_text("h1")
    see("asked")
    page.goto(house.link("confirm"))
    see("confirm")
    assert house.stands() is Consent.ASKED
    page.click("main button")
    assert welcome in page.inner_text("h1")
    see("welcome")
    digest = house.digest()
    assert ("Rain closes" in digest, "دادەخات" in digest, "تغلق" in digest) == tuple(
        language == one for one in ("en", "ckb", "ar")
    )
    page.goto(house.link("preferences"))
    page.uncheck("[name='topic:evening'][value=breaking]")
    page.check("[name='frequency:evening'][value=daily]")
    page.uncheck("[name=breaking]")
    page.select_option("#zone", "Europe/Berlin")
    other = "ar" if language == "ckb" else "ckb"
    page.select_option("#language", other)
    see("preferences")
    page.click("form:has(#language) > button")
    assert SAYS[other][2] in page.inner_text("[role=status]")
    assert page.evaluate("document.documentElement.lang") == other
    assert (page.is_checked("[name=breaking]"), page.input_value("#zone")) == (False, "Europe/Berlin")
    one_click = house.link("unsubscribe")
    page.goto(one_click)
    see("leave")
    assert httpx.post(one_click, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert house.stands() is Consent.WITHDRAWN
    page.click("main button")  # by hand as well: twice is once
    assert SAYS[other][3] in page.inner_text("main")
    see("left")
    not_back(house)
    page.context.close()


def not_back(house: House) -> None:
    file = house.folder / "old.csv"
    file.write_text(f"address,language\n{SARA},en\n", "utf-8")
    said: list[object] = []
    told = house.app.circulation.enrol(
        file,
        "evening",
        languages=house.app.newsstand.called("evening").languages,
        proof="an old list",
        write=True,
        refused=said.append,
    )
    assert (told.new, told.refused) == (0, 1)
    assert house.stands() is Consent.WITHDRAWN
    before = len(house.sandbox.smtp.mails)
    house.digest()
    assert len(house.sandbox.smtp.mails) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", SAYS)
def test_every_page_is_fine_on_a_phone_and_in_the_dark(
    browser: Browser, house: House, axe: str, tmp_path: Path, *, language: str, scheme: str
) -> None:
    page = page_of(browser, language, 320 if scheme == "light" else 360, scheme)
    told: dict[str, Callable[[], str]] = {
        "form": lambda: f"{house.base}/subscribe",
        "embed": lambda: f"{house.base}/subscribe?embed",
        "lost": lambda: f"{house.base}/unsubscribe/x",
        "confirm": lambda: house.link("confirm"),
    }
    front = house.app.circulation.front
    front.ask(SARA, ["evening", "noon"], language=language, wording="w", place="")
    for name, url in told.items():
        page.goto(url())
        look_at(page, axe, f"{language}-{scheme}-{name}", tmp_path)
    page.click("main button")
    with house.app.database.read() as connection:
        reader = readers.find(connection, SARA)
    assert reader
    own = f"{house.base}/preferences/{front.preferences_token(reader)}"
    page.goto(own)
    look_at(page, axe, f"{language}-{scheme}-preferences", tmp_path)
    for purpose in ("move", "export", "erase"):
        page.goto(own)
        page.click(f"[value={purpose}]")
        page.goto(house.link(purpose))
        look_at(page, axe, f"{language}-{scheme}-{purpose}", tmp_path)
    plain = page.context.new_page()  # a mail has its own ground, not the pages' rules
    for number, mail in enumerate(house.sandbox.smtp.mails[:2]):
        plain.set_content(mail.part("html"))
        look_at(plain, axe, f"{language}-{scheme}-mail-{number}", tmp_path)
    page.context.close()


def test_without_script_all_of_it_works(browser: Browser, house: House) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{house.base}/subscribe?language=en")
    house.clock.time += timedelta(seconds=5)
    page.fill("#address", SARA)
    page.click("main button")
    page.goto(house.link("confirm"))
    page.click("main button")
    assert house.stands() is Consent.GIVEN
    context.close()

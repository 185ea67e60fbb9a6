"""What people see, in a real browser: narrow, dark, right-to-left, and nothing that acts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from syndicator.sandbox.demo import Demo
from syndicator.web.pages import serving

NOW = datetime(2026, 3, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with Demo(now=lambda: NOW) as shown, serving(shown.app):
        shown.once()
        yield shown


@pytest.fixture(scope="module")
def browser(demo: Demo) -> Iterator[Browser]:
    # After the demo: Playwright keeps an event loop in this thread, and the Telegram channel has its own.
    program = which("chromium")
    if program is None:
        pytest.skip("needs the browser chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def opened(browser: Browser, url: str, width: int = 1440, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    page.goto(url)
    return page


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_the_page_shows_every_channel_at_any_width(browser: Browser, demo: Demo, width: int) -> None:
    page = opened(browser, demo.sandbox.url, width)
    assert sideways(page) == 0
    assert page.locator("iframe").count() == 4
    assert page.locator(".chat li").count() == 9
    assert page.locator(".tweet").count() == 3
    page.close()


def test_sorani_and_arabic_run_from_the_right(browser: Browser, demo: Demo) -> None:
    page = opened(browser, demo.sandbox.url)
    ways = page.locator(".tweet p").evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
    assert sorted(ways) == ["ltr", "rtl", "rtl"]
    page.close()


def test_it_is_dark_where_the_reader_is(browser: Browser, demo: Demo) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = opened(browser, demo.sandbox.url, scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert grounds == ["rgb(244, 245, 244)", "rgb(15, 18, 20)"]


@pytest.mark.parametrize("width", [320, 640])
def test_a_mail_reads_well_on_a_phone_and_has_its_picture(browser: Browser, demo: Demo, width: int) -> None:
    for number, mail in enumerate(demo.sandbox.smtp.mails):
        page = opened(browser, f"{demo.sandbox.url}/mail/{number}", width)
        assert sideways(page) == 0
        language = str(mail.message["Content-Language"] or page.evaluate("document.documentElement.lang"))
        way = page.evaluate("getComputedStyle(document.querySelector('h2')).direction")
        assert way == ("ltr" if language == "en" else "rtl")
        assert page.evaluate("document.querySelector('img').naturalWidth") == 600
        page.close()


def test_nothing_in_a_mail_can_act(browser: Browser, demo: Demo) -> None:
    page = opened(browser, f"{demo.sandbox.url}/mail/0")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    assert page.evaluate("window.origin") == "null"  # sandboxed
    page.close()


def test_leaving_by_hand(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    mail = next(one for one in demo.sandbox.smtp.mails if one.recipient.startswith("hiwa"))
    page = opened(browser, str(mail.message["List-Unsubscribe"]).strip().strip("<>"), 320)
    assert page.evaluate("getComputedStyle(document.querySelector('main')).direction") == "rtl"
    assert sideways(page) == 0
    button = page.locator("button")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    button.click()
    page.wait_for_selector("button", state="detached")
    assert "هەڵوەشێنرایەوە" in page.inner_text("main")
    page.screenshot(path=tmp_path / "left.png")
    page.close()

"""What mails and the archive look like, measured: direction, room, contrast; wide and narrow, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from syndicator.app import App
from syndicator.editing import slot_name
from syndicator.model import Edition, EditionId, EditionKind
from syndicator.rendering import Renderer
from syndicator.sandbox.newsroom import _picture
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.web.pages import serving
from tests.browser.test_readers import axe
from tests.test_hostile import OURS, hostile, shown
from tests.test_rendering import ARCHIVE, MAIL, MASTHEAD, edition, long_edition, read

__all__ = ["axe"]  # a fixture

LANGUAGES = ("en", "ckb", "ar")
# Headlines of both directions, a word without an end, and more than a phone's width.
HEADLINES = {
    "en": ("Rain closes the Azmar road", "باران said the minister", "Donaudampfschifffahrts" * 4),
    "ckb": ("ESTA: باران ڕێگای ئەزمەڕ دادەخات", "کۆبوونەوەی UNESCO لە سلێمانی ساڵی 2026", "ڕێگاوبان" * 12),
    "ar": ("Reuters: المطر يغلق طريق أزمر", "اجتماع UNESCO في السليمانية 2026", "والاستقلالية" * 9),
}

OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('h1, h2, h3, p, img')]
    .filter(one => one.getClientRects().length)
    .map(one => [one, one.getBoundingClientRect()]);
  const found = [];
  for (const [one, a] of boxes) for (const [other, b] of boxes)
    if (one !== other && !one.contains(other) && !other.contains(one)
        && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
      found.push([one.textContent, other.textContent]);
  return found;
}"""

CONTRASTS = """() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).slice(0, 3).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = one => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (parts(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (words.nextNode()) {
    const one = words.currentNode.parentElement;
    if (!words.currentNode.textContent.trim() || !one.getClientRects().length) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), words.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""

BLOCKS = """() => [...document.querySelectorAll('h1, h2, h3, p, td')].map(one => {
  const told = getComputedStyle(one);
  return [told.direction, told.textAlign];
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = which("chromium")
    if program is None:
        pytest.skip("needs the browser chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def digest(language: str) -> Edition:
    told = long_edition(language, 9, 1)
    stories = []
    for number, story in enumerate(told.stories):
        headline = HEADLINES[language][number % 3]
        named = ("Reuters", "ئاژانسی هەواڵ")
        image = "https://courier.example.com/p.png" if not number else None
        article = replace(story.article, headline=headline, credits=named, image=image, caption="A wet road")
        stories.append(replace(story, article=article))
    return replace(
        told, stories=tuple(stories), title={"en": "Evening digest"}.get(language, "پوختەی ئێوارە")
    )


def written(told: Edition, accent: str = "#0b6e4f", more: int = 0) -> str:
    renderer = Renderer(replace(MASTHEAD, accent=accent), read())
    outlet = replace(MAIL, archive_url=ARCHIVE)
    html = renderer._mail(renderer.write(told, outlet)[0], told, outlet, more=more).html or ""
    for name, value in {"address": "a.very.long.address.of.a.reader@readers.example.com"}.items():
        html = html.replace(f"\ue000{name}\ue001", value)
    return re.sub("\ue000\\w+\ue001", "https://news.example.com/x", html)


def page_of(browser: Browser, width: int, scheme: str) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    return page


def with_pictures(route: Route) -> None:
    route.fulfill(body=_picture("p"), content_type="image/png")


def reads_well(page: Page, language: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.evaluate(OVERLAPS) == []
    weak = [told for told in page.evaluate(CONTRASTS) if told[0] < 4.5]
    assert weak == []
    way, side = ("ltr", {"left", "start"}) if language == "en" else ("rtl", {"right", "start"})
    blocks = [told for told in page.evaluate(BLOCKS) if told[1] not in {"center", "-webkit-center"}]
    assert {told[0] for told in blocks} == {way}
    assert {told[1] for told in blocks} <= side


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 1000])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest(browser: Browser, tmp_path: Path, language: str, width: int, scheme: str) -> None:
    page = page_of(browser, width, scheme)
    page.route("**/*.png", with_pictures)
    page.set_content(written(digest(language), more=7), wait_until="load")
    page.screenshot(path=tmp_path / f"{language}-{width}-{scheme}.png", full_page=True)
    reads_well(page, language)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)"
    )
    column = page.locator("h1").bounding_box()
    picture = page.locator("img").bounding_box()
    assert column
    assert picture
    assert picture["width"] == column["width"] == min(600, width - 32)
    first = page.locator("h2").first.bounding_box()
    assert first
    assert first["y"] < 900  # the lead is on the first screen
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_without_its_pictures(browser: Browser, language: str) -> None:
    page = page_of(browser, 360, "light")
    page.route("**/*.png", lambda route: route.abort())
    page.set_content(written(digest(language)), wait_until="load")
    reads_well(page, language)
    assert page.locator("img").get_attribute("alt") == "A wet road"
    page.close()


@pytest.mark.parametrize("accent", ["#ffe000", "#0b6e4f", "#000000", "#ffffff", "#d0021b"])
def test_any_accent_can_be_read_by_day_and_in_the_dark(browser: Browser, accent: str) -> None:
    for scheme in ("light", "dark"):
        page = page_of(browser, 600, scheme)
        letter = replace(edition("ckb", EditionKind.LETTER), id=EditionId("confirm:1:2"), stories=())
        for told in (digest("ckb"), letter):
            page.set_content(written(told, accent, more=2))
            assert [one for one in page.evaluate(CONTRASTS) if one[0] < 4.5] == []
        page.close()


def test_outlooks_own_dark_mode(browser: Browser) -> None:
    page = page_of(browser, 600, "light")
    page.set_content(written(digest("ckb"), more=3))
    for name in ("data-ogsc", "data-ogsb"):
        page.evaluate(f"document.documentElement.setAttribute('{name}', '')")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert [one for one in page.evaluate(CONTRASTS) if one[0] < 4.5] == []
    page.close()


def test_without_style_and_without_isolating_elements_it_still_runs_from_the_right(browser: Browser) -> None:
    """As Gmail shows it to an account that is not its own: <style> is dropped, <html> and <body> are."""
    html = re.sub(
        r"<style>.*?</style>|</?(?:html|body|head|!doctype)[^>]*>",
        "",
        written(digest("ckb")),
        flags=re.DOTALL,
    )
    page = page_of(browser, 360, "light")
    page.route("**/*.png", with_pictures)
    page.set_content(f"<!doctype html><div>{html}</div>")
    reads_well(page, "ckb")
    page.close()


@pytest.mark.parametrize("purpose", ["confirm", "known", "move", "arrive", "export", "erase"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter(browser: Browser, tmp_path: Path, language: str, purpose: str) -> None:
    told = replace(edition(language, EditionKind.LETTER), id=EditionId(f"{purpose}:1:2"), stories=())
    for width, scheme in ((320, "dark"), (1000, "light")):
        page = page_of(browser, width, scheme)
        page.set_content(written(told))
        page.screenshot(path=tmp_path / f"{language}-{purpose}-{width}.png", full_page=True)
        reads_well(page, language)
        button = page.locator("table table table a").bounding_box()
        assert button
        assert button["height"] >= 44
        page.close()


def test_hostile_stories_open_nothing(browser: Browser) -> None:
    page = browser.new_page()
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: opened.append(request.url))
    for markup in shown(hostile([one for one in OURS if not one.startswith("http")])):
        page.set_content(markup.replace('href="/style.css"', ""))
        page.mouse.move(200, 200)
    assert opened == []
    page.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """Where a newsroom's archive is, with one edition; what that is called."""
    time = [datetime(2026, 3, 1, 9, tzinfo=UTC)]
    with Sandbox(now=lambda: time[0]) as sandbox:
        path = sandbox.configure(tmp_path_factory.mktemp("house"))
        flash = 'flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }'
        told = path.read_text("utf-8").replace("[newsletters.evening]", f"[newsletters.evening]\n{flash}")
        path.write_text(told, "utf-8")
        with App.opened(path, {}, now=lambda: time[0]) as app, serving(app) as base:
            wish = Wish(address="sara@readers.example", language="ckb", newsletter="evening", proof="p")
            app.subscribe([wish], "evening")
            app.look()
            sandbox.newsroom.publish()
            app.look()
            app.compile(["evening"])
            with ThreadPoolExecutor(1) as pool:  # the browser keeps an event loop in this thread
                pool.submit(app.deliver, "letters").result()
            slot = slot_name(time[0])
            (flash,) = {one.name for one in app.circulation.backnumbers.listed("evening", "ckb", limit=9)} - {
                slot
            }
            time[0] += timedelta(days=1)
            for slug in ("rain-closes-the-azmar-road", "baran-reigay-azmar", "amtar-tariq-azmar"):
                sandbox.newsroom.revise(slug, headline="Corrected: 1 2 3")
            app.look()
            yield base, slot, flash


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_archive(
    browser: Browser,
    house: tuple[str, str, str],
    axe: str,
    tmp_path: Path,
    *,
    language: str,
    width: int,
    scheme: str,
) -> None:
    base, slot, flash = house
    page = page_of(browser, width, scheme)
    for name in ("", "evening/", f"evening/{slot}", f"evening/{flash}", "evening/nothing"):
        page.goto(f"{base}/archive/{name}?language={language}")
        page.screenshot(
            path=tmp_path / f"{language}-{width}-{scheme}-{name.replace('/', '-')}.png", full_page=True
        )
        reads_well(page, language)
        assert page.locator("h1").count() == 1
        small = page.evaluate(
            "[...document.querySelectorAll('a')].map(one => one.getBoundingClientRect())"
            ".filter(box => box.height < 36).length"
        )
        assert small == 0
        if axe:
            page.evaluate(axe)
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            serious = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
            assert [(one["id"], one["nodes"][0]["html"]) for one in serious] == []
    page.close()

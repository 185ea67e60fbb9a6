"""An editor's day in a real browser: in, see, mend, ask, push, watch, correct, and tell a reader why not."""

from __future__ import annotations

import hmac
from base64 import b32decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from syndicator.model import Role
from syndicator.sandbox.newsroom import SampleStory

from .house import PASSWORD, House, beside, house

CHANNELS = {"en": ["tg-en", "x", "notes"], "ckb": ["tg-ckb", "x", "notes"]}
CHATS = {"en": "@courier_en", "ckb": "@courier_ckb"}
ROAD = {"en": "Azmar", "ckb": "ئەزمەڕ"}
SUMMARY = {"en": "The Azmar road is closed for a second day.", "ckb": "ڕێگای ئەزمەڕ بۆ ڕۆژی دووەم داخراوە."}
READER = "sara@readers.example"
NOTE = {"en": "The road was closed on Monday.", "ckb": "ڕێگاکە ڕۆژی دووشەممە داخرا."}
HEADLINE = {
    "en": "Rain closes the Dukan road for a second day",
    "ckb": "باران بۆ دووەم ڕۆژ ڕێگای دوکان دادەخات",
}


@pytest.fixture(params=["en", "ckb"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(language: str, tmp_path: Path) -> Iterator[House]:
    def shape(told: str) -> str:
        told = told.replace(f"[channels.tg-{language}]\n", f"[channels.tg-{language}]\napproval = true\n")
        return told + f'\n[channels.notes]\nkind = "file"\nfolder = "{tmp_path}"\n'

    with house(shape, out=False) as opened:
        yield opened


def code(secret: str, now: datetime) -> str:
    """RFC 6238, as the app on a phone makes it."""
    step = int(now.timestamp() // 30).to_bytes(8, "big")
    digest = hmac.digest(
        b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8)), step, "sha1"
    )
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def come_in(desk: House, language: str) -> Page:
    """With a password, and a second factor that is set up on the way."""
    desk.person("ara", Role.PUBLISHER, language)
    page = desk.context().new_page()
    page.goto(f"/console/sign-in?language={language}")
    page.fill("[name=name]", "ara")
    page.fill("[name=password]", PASSWORD)
    page.locator("form button").click()
    page.fill("[name=code]", code(page.locator("#secret").input_value(), desk.clock.now))
    page.locator("form button").click()
    page.locator(".sheet li").first.wait_for()
    page.locator("a.button").click()
    expect(page).to_have_url(f"{desk.base}/console")
    expect(page.locator("html")).to_have_attribute("dir", "ltr" if language == "en" else "rtl")
    return page


def publish(desk: House, language: str) -> SampleStory:
    out = desk.demo.sandbox.newsroom.publish()
    beside(desk.app.look)
    return next(one for one in out if one.language == language and ROAD[language] in one.headline)


def worker(desk: House) -> None:
    """What the worker does all day."""
    desk.clock.passes(1)

    def work() -> None:
        desk.app.look()
        desk.app.compile()
        desk.app.deliver_due()

    beside(work)


def chat(desk: House, words: str) -> list[str]:
    """The messages of our chats that say this."""
    told = desk.demo.sandbox.telegram.messages
    return [one.text for name in CHATS.values() for one in told(name) if words in one.text]


def test_a_day_at_the_desk(desk: House, language: str) -> None:
    page = come_in(desk, language)

    # A story comes in, and the page shows it by itself.
    story = publish(desk, language)
    row = page.locator("a.headline", has_text=story.headline)
    expect(row).to_be_visible()
    row.click()

    # The summary is mended; every channel shows and counts it while it is typed.
    counts = page.locator(".preview.x .counted bdi")
    before = counts.inner_text()
    page.fill("#text", SUMMARY[language])
    expect(page.locator(".preview.telegram .bubble")).to_contain_text(SUMMARY[language])
    expect(counts).not_to_have_text(before)
    page.locator("#words button").click()
    expect(page.locator(".note[role=status]")).to_be_visible()
    expect(page.locator("#text")).to_have_value(SUMMARY[language])

    # It is pushed to three channels, after a look at exactly what goes out.
    for channel in CHANNELS[language]:
        page.check(f"[name=to][value={channel}]")
    page.locator("#push button").click()
    expect(page.locator(".preview")).to_have_count(3)
    page.locator("form[action$='/push'] button").click()
    expect(page.locator(".note[role=status]")).to_be_visible()
    worker(desk)
    page.reload()
    expect(page.locator("section[aria-labelledby=where] .mark.sent")).to_have_count(2)
    assert chat(desk, SUMMARY[language]) == []  # the chat wants a second person

    approved(desk, page, language)

    # It arrives before the eyes of who pushed it.
    page.goto("/console")
    mine = page.locator("li.row", has=page.locator("a.headline", has_text=story.headline))
    expect(mine.locator(".mark.sent")).to_have_count(3)

    corrected(desk, page, story, language)
    answered(desk, page)


def approved(desk: House, page: Page, language: str) -> None:
    # Who ordered it cannot approve it; somebody else can, and of exactly this.
    page.goto("/console/approvals")
    expect(page.locator("form[action$='/do/approve']")).to_have_count(0)
    second = desk.signed_in("dana", Role.PUBLISHER, language).new_page()
    second.goto("/console")
    second.locator(".need a.button").first.click()
    expect(second.locator(".bubble")).to_contain_text(SUMMARY[language])
    second.locator("form[action$='/do/approve'] button").click()
    expect(second.locator(".note[role=status]")).to_be_visible()
    worker(desk)
    assert len(chat(desk, SUMMARY[language])) == 1


def corrected(desk: House, page: Page, story: SampleStory, language: str) -> None:
    # The source corrects itself; a correction waits for a word and goes everywhere.
    body = (story.body[0].replace("Azmar", "Dukan").replace("ئەزمەڕ", "دوکان"), *story.body[1:])
    desk.demo.sandbox.newsroom.revise(story.slug, headline=HEADLINE[language], body=body)
    desk.clock.passes(20)
    worker(desk)
    page.goto("/console/corrections")
    expect(page.locator("form[action$='/do/correct']").first).to_be_visible()
    expect(page.locator(".diff ins").first).to_be_visible()
    telegram = page.locator(f"form:has([name=to][value=tg-{language}])")
    telegram.locator("[name=note]").fill(NOTE[language])
    telegram.locator("button").click()
    expect(page.locator(".note[role=status]")).to_be_visible()
    worker(desk)
    assert len(chat(desk, HEADLINE[language])) == 1


def answered(desk: House, page: Page) -> None:
    # A reader asks why the evening's edition did not come: they had left before it was planned.
    desk.app.circulation.register.leave(READER, "evening", by="ara")
    beside(lambda: desk.app.compile(["evening"]))
    worker(desk)
    page.goto("/console/readers")
    page.fill("#words", READER.partition("@")[0])
    page.locator("form[role=search] button").first.click()
    page.locator("a[href*='/console/readers/']", has_text=READER).first.click()
    expect(page.locator("h1")).to_have_text(READER)
    expect(page.locator("section[aria-labelledby=history] .mark.off").first).to_be_visible()

"""Coming in, by the keyboard alone, in a real browser; and whether the pages before the door are for everybody."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from syndicator.model import Role
from syndicator.services.people import codes, person

from .house import PASSWORD, House, house, sideways
from .test_console import RULES, axe


@pytest.fixture(scope="module")
def desk() -> Iterator[House]:
    with house(out=False) as opened:
        yield opened


def is_for_everybody(page: Page, said: list[str]) -> None:
    assert sideways(page) == 0, page.url
    page.evaluate(axe())
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == [], page.url
    assert said == [], page.url


@pytest.mark.parametrize("language", ["en", "ckb", "ar"])
@pytest.mark.parametrize(("width", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_one_joins_and_comes_again_by_the_keyboard(
    desk: House, language: str, width: str, scheme: str
) -> None:
    name = f"dana-{language}-{width}"
    link = desk.app.people.invite(person(name, Role.PUBLISHER, language), by="operator")
    context = desk.context(width, scheme)
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"{urlsplit(link).path}?language={language}")
    is_for_everybody(page, said)
    for _ in range(2):
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/factor**")
    is_for_everybody(page, said)
    assert page.locator("img.qr").evaluate("one => one.naturalWidth") > 100
    secret = base64.b32decode(page.input_value("#secret"))
    page.keyboard.type(codes.code(secret, codes.step_of(desk.clock())))
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.sheet")
    is_for_everybody(page, said)
    sheet = page.locator("ol.sheet code").all_inner_texts()
    page.context.clear_cookies()
    page.goto(f"/console/account?language={language}")
    is_for_everybody(page, said)
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/second**")
    is_for_everybody(page, said)
    page.keyboard.type(sheet[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/account**")
    assert page.locator("h1").inner_text() == name
    assert page.locator("html").get_attribute("lang") == language
    context.close()


def test_a_link_that_was_used_says_what_to_do(desk: House) -> None:
    context = desk.context()
    page = context.new_page()
    page.goto("/console/invitation/x")
    is_for_everybody(page, [])
    context.close()

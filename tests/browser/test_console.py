"""What every page of the console keeps to in a real browser: nobody is shut out, nothing runs sideways or fails."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from syndicator.model import Role

from .house import House, house, sideways

PAGES = (
    "", "/stories", "/stories/STORY", "/stories/STORY/push?to=x&again=on", "/editions", "/editions/EDITION",
    "/newsletters/evening", "/channels", "/channels/x", "/doubts", "/approvals", "/corrections", "/summaries", "/audit",
    "/do", "/do/push", "/account", "/people", "/people/ara-en", "/prove",
)  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def desk() -> Iterator[House]:
    with house() as opened:
        opened.person("ara-en", Role.ADMIN, "en")  # whose page is looked at
        yield opened


def axe() -> str:
    found = find_spec("axe_playwright_python")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


def addresses(desk: House, language: str) -> Iterator[str]:
    edition = desk.app.board.editions(1)[0].edition.id
    for path in PAGES:
        yield "/console" + path.replace("STORY", desk.story(language)).replace("EDITION", edition)


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", "wide", "light"), ("en", "phone", "dark"), ("ckb", "wide", "dark"), ("ckb", "phone", "light")],
)
def test_every_page_is_for_everybody(desk: House, language: str, width: str, scheme: str) -> None:
    context = desk.signed_in(f"ara-{language}", Role.ADMIN, language, width=width, scheme=scheme)
    page, said, source = context.new_page(), [], axe()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    serious: list[tuple[str, ...]] = []
    for address in addresses(desk, language):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert sideways(page) == 0, address
        assert page.locator("html").get_attribute("dir") == ("ltr" if language == "en" else "rtl")
        page.evaluate(source)
        found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        serious += [
            (address, one["id"], one["nodes"][0]["html"][:200], one["nodes"][0]["failureSummary"][:300])
            for one in found["violations"]
            if one["impact"] in {"serious", "critical", "moderate"}
        ]
    assert serious == []
    assert said == []
    context.close()

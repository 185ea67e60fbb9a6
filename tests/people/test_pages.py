"""Signing in, one's own page and the people's page, as a browser and its person meet them, at an https address."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from syndicator.app import App
from syndicator.sandbox.oidc import OidcStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.people import codes, person
from syndicator.web.console import Console
from syndicator.web.console.account import shown
from syndicator.web.pages import pages
from tests.people.browser import OWN, URL, browser
from tests.people.house import GOOD, OTHER
from tests.web.visitor import Clock

LANGUAGES = ("en", "ckb", "ar")


class Desk:
    """A newsroom's console, with people who have browsers."""

    def __init__(self, newsroom: App, clock: Clock) -> None:
        self.newsroom, self.clock = newsroom, clock
        self.people = newsroom.people
        self.app = Starlette(routes=Console(newsroom).routes())

    def later(self, **told: float) -> None:
        self.clock.time += timedelta(**told)

    def add(self, name: str, role: str, language: str = "en") -> None:
        self.people.add(person(name, role, language), GOOD, by="operator")

    def visitor(self) -> Visitor:
        return Visitor(self)


class Visitor:
    """Fills forms in as they stand on the page, with whatever is hidden in them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.http = browser(desk.app)
        self.page = httpx.Response(200)

    def go(self, path: str) -> httpx.Response:
        """To a page, and on wherever it leads within the console."""
        self.page = self.http.get(path)
        while self.page.is_redirect and self.page.headers["location"].startswith("/console"):
            self.page = self.http.get(self.page.headers["location"])
        return self.page

    def fill(self, action: str, **told: Any) -> httpx.Response:
        """The form of this action on the page."""
        found = re.search(
            rf'<form[^>]*action="([^"]*{action}[^"]*)"[^>]*>(.*?)</form>', self.page.text, re.DOTALL
        )
        assert found, f"no form for {action} on {self.page.url}: {self.page.text[-2000:]}"
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[2]))
        path = found[1].replace("&amp;", "&")
        path = path if path.startswith("/") else f"{urlsplit(str(self.page.url)).path}/{path}"
        self.page = self.http.post(path, data=hidden | told, headers=OWN | {"referer": str(self.page.url)})
        return self.page

    def follow(self) -> httpx.Response:
        assert self.page.is_redirect, self.page.text[-1500:]
        return self.go(self.page.headers["location"])

    def sign_in(self, name: str = "ara", password: str = GOOD, path: str = "/console/account") -> Visitor:
        self.go(path)
        self.fill("/console/sign-in", name=name, password=password)
        if self.page.is_redirect:
            self.follow()
        return self

    def app_code(self) -> str:
        """What an app shows that has read the key on the page."""
        import base64

        found = re.search(r'id="secret"[^>]* value="([A-Z2-7]+)"', self.page.text)
        assert found, self.page.text[-1500:]
        return codes.code(base64.b32decode(found[1]), codes.step_of(self.desk.clock.time))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    yield from opened(tmp_path, "second_factor = []")


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Desk]:
    yield from opened(tmp_path, "")


def opened(tmp_path: Path, console: str, provider: str = "") -> Iterator[Desk]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        told = re.sub(r"(?m)^public_url = .*$", "", path.read_text("utf-8"))
        told = told.replace("[newsroom]", f'[newsroom]\npublic_url = "{URL}"')
        if provider:
            told = told.replace("private_allowed = [", f'private_allowed = ["{urlsplit(provider).netloc}", ')
            console += (
                f'\n[console.oidc]\nissuer = "{provider}"\nclient_id = "syndicator"\nname = "The paper"'
            )
        path.write_text(f"{told}\n[console]\n{console}\n", "utf-8")
        secrets = {"SYNDICATOR_CONSOLE_OIDC_CLIENT_SECRET": "a secret of the stand-in"}
        with App.opened(path, secrets, now=clock.now) as newsroom:
            desk = Desk(newsroom, clock)
            desk.add("ara", "admin")
            yield desk


def test_one_signs_in_and_is_where_one_wanted_to_be(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.go("/console/account")
    assert "/console/sign-in?next=/console/account" in str(visitor.page.url)
    assert visitor.fill("/console/sign-in", name=" Ara ", password=GOOD).status_code == 303
    assert visitor.follow().status_code == 200
    assert "Where you are signed in" in visitor.page.text
    assert visitor.go("/console/sign-in").url.path == "/console"  # who is in is not asked again


def test_a_browser_is_one_persons_at_a_time(desk: Desk) -> None:
    link = urlsplit(desk.people.invite(person("dana", "editor"), by="ara")).path
    visitor = desk.visitor().sign_in()
    before = visitor.http.cookies["__Host-syndicator-desk"]
    visitor.go(link)
    visitor.fill("/console/invitation", password=GOOD, again=GOOD)
    assert visitor.follow().status_code == 200
    assert desk.people.reception.inside(before) is None
    inside = desk.people.reception.inside(visitor.http.cookies["__Host-syndicator-desk"])
    assert inside
    assert inside.person.name == "dana"


def test_where_there_is_no_console_there_is_none(tmp_path: Path) -> None:
    for desk in opened(tmp_path, "enabled = false"):
        there = browser(pages(desk.newsroom))
        assert there.get("/console").status_code == 404
        assert there.get("/console/sign-in").status_code == 404


def test_what_is_wrong_is_said_the_same_way(desk: Desk) -> None:
    said = set()
    for name, password in (("ara", OTHER), ("nobody", GOOD), ("", ""), ("ara", "")):
        visitor = desk.visitor()
        visitor.go("/console/sign-in")
        wrong = visitor.fill("/console/sign-in", name=name, password=password)
        assert wrong.status_code == 401
        said.add(re.sub(r'\s*(value="[^"]*"|autofocus)\s*', "", wrong.text))
    assert len(said) == 1


def test_who_guesses_is_told_how_long_to_wait(desk: Desk) -> None:
    visitor = desk.visitor()
    for _ in range(6):
        visitor.go("/console/sign-in?language=ckb")
        visitor.fill("/console/sign-in", name="ara", password=OTHER)
    assert visitor.page.status_code == 429
    assert 'lang="ckb" dir="rtl"' in visitor.page.text


def test_a_second_factor_is_set_up_on_the_way_in_and_asked_for_the_next_time(strict: Desk) -> None:
    visitor = strict.visitor().sign_in()
    assert "Set up a second factor" in visitor.page.text
    assert "data:image/svg+xml" in visitor.page.text
    assert visitor.http.get("/console").status_code == 303  # not in yet
    key = re.search(r'id="secret"[^>]* value="(\w+)"', visitor.page.text)
    assert visitor.fill("/console/factor", code="000000").status_code == 401
    assert key
    assert key[1] in visitor.page.text  # the same key is shown again
    code = visitor.app_code()
    visitor.fill("/console/factor", code=code)
    sheet = re.findall(r"<code>([\w-]+)</code>", visitor.page.text)
    assert len(sheet) == 10
    assert visitor.go("/console/account").status_code == 200
    again = strict.visitor().sign_in()
    assert "the code of your app" in again.page.text
    assert again.fill("/console/second", code=code).status_code == 401  # used already
    again.fill("/console/second", code=sheet[0])
    assert "9 recovery codes are left" in again.follow().text


def test_another_app_takes_the_place_of_the_first(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    for _ in range(2):
        visitor.go("/console/factor?next=/console/account")
        visitor.fill("/console/factor", code=visitor.app_code())
        assert "Recovery codes" in visitor.page.text
        desk.later(minutes=1)
    visitor.go("/console/account")
    visitor.fill("factor/off")
    assert "There is none" in visitor.follow().text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invited_person_joins(desk: Desk, language: str) -> None:
    link = desk.people.invite(person("dana", "editor", language), by="ara")
    path = urlsplit(link).path
    visitor = desk.visitor()
    visitor.go(f"{path}?language={language}")
    assert f'lang="{language}"' in visitor.page.text
    assert "dana" in visitor.page.text
    assert visitor.fill("/console/invitation", password=GOOD, again=OTHER).status_code == 422
    assert visitor.fill("/console/invitation", password="short", again="short").status_code == 422
    assert (
        visitor.fill("/console/invitation", password="password1234", again="password1234").status_code == 422
    )
    visitor.fill("/console/invitation", password=GOOD, again=GOOD)
    assert visitor.follow().status_code == 200
    assert desk.visitor().go(path).status_code == 404


def test_passwords_are_hidden_and_can_be_pasted(desk: Desk) -> None:
    visitor = desk.visitor()
    link = urlsplit(desk.people.invite(person("dana", "editor"), by="ara")).path
    pages = [visitor.go("/console/sign-in").text, visitor.go(link).text]
    pages.append(visitor.sign_in().page.text)
    for page in pages:
        fields = re.findall(r'<input[^>]*name="(?:password|old|new|again)"[^>]*>', page)
        assert fields
        for one in fields:
            assert 'type="password"' in one
            assert re.search(r'autocomplete="(current|new)-password"', one)
        assert "onpaste" not in page
        assert 'autocomplete="off"' not in page


def test_one_changes_the_password_with_the_old_one(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    assert visitor.fill("account/password", old=OTHER, new=OTHER, again=OTHER).status_code == 401
    assert visitor.fill("account/password", old=GOOD, new=OTHER, again=GOOD).status_code == 422
    visitor.fill("account/password", old=GOOD, new=OTHER, again=OTHER)
    assert "The new password counts" in visitor.follow().text
    assert "Where you are signed in" in desk.visitor().sign_in(password=OTHER).page.text


def test_sessions_are_seen_and_ended_after_a_proof(desk: Desk) -> None:
    here, there = desk.visitor().sign_in(), desk.visitor().sign_in()
    desk.later(minutes=11)
    here.go("/console/account")
    assert here.page.text.count("192.0.2.0/24") == 2
    here.fill("sessions/end")
    assert "Show once more who you are" in here.follow().text
    assert there.go("/console/account").status_code == 200
    assert here.fill("/console/prove", password=OTHER).status_code == 401
    here.fill("/console/prove", password=GOOD)
    assert "Where you are signed in" in here.follow().text
    here.fill("sessions/end")
    assert "Done." in here.follow().text
    assert "/console/sign-in" in str(there.go("/console/account").url)


def test_one_signs_out_on_ones_own_page(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    token = visitor.http.cookies["__Host-syndicator-desk"]
    gone = visitor.fill("sign-out")
    assert "storage" in gone.headers["clear-site-data"]
    assert desk.people.reception.inside(token) is None
    assert "/console/sign-in" in str(visitor.go("/console/account").url)
    assert visitor.http.get("/console/sign-out").status_code == 405  # a link cannot


def test_a_language_is_ones_own(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    visitor.fill("account/language", language="ckb")
    assert 'lang="ckb"' in visitor.follow().text
    assert desk.people.called("ara").person.language == "ckb"


def test_telegram_is_linked_by_a_code(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    visitor.fill("account/telegram")
    code = re.search(r'value="/start (\w+)"', visitor.page.text)
    assert code
    desk.people.know_telegram(code[1], 77)
    visitor.go("/console/account")
    assert "77" in visitor.page.text
    visitor.fill("telegram/end")
    assert desk.people.by_telegram(77) is None


def test_new_recovery_codes_are_shown_once(desk: Desk) -> None:
    visitor = desk.visitor().sign_in()
    visitor.go("/console/factor?next=/console/account")
    visitor.fill("/console/factor", code=visitor.app_code())
    visitor.go("/console/account")
    visitor.fill("account/codes")
    assert len(re.findall(r"<code>([\w-]+)</code>", visitor.page.text)) == 10


def test_an_admin_invites_changes_and_ends(desk: Desk) -> None:
    admin = desk.visitor().sign_in(path="/console/people")
    admin.fill(
        "/console/people", name="dana", role="editor", language="ckb", story_language="ckb", channel="tg-en"
    )
    link = re.search(r'value="(https://\S+/console/invitation/\S+)"', admin.page.text)
    assert link
    dana = desk.visitor()
    dana.go(urlsplit(link[1]).path)
    dana.fill("/console/invitation", password=GOOD, again=GOOD)
    assert dana.follow().status_code == 200
    told = desk.people.called("dana").person
    assert (told.role, told.language, told.languages, told.channels) == ("editor", "ckb", {"ckb"}, {"tg-en"})
    admin.go("/console/people/dana")
    assert re.search(r'id="role-editor"[^>]*checked', admin.page.text)
    admin.fill("/console/people/dana", role="publisher", language="en", telegram="77", email="d@x.example")
    assert "publisher" in admin.follow().text
    told = desk.people.called("dana").person
    assert (told.role, told.languages, told.telegram) == ("publisher", frozenset(), 77)
    admin.fill("/console/people/dana/reset")
    assert "/console/password/" in admin.page.text
    admin.go("/console/people/dana")
    admin.fill("/console/people/dana/end", why="left the paper")
    assert "ended" in admin.follow().text
    assert "/console/sign-in" in str(dana.go("/console/account").url)


def test_an_admin_signs_somebody_out_everywhere(desk: Desk) -> None:
    desk.add("dana", "editor")
    dana, admin = desk.visitor().sign_in("dana"), desk.visitor().sign_in(path="/console/people/dana")
    admin.fill("/console/people/dana/out")
    assert "/console/sign-in" in str(dana.go("/console/account").url)


def test_what_an_admin_cannot_do_is_said(desk: Desk) -> None:
    admin = desk.visitor().sign_in(path="/console/people/ara")
    assert "last admin" in admin.fill("/console/people/ara/end", why="x").text
    admin.go("/console/people")
    assert "no name" in admin.fill("/console/people", name="Dana!", role="editor", language="en").text
    assert admin.go("/console/people/nobody").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "editor", "publisher"])
def test_people_are_for_admins(desk: Desk, role: str) -> None:
    desk.add("dana", role)
    visitor = desk.visitor().sign_in("dana")
    assert "/console/people" not in visitor.page.text
    for path in ("/console/people", "/console/people/ara"):
        assert visitor.http.get(path).status_code == 403
    csrf = re.search(r'name="csrf" value="([^"]+)"', visitor.page.text)
    assert csrf
    for path in (
        "/console/people",
        "/console/people/dana",
        "/console/people/ara/end",
        "/console/people/ara/reset",
    ):
        done = visitor.http.post(path, data={"csrf": csrf[1], "role": "admin", "why": "x"}, headers=OWN)
        assert done.status_code == 403
    assert desk.people.called("dana").person.role == role


def test_what_may_not_be_opened_is_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.add("dana", "viewer")
    visitor = desk.visitor().sign_in("dana")
    with caplog.at_level(logging.WARNING, "syndicator"):
        visitor.http.get("/console/people")
    assert "dana, a viewer, may not open /console/people" in caplog.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_whole_in_every_language_and_without_script_of_their_own(desk: Desk, language: str) -> None:
    desk.add("dana", "admin", language)
    link = urlsplit(desk.people.invite(person("lana", "editor"), by="ara")).path
    visitor = desk.visitor()
    pages = [
        visitor.go(f"{path}?language={language}")
        for path in ("/console/sign-in", link, "/console/password/x")
    ]
    visitor.sign_in("dana")
    pages += [
        visitor.go(f"/console/{path}") for path in ("account", "people", "people/lana", "factor", "prove")
    ]
    pages.append(visitor.go("/console/sign-in"))
    for page in pages:
        assert page.status_code in {200, 404}, page.url
        assert len(page.content) < 50_000
        assert not re.search(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|javascript:", page.text), (
            page.url
        )
        assert page.text.count("<h1") == 1, page.url
        for field in re.findall(r'<(?:input|select)[^>]*id="([^"]+)"', page.text):
            assert f'for="{field}"' in page.text, (str(page.url), field)
    for page in pages[:-1]:
        if "/factor" not in str(page.url):
            assert f'<html lang="{language}"' in page.text, page.url


def test_signing_on_elsewhere_leads_in(tmp_path: Path) -> None:
    clock = Clock()
    with OidcStandIn(now=clock.now) as provider:
        for desk in opened(tmp_path, "second_factor = []", provider.url):
            provider.now = desk.clock.now
            provider.claims = {"sub": "248", "email": "dana@zagros.example", "email_verified": True}
            desk.people.invite(person("dana", "editor"), by="ara", email="dana@zagros.example")
            visitor = desk.visitor()
            visitor.go("/console/account")
            assert "Sign on with The paper" in visitor.page.text
            away = visitor.http.get("/console/sign-on?next=/console/account")
            back = httpx.get(away.headers["location"], follow_redirects=False).headers["location"]
            strange = {
                "sec-fetch-site": "cross-site",
                "sec-fetch-mode": "navigate",
                "sec-fetch-dest": "document",
            }
            other = desk.visitor().http.get(back.removeprefix(URL), headers=strange)
            assert other.status_code == 401  # another browser: it asked for nothing
            visitor.page = visitor.http.get(back.removeprefix(URL), headers=strange)
            assert visitor.page.headers["location"] == "/console/account"
            assert "Where you are signed in" in visitor.follow().text
            assert visitor.http.get(back.removeprefix(URL)).status_code == 401  # and only once


def test_without_a_provider_nobody_is_sent_anywhere(desk: Desk) -> None:
    assert desk.visitor().go("/console/sign-on").status_code == 404
    assert "Sign on with" not in desk.visitor().go("/console/sign-in").text


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36", "Chrome · Android"),
        ("something else", "something else"),
        ("", "–"),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, expected: str) -> None:
    assert shown(agent) == expected

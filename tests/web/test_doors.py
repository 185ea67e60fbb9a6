"""The console's doors, as a browser meets them, and as those do who would rather not be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from syndicator.app import App
from syndicator.model import Role
from syndicator.sandbox.world import Sandbox
from syndicator.services.people import person
from syndicator.web.console.doors import HEADERS, HSTS, Call, Doors, Visit, local
from syndicator.web.pages import serving
from tests.people.browser import OWN, URL, browser
from tests.people.house import GOOD
from tests.web.visitor import Clock


class Console:
    """A console with three rooms: one to sign in, one for everybody, one for admins who showed themselves just now."""

    def __init__(self, newsroom: App, clock: Clock) -> None:
        self.newsroom, self.clock = newsroom, clock
        self.doors = doors = Doors(newsroom, speak=lambda language: language)
        self.done: list[str] = []
        both = ["GET", "POST"]
        self.app = Starlette(
            routes=[
                Mount(
                    "/console",
                    app=doors.framed(
                        Starlette(
                            routes=[
                                Route("/sign-in", doors.open(self._sign_in), methods=both),
                                Route("/room", doors.guarded(self._room), methods=both),
                                Route("/live", doors.guarded(self._live), methods=["GET"]),
                                Route("/admins", doors.guarded(self._room, Role.ADMIN), methods=both),
                                Route("/secrets", doors.guarded(self._room, fresh=True), methods=both),
                            ]
                        )
                    ),
                )
            ]
        )

    def _sign_in(self, call: Call) -> Response:
        if call.request.method == "GET":
            return PlainTextResponse(call.csrf)
        opened = self.newsroom.people.reception.sign_in(
            call.said("name"), call.said("password"), place=call.place, browser=call.browser
        )
        return self.doors.let_in(
            RedirectResponse(local(call.request.query_params.get("next", "")), 303), opened
        )

    def _room(self, visit: Visit) -> Response:
        if visit.request.method == "POST":
            self.done.append(visit.person.name)
        return PlainTextResponse(visit.csrf)

    async def _live(self, visit: Visit) -> Response:
        return PlainTextResponse(visit.person.name)

    def browser(self) -> httpx.Client:
        return browser(self.app)

    def signed_in(self, name: str = "ara") -> httpx.Client:
        browser = self.browser()
        csrf = browser.get("/console/sign-in").text
        done = browser.post(
            "/console/sign-in", data={"csrf": csrf, "name": name, "password": GOOD}, headers=OWN
        )
        assert done.status_code == 303, done.text
        return browser


@contextmanager
def console(tmp_path: Path, public_url: str = URL) -> Iterator[Console]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        told = re.sub(r"(?m)^public_url = .*$", "", path.read_text("utf-8"))
        told = told.replace("[newsroom]", f'[newsroom]\npublic_url = "{public_url}"')
        path.write_text(f"{told}\n[console]\nsecond_factor = []\n", "utf-8")
        with App.opened(path, {}, now=clock.now) as newsroom:
            for name, role in (("ara", "admin"), ("dana", "editor")):
                newsroom.people.add(person(name, role, "ckb"), GOOD, by="operator")
            yield Console(newsroom, clock)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with console(tmp_path_factory.mktemp("newsroom")) as made:
        yield made


def test_nobody_comes_in_unseen_and_everybody_comes_back_to_where_they_were_going(one: Console) -> None:
    browser = one.browser()
    done = browser.get("/console/room?day=today")
    assert (done.status_code, done.headers["location"]) == (
        303,
        "/console/sign-in?next=/console/room%3Fday%3Dtoday",
    )
    part = browser.get("/console/room", headers={"hx-request": "true"})
    assert part.status_code == 401
    assert part.headers["hx-redirect"].startswith("/console/sign-in?next=")


def test_cookies_are_bound_to_this_host_and_closed_to_scripts(one: Console) -> None:
    browser = one.browser()
    shown = browser.get("/console/sign-in")
    done = browser.post(
        "/console/sign-in", data={"csrf": shown.text, "name": "ara", "password": GOOD}, headers=OWN
    )
    cookies = [*shown.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")]
    assert {one.partition("=")[0] for one in cookies} == {
        f"__Host-syndicator-{name}" for name in ("door", "desk", "known")
    }
    for told in cookies:
        assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= {part.strip() for part in told.split(";")}
        assert "Domain" not in told
        assert len(told) < 4096


def test_every_answer_says_what_a_browser_may_do(one: Console) -> None:
    browser = one.signed_in()
    for path in ("/console/room", "/console/live", "/console/nowhere", "/console/sign-in"):
        told = browser.get(path).headers
        assert {name: told[name] for name in HEADERS} == HEADERS
        assert told["strict-transport-security"] == HSTS
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_role_opens_what_is_for_it(one: Console) -> None:
    assert one.signed_in("dana").get("/console/admins").status_code == 403
    assert one.signed_in("ara").get("/console/admins").status_code == 200
    assert one.signed_in("dana").get("/console/live").text == "dana"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://news.zagros.example"},
        {"origin": f"{URL}.evil.example"},
        {"origin": f"{URL}:8443"},
        {"sec-fetch-site": "same-site", "origin": URL},
        {},
    ],
)
def test_a_form_of_another_site_does_nothing(one: Console, headers: dict[str, str]) -> None:
    browser = one.signed_in()
    csrf = browser.get("/console/room").text
    before = list(one.done)
    assert browser.post("/console/room", data={"csrf": csrf}, headers=headers).status_code == 403
    assert one.done == before
    assert browser.post("/console/room", data={"csrf": csrf}, headers=OWN).status_code == 200


def test_a_form_without_its_mark_or_with_anothers_does_nothing(one: Console) -> None:
    browser, other = one.signed_in(), one.signed_in("dana")
    theirs = other.get("/console/room").text
    door = one.browser().get("/console/sign-in").text
    before = list(one.done)
    for csrf in ("", "x", theirs, door, theirs[:-1], "é"):
        assert browser.post("/console/room", data={"csrf": csrf}, headers=OWN).status_code == 403
    assert one.done == before
    mine = browser.get("/console/room").text
    assert browser.post("/console/room", headers=OWN | {"x-csrf-token": mine}).status_code == 200


def test_nobody_is_signed_in_as_somebody_else_by_a_form(one: Console) -> None:
    """Login CSRF: the form to sign in is bound to the browser that it was shown in."""
    csrf = one.browser().get("/console/sign-in").text
    told = {"csrf": csrf, "name": "dana", "password": GOOD}
    assert one.browser().post("/console/sign-in", data=told, headers=OWN).status_code == 403
    victim = one.browser()
    victim.get("/console/sign-in")
    assert victim.post("/console/sign-in", data=told, headers=OWN).status_code == 403


def test_a_token_that_was_planted_before_is_not_the_one_after(one: Console) -> None:
    browser = one.browser()
    browser.cookies.set("__Host-syndicator-desk", "planted", domain="news.zagros.example")
    csrf = browser.get("/console/sign-in").text
    done = browser.post("/console/sign-in", data={"csrf": csrf, "name": "ara", "password": GOOD}, headers=OWN)
    assert "planted" not in str(done.headers.get_list("set-cookie"))
    stranger = one.browser()
    stranger.cookies.set("__Host-syndicator-desk", "planted", domain="news.zagros.example")
    assert stranger.get("/console/room").status_code == 303


@pytest.mark.parametrize("mode", ["no-cors", "cors", "websocket"])
def test_another_site_cannot_load_a_page_as_something_else(one: Console, mode: str) -> None:
    browser = one.signed_in()
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": "image"}
    assert browser.get("/console/room", headers=headers).status_code == 403
    framed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
    assert browser.get("/console/room", headers=framed).status_code == 403
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.get("/console/room", headers=link).status_code == 200


def test_what_is_sensitive_wants_a_fresh_proof(one: Console) -> None:
    browser = one.signed_in()
    assert browser.get("/console/secrets").status_code == 200
    one.clock.time += timedelta(minutes=11)
    done = browser.get("/console/secrets")
    assert done.headers["location"] == "/console/prove?next=/console/secrets"


def test_who_is_ended_is_out_at_the_next_request(one: Console) -> None:
    one.newsroom.people.add(person("lana", "viewer"), GOOD, by="operator")
    browser = one.signed_in("lana")
    assert browser.get("/console/room").status_code == 200
    one.newsroom.people.end("lana", by="ara")
    assert browser.get("/console/room").status_code == 303


@pytest.mark.parametrize(
    "told",
    [
        "https://evil.example/", "//evil.example/console", "/\\evil.example", "/console//evil.example",
        "javascript:alert(1)", "/elsewhere", "/console/../api", "console", "", "/console\\evil", "https:/console",
        "/console/\r\nset-cookie: a=b",
        "/consoleevil", "\t//evil.example",
    ],
)  # fmt: skip
def test_nobody_is_led_away_after_signing_in(told: str) -> None:
    assert local(told) == "/console" or local(told).startswith("/console/")
    assert "evil" not in local(told) or "//" not in local(told)
    assert not re.search(r"[\r\n\\]", local(told))


def test_a_page_of_the_console_is_where_one_goes_on() -> None:
    assert local("/console/stories?day=today&x=1") == "/console/stories?day=today&x=1"


def test_without_https_cookies_have_no_prefix_and_nothing_is_promised(tmp_path: Path) -> None:
    with console(tmp_path, "http://127.0.0.1:8700") as plain:
        told = browser(plain.app, "http://127.0.0.1:8700").get("/console/sign-in")
        assert told.headers["set-cookie"].startswith("syndicator-door=")
        assert "strict-transport-security" not in told.headers


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("[]", "203.0.113.7", "127.0.0.1"),  # nobody is believed
        ('["127.0.0.1"]', "203.0.113.7", "203.0.113.7"),
        ('["10.0.0.0/8"]', "203.0.113.7", "127.0.0.1"),  # we are not one of those
        (
            '["127.0.0.0/8"]',
            "198.51.100.1, 203.0.113.7",
            "203.0.113.7",
        ),  # what the visitor wrote is left of it
        ('["127.0.0.0/8", "203.0.113.0/24"]', "198.51.100.1, 203.0.113.7", "198.51.100.1"),
    ],
)
def test_proxies_that_are_named_are_believed(tmp_path: Path, trusted: str, forwarded: str, seen: str) -> None:
    """Asked of the counter, which writes down from where somebody comes; the console asks the same way."""
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        told = path.read_text("utf-8").replace("[web]", f"[web]\ntrusted_proxies = {trusted}")
        assert "trusted_proxies" in told
        path.write_text(told, "utf-8")
        with App.opened(path, {}, now=clock.now) as newsroom, serving(newsroom) as base:
            places: list[str] = []
            newsroom.porter.admit = lambda token, *, place: places.append(place) or refuse()  # type: ignore[method-assign,func-returns-value]
            headers = {"x-forwarded-for": forwarded, "authorization": "Bearer x"}
            httpx.get(f"{base}/api/v1/subscribers", headers=headers)
    from syndicator.text.addresses import shortened

    assert places == [shortened(seen)]


def refuse() -> Any:
    from syndicator.errors import Unproven

    raise Unproven("no")


def test_a_proxy_is_a_network(tmp_path: Path) -> None:
    from syndicator.wiring import examine

    with Sandbox(now=Clock().now) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(
            path.read_text("utf-8").replace("[web]", '[web]\ntrusted_proxies = ["the proxy"]'), "utf-8"
        )
        _, book = examine(path, {})
    assert "an address or a network is needed" in str(book.faults[0])

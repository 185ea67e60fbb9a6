"""The API over real HTTP: the verbs of the command line, by keys that have names."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter
from sqlalchemy import select

from syndicator.app import App
from syndicator.model import Consent
from syndicator.sandbox.world import Sandbox
from syndicator.services.porter import SCOPES
from syndicator.storage import passes
from syndicator.storage.schema import audit
from syndicator.verbs import VERBS, called, fitted
from syndicator.web.api.examples import EXAMPLES
from syndicator.web.api.files import EXPORT, FILES
from syndicator.web.api.telling import in_path
from syndicator.web.pages import serving
from tests.web.visitor import SARA, TOPICS, Clock

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
NOOR = "noor@readers.example"


def as_described(done: httpx.Response) -> None:
    """Each answer is what its verb says that it answers, to the field."""
    path = done.request.url.path.removeprefix("/api/v1")
    for one in (*FILES, *VERBS.values()):
        shape = re.sub(r"{\w+}", "[^/]+", one.path)
        if one is EXPORT and done.headers.get("content-type", "").startswith("text/csv"):
            return
        if done.request.method == one.method and re.fullmatch(shape, path) and done.is_success:
            assert done.status_code == one.status, one.name
            if one.answers:
                TypeAdapter(one.answers).validate_json(done.read(), strict=True)


class Program:
    """Somebody's customer database, with a key."""

    def __init__(self, sandbox: Sandbox, app: App, clock: Clock, base: str) -> None:
        self.sandbox, self.app, self.clock = sandbox, app, clock
        self.http = httpx.Client(base_url=f"{base}/api/v1", event_hooks={"response": [as_described]})
        self.key = self.keyed("crm", *SCOPES)

    def keyed(self, name: str, *scopes: str) -> str:
        return self.app.porter.issue(name, scopes, by="dana")

    def call(self, method: str, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        return self.http.request(method, path, headers={"authorization": f"Bearer {key or self.key}"}, **more)

    def add(self, address: str = SARA, **more: Any) -> int:
        told = {"address": address, "newsletter": "evening", "language": "en", "proof": "at the fair"} | more
        done = self.call("POST", "/subscribers", json=told)
        assert done.status_code == 200, done.text
        number: int = done.json()["id"]
        return number

    def audited(self) -> list[tuple[str, str]]:
        with self.app.database.read() as connection:
            return [(row.who, row.what) for row in connection.execute(select(audit).order_by(audit.c.id))]


FLASHES = '[newsletters.evening]\nflash = { sections = ["Never"] }'


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox:
        path = sandbox.configure(tmp_path)
        told = path.read_text("utf-8").replace("[newsletters.evening]", FLASHES)
        path.write_text(told + TOPICS, "utf-8")
        with App.opened(path, {}, now=clock.now) as app, serving(app) as base:
            program = Program(sandbox, app, clock, base)
            with program.http:
                yield program


def faulty(done: httpx.Response, status: int) -> str:
    """What a problem says, once it is one."""
    assert done.status_code == status, done.text
    assert done.headers["content-type"] == "application/problem+json"
    told = done.json()
    assert {"type", "title", "status", "detail"} <= set(told)
    assert told["status"] == status
    return str(told["detail"])


def test_keys_are_for_what_verbs_need() -> None:
    assert {one.scope for one in VERBS.values()} == set(SCOPES)


def test_the_document_and_the_description_have_every_verb_and_field(program: Program) -> None:
    document = DOCUMENT.read_text("utf-8")
    told = program.http.get("/openapi.json").json()
    every = [*VERBS.values(), *FILES]
    for one in every:
        assert f"| `{one.method} {one.path}` | `{one.scope}` |" in document, one.path
        assert told["paths"][one.path][one.method.lower()]["operationId"] == one.slug
        for name in one.takes.model_fields:
            assert f"`{name}`" in document or f"{{{name}}}" in document, (one.name, name)
    written = re.findall(r"\| `([A-Z]+ /\S+)` \|", document)
    assert sorted(written) == sorted(f"{one.method} {one.path}" for one in every)
    for path, methods in told["paths"].items():
        for method in methods.values():
            in_path = {one["name"] for one in method["parameters"] if one.get("in") == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
    references = re.findall(r'"#/components/schemas/([\w-]+)"', json.dumps(told))
    assert set(references) <= set(told["components"]["schemas"])


LIST = "address,name,language\nsara@readers.example,Sara,en\nnobody,,en\nazad@readers.example,Azad,ckb\n"


def brought(program: Program, done: httpx.Response) -> dict[str, Any]:
    """A list, once it is at its end."""
    assert done.status_code == 200, done.text
    told: dict[str, Any] = done.json()
    while told["stage"] in {"looking", "writing"}:
        told = program.call("GET", f"/subscribers/import/{told['id']}").json()
    return told


def test_a_list_goes_in_and_out(program: Program) -> None:
    at, csv = {"newsletter": "evening", "proof": "at the fair"}, {"content-type": "text/csv; charset=utf-8"}

    def bring(body: str = LIST, headers: dict[str, str] = csv, **more: str) -> httpx.Response:
        head = {"authorization": f"Bearer {program.key}", **headers}
        return program.http.post("/subscribers/import", params=at | more, content=body, headers=head)

    looked = brought(program, bring(dry_run="true"))
    assert (looked["stage"], looked["new"], looked["refused"]) == ("looked", 2, 1)
    assert program.call("GET", "/subscribers").json()["subscribers"] == []
    named = csv | {"idempotency-key": "spring"}
    done = brought(program, bring(headers=named))
    assert (done["stage"], done["read"], done["new"], done["refused"], done["fault"]) == ("done", 3, 2, 1, "")
    assert [one["line"] for one in done["rows"]] == [3]
    assert bring(headers=named).headers["idempotency-replayed"] == "true"
    assert "another order" in faulty(bring(LIST + "\n", headers=named), 422)
    assert brought(program, bring())["known"] == 2
    assert {brought(program, bring(dry_run="true"))["stage"] for _ in range(7)} == {"looked"}
    out = program.call("GET", "/subscribers/export", params={"newsletter": "evening", "consent": "given"})
    assert out.headers["content-type"].startswith("text/csv")
    assert "sara@readers.example" in out.text and "azad@readers.example" in out.text
    assert ("key:crm", "export") in program.audited()
    assert brought(program, bring("name\nSara\n"))["stage"] == "failed"
    assert "text/csv" in faulty(bring(headers={"content-type": "application/json"}), 415)
    faulty(bring(proof=""), 422)
    faulty(bring(dry_run="maybe"), 422)
    faulty(bring(newsletter="weekly"), 404)
    faulty(program.call("GET", "/subscribers/import/gone"), 404)
    faulty(program.call("GET", "/subscribers/export", params={"consent": "perhaps"}), 422)
    reading = program.keyed("reading", "subscribers:read")
    faulty(program.call("POST", "/subscribers/import", reading, params=at, content=LIST), 403)


def test_a_key_of_one_language_takes_no_list_of_others_along(program: Program) -> None:
    key = program.app.porter.issue("english", ["subscribers:read"], languages=["en"], by="dana")
    faulty(program.call("GET", "/subscribers/export", key, params={"newsletter": "evening"}), 403)


def test_the_examples_are_as_they_must_be() -> None:
    fields = {"article": "3f9a", "edition": "push:1", "number": 1, "reader": 1, "name": "evening"}
    bodies = {
        one.slug
        for one in VERBS.values()
        if not one.reads and set(one.takes.model_fields) - set(in_path(one))
    }
    assert set(EXAMPLES) == bodies
    for name, example in EXAMPLES.items():
        verb = called(name)
        fitted(verb, {one: fields[one] for one in in_path(verb)} | dict(example))


def test_a_page_for_people_has_everything_and_nothing_from_elsewhere(program: Program) -> None:
    done = program.http.get("/")
    assert done.headers["content-type"].startswith("text/html")
    for one in VERBS.values():
        assert f'id="{one.slug}"' in done.text
    found = re.findall(r'(?:src|href|action)="([^"]+)"', done.text)
    assert found == ["/api/v1/openapi.json"]
    assert "<script" not in done.text
    style = re.search(r"<style>(.*?)</style>", done.text, re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in done.headers["content-security-policy"]
    assert "default-src 'none'" in done.headers["content-security-policy"]


def test_a_line_break_in_an_address_is_told_like_any_other_fault(program: Program) -> None:
    faulty(program.call("GET", "/articles/a%0Ab"), 404)
    faulty(program.call("GET", "/nowhere%0A"), 404)


@pytest.mark.parametrize(("told", "status"), [("0.5", 422), ("2026-03-01", 422), ("2026-03-01T12:00", 422)])
def test_a_moment_has_its_day_time_and_offset(program: Program, told: str, status: int) -> None:
    assert program.call("GET", "/audit", params={"since": told}).status_code == status
    assert program.call("GET", "/audit", params={"since": "2026-03-01T12:00+03:00"}).status_code == 200


def test_methods_that_are_not_there_are_told_with_those_that_are(program: Program) -> None:
    done = program.call("PUT", "/subscribers/1")
    faulty(done, 405)
    assert done.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    told = program.http.options("/subscribers/1")
    assert (told.status_code, told.headers["allow"]) == (204, done.headers["allow"])
    seen = program.call("HEAD", "/subscribers")
    assert (seen.status_code, seen.content) == (200, b"")
    faulty(program.call("POST", "/openapi.json"), 405)


@pytest.mark.parametrize(
    ("query", "named"),
    [({"limit": "1.5"}, "limit"), ({"limit": [1, 2]}, "limit"), ({"colour": "red"}, "colour")],
)
def test_a_query_is_as_exact_as_a_body(program: Program, query: dict[str, Any], named: str) -> None:
    done = program.call("GET", "/subscribers", params=query)
    faulty(done, 422)
    assert [one["field"] for one in done.json()["errors"]] == [named]
    assert (
        httpx.get(f"{program.http.base_url}".partition("/api")[0] + done.json()["type"]).json()["status"]
        == 422
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"rest_days": "7"}', 422),
        (b'{"rest_days": true}', 422),
        (b'{"reader": 1}', 422),
        (b"[]", 422),
        (b"NaN", 422),
        (b'{"name": "\\ud800"}', 422),
        (b"[" * 60_000, 422),
        (b'{"rest_days": ' + b"1" * 6000 + b"}", 422),
        (b'{"name": "a\\u0000b"}', 422),
        (b'{"newsletters": {"a\\u0000b": {}}}', 422),
        (b'{"rest_days": 7.0}', 200),
        (b'{"name": "\\\\u0000"}', 200),
        (b"", 200),
    ],
)
def test_a_body_is_json_of_the_kinds_that_are_wanted(program: Program, body: bytes, status: int) -> None:
    done = program.call("PATCH", f"/subscribers/{program.add()}", content=body)
    assert done.status_code == status, done.text


def test_a_body_of_another_kind_is_not_read(program: Program) -> None:
    headers = {"authorization": f"Bearer {program.key}", "content-type": "text/csv"}
    faulty(program.http.post("/suppressions", headers=headers, content=b"a,b"), 415)


def test_a_query_at_a_verb_that_changes_something_is_refused(program: Program) -> None:
    number = program.add()
    faulty(program.call("DELETE", f"/subscribers/{number}", params={"newsletter": "evening"}), 422)
    assert program.call("GET", f"/subscribers/{number}").status_code == 200


def test_a_story_goes_out_by_a_program(program: Program) -> None:
    """It is found, looked at, pushed and followed, by a key that may."""
    program.app.look()
    (one,) = program.call("GET", "/articles", params={"language": "en", "limit": 1}).json()["articles"]
    channel = next(name for name in program.app.doors if name.startswith("tg"))
    shown = program.call("GET", f"/articles/{one['id']}/preview", params={"to": [channel]})
    assert shown.json()["posts"][0]["channel"] == channel
    order = {"articles": [one["id"]], "to": [channel], "note": "now"}
    reader = program.keyed("reader", "articles:read")
    assert "not for push" in faulty(program.call("POST", "/pushes", reader, json=order), 403)
    assert program.call("POST", "/pushes", json=order).json()["deliveries"] == 1
    assert "already" in faulty(program.call("POST", "/pushes", json=order), 409)
    (sent,) = program.call("GET", "/deliveries", params={"channel": channel}).json()["deliveries"]
    assert ("key:crm", "push") in program.audited()
    assert program.call("GET", f"/deliveries/{sent['id']}").json() == {"receipts": []}


def test_who_may_not_see_readers_sees_that_there_are_some(program: Program) -> None:
    program.add()
    program.app.compile()
    program.app.look()
    program.clock.time += timedelta(hours=1)
    program.sandbox.newsroom.publish(3)
    program.app.look()
    program.app.compile(["evening"])
    asked = {"channel": "letters"}
    blind = program.keyed("blind", "deliveries:read")
    told = program.call("GET", "/deliveries", blind, params=asked).json()["deliveries"]
    assert {one["recipient"] for one in told} == {"…"}
    told = program.call("GET", "/deliveries", params=asked).json()["deliveries"]
    assert {one["recipient"] for one in told} == {"1"}


@pytest.mark.parametrize("key", ["", "crm", "crm.wrong", "nobody.wrong", "crm." + "A" * 32, "é.x"])
def test_without_a_key_nothing_opens_and_all_answers_are_the_same(program: Program, key: str) -> None:
    number = program.add()
    said = set()
    for one in VERBS.values():
        program.clock.time += timedelta(seconds=10)  # who guesses more often is told to wait
        path = re.sub(r"{\w+}", str(number), one.path)
        done = program.http.request(
            one.method, path, headers={"authorization": f"Bearer {key}".encode().strip()}, content=b"{"
        )
        said.add(faulty(done, 401))
        assert done.headers["www-authenticate"] == "Bearer"
    assert len(said) == 1
    assert program.call("GET", f"/subscribers/{number}").json()["address"] == SARA


def test_a_key_opens_what_it_is_for_until_it_is_ended(program: Program) -> None:
    key = program.keyed("reader", "subscribers:read")
    assert program.call("GET", "/subscribers", key).status_code == 200
    assert "not for newsletters:read" in faulty(program.call("GET", "/newsletters", key), 403)
    assert "not for subscribers:erase" in faulty(program.call("DELETE", "/subscribers/1", key), 403)
    program.app.porter.end("reader", by="dana")
    faulty(program.call("GET", "/subscribers", key), 401)
    assert ("dana", "key ended") in program.audited()


def test_a_key_is_kept_as_a_hash_only(program: Program) -> None:
    with program.app.database.read() as connection:
        (one,) = passes.listed(connection)
    assert program.key not in repr(one)
    assert program.key.partition(".")[2] not in repr(one)


def test_who_guesses_is_told_to_wait_and_so_is_who_comes_too_often(program: Program) -> None:
    for _ in range(20):
        faulty(program.call("GET", "/subscribers", "crm.guess"), 401)
    done = program.call("GET", "/subscribers", "crm.guess")
    faulty(done, 429)
    assert done.headers["retry-after"] == "60"
    program.clock.time += timedelta(minutes=1)
    most = program.app.settings.api.per_minute
    codes = [program.call("GET", "/subscribers").status_code for _ in range(most + 1)]
    assert (codes.count(200), codes[-1]) == (most, 429)
    program.clock.time += timedelta(minutes=1)
    assert program.call("GET", "/subscribers").status_code == 200


def test_a_readers_life_by_a_program(program: Program) -> None:
    number = program.add(name="Sara")
    told = program.call("GET", f"/subscribers/{number}").json()
    assert (told["address"], told["name"], told["language"]) == (SARA, "Sara", "en")
    assert [(one["newsletter"], one["consent"]) for one in told["subscriptions"]] == [("evening", "given")]
    wish = {"topics": ["business"], "frequency": "daily", "breaking": False}
    changed = {"language": "ckb", "name": "سارا", "rest_days": 7, "newsletters": {"evening": wish}}
    told = program.call("PATCH", f"/subscribers/{number}", json={**changed, "zone": "Europe/Berlin"}).json()
    assert (told["name"], told["language"], told["zone"]) == ("سارا", "ckb", "Europe/Berlin")
    assert datetime.fromisoformat(told["paused_until"]) == program.clock.time + timedelta(days=7)
    assert told["subscriptions"][0] | wish | {"topics": "business"} == told["subscriptions"][0]
    assert (
        program.call("PATCH", f"/subscribers/{number}", json={"rest_days": 0}).json()["paused_until"] is None
    )
    assert program.call("GET", f"/subscribers/{number}/data").json()["reader"]["name"] == "سارا"
    assert program.call("DELETE", f"/subscribers/{number}/newsletters/evening").status_code == 204
    told = program.call("GET", f"/subscribers/{number}").json()
    assert told["subscriptions"][0]["consent"] == "withdrawn"
    assert program.call("DELETE", f"/subscribers/{number}").status_code == 204
    faulty(program.call("GET", f"/subscribers/{number}"), 404)
    again = {"address": SARA, "newsletter": "evening", "language": "en", "proof": "p"}
    assert "asked to be erased" in faulty(program.call("POST", "/subscribers", json=again), 409)
    whats = [what for who, what in program.audited() if who == "key:crm"]
    assert whats == ["subscribe", "change", "change", "leave", "erase"]


def test_by_double_opt_in_known_and_unknown_get_the_same_answer(program: Program) -> None:
    program.add(NOOR)
    answers = set()
    for address in (SARA, NOOR):
        told = {"address": address, "newsletter": "evening", "language": "en"}
        told |= {"wording": "The words of our shop.", "place": "198.51.100.7"}
        done = program.call("POST", "/subscribers", json=told)
        answers.add((done.status_code, done.text))
    assert answers == {(200, '{"asked":true}')}
    found = program.call("GET", "/subscribers", params={"address": SARA.upper()}).json()["subscribers"]
    assert found[0]["subscriptions"][0]["consent"] == "asked"
    program.app.deliver("letters")
    mail = next(one for one in program.sandbox.smtp.mails if one.recipient == SARA)
    link = re.search(r"http\S+/confirm/\S+", mail.part("plain"))
    assert link
    assert httpx.post(link[0]).status_code == 200
    data = program.call("GET", f"/subscribers/{found[0]['id']}/data").json()
    assert "198.51.100.0/24" in data["subscriptions"][0]["proof"]


def test_pages_go_on_where_the_last_one_ended_and_nobody_is_missed(program: Program) -> None:
    wishes = ("evening", "noon")
    for number in range(7):
        for newsletter in wishes[: 1 + number % 2]:
            program.add(f"r{number}@readers.example", newsletter=newsletter)
    seen: list[dict[str, Any]] = []
    after = 0
    while True:
        told = program.call("GET", "/subscribers", params={"after": after, "limit": 2}).json()
        seen += told["subscribers"]
        if told["next"] is None:
            break
        after = told["next"]
    assert [one["address"] for one in seen] == [f"r{number}@readers.example" for number in range(7)]
    assert [len(one["subscriptions"]) for one in seen] == [1, 2, 1, 2, 1, 2, 1]
    noon = program.call("GET", "/subscribers", params={"newsletter": "noon", "consent": "given"}).json()
    assert [one["address"][:2] for one in noon["subscribers"]] == ["r1", "r3", "r5"]


def test_a_suppression_can_be_taken_off_but_not_a_complaint(program: Program) -> None:
    number = program.add()
    cause = {"address": SARA, "why": "the mailbox is full"}
    assert program.call("POST", "/suppressions", json=cause).status_code == 204
    told = program.call("GET", f"/subscribers/{number}/history").json()
    assert told["barred"]["why"] == "the mailbox is full"
    again = {"address": SARA, "newsletter": "evening", "language": "en", "proof": "p"}
    assert "suppressed" in faulty(program.call("POST", "/subscribers", json=again), 409)
    lift = cause | {"why": "it works again"}
    assert program.call("POST", "/suppressions/lift", json=lift).status_code == 204
    told = program.call("GET", f"/subscribers/{number}").json()
    assert told["subscriptions"][0]["consent"] == "withdrawn"  # nothing goes out by it
    program.app.memory.recall(program.app.database, program.clock.time)
    assert program.call("GET", f"/subscribers/{number}/history").json()["barred"] is None
    assert program.add() == number
    program.app.suppress(SARA, "complained", by="bounces")
    assert "called a mail spam" in faulty(program.call("POST", "/suppressions/lift", json=lift), 409)
    nobody = lift | {"address": "who@readers.example"}
    faulty(program.call("POST", "/suppressions/lift", json=nobody), 404)


def test_why_did_i_not_get_it(program: Program) -> None:
    """Each edition of the last weeks, whether it went out to this reader, and if not why."""
    app, clock = program.app, program.clock
    app.compile()
    app.look()

    def edition() -> None:
        clock.time += timedelta(hours=1)
        program.sandbox.newsroom.publish(1)
        app.look()
        app.compile(["evening"])
        app.deliver("letters")

    number = program.add(NOOR)
    edition()
    sara = program.add()
    edition()
    program.call("PATCH", f"/subscribers/{sara}", json={"rest_days": 7})
    edition()
    told = program.call("GET", f"/subscribers/{sara}/history").json()
    assert [one["because"] for one in told["editions"]] == [
        "they had asked for silence for a while",
        "their server took it",
        "they were no confirmed reader of it when it was planned",
    ]
    assert [one["state"] for one in told["editions"]] == ["excluded", "sent", None]
    told = program.call("GET", f"/subscribers/{number}/history").json()
    assert [one["state"] for one in told["editions"]] == ["sent", "sent", "sent"]


@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        ({"address": "no address"}, 409, "is no mail address"),
        ({"address": "a@b.example\r\nBcc: all@x.example"}, 409, "is no mail address"),
        ({"name": "Sara\r\nBcc: all@x.example"}, 409, "control character"),
        ({"proof": "fair\nBcc: x"}, 409, "control character"),
        ({"proof": " "}, 409, "say where the consent comes from"),
        ({"language": "de"}, 409, "has no language 'de'"),
        ({"newsletter": "evning"}, 404, "did you mean 'evening'?"),
        ({"name": "x" * 201}, 422, "some fields"),
        ({"colour": "red"}, 422, "some fields"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    program: Program, told: dict[str, str], status: int, said: str
) -> None:
    usual = {"address": SARA, "newsletter": "evening", "language": "en", "proof": "p"}
    assert said in faulty(program.call("POST", "/subscribers", json=usual | told), status)
    assert program.call("GET", "/subscribers").json()["subscribers"] == []


@pytest.mark.parametrize(
    "told",
    [
        {"name": "Sara\nBcc: x@y.example"},
        {"language": "de"},
        {"rest_days": -1},
        {"newsletters": {"noon": {"frequency": "daily"}}},
        {"newsletters": {"evening": {"breaking": "perhaps"}}},
        {"zone": "Mars/Olympus"},
        {"newsletters": {"evening": {"topics": ["weather"]}}},
        {"newsletters": {"evening": {"frequency": "hourly"}}},
        {"address": "new@x.example"},
    ],
)
def test_a_change_that_cannot_be_changes_nothing(program: Program, told: dict[str, Any]) -> None:
    number = program.add()
    before = program.call("GET", f"/subscribers/{number}").json()
    assert program.call("PATCH", f"/subscribers/{number}", json={"name": "New"} | told).status_code in {
        409,
        422,
    }
    assert program.call("GET", f"/subscribers/{number}").json() == before


def test_what_is_no_operation_and_what_is_no_body_is_said(program: Program) -> None:
    faulty(program.call("GET", "/stories"), 404)
    faulty(program.call("PUT", "/subscribers"), 405)
    faulty(program.call("GET", "/subscribers/0x1"), 404)
    faulty(program.call("GET", "/subscribers/99999999999999999999999"), 404)
    faulty(program.call("GET", "/subscribers", params={"limit": "many"}), 422)
    faulty(program.call("POST", "/subscribers", content=b"\xff{"), 422)
    faulty(program.call("POST", "/subscribers", content=b" " * 270_000), 413)


def test_consent_is_never_given_by_a_confirmation_that_was_only_asked_for(program: Program) -> None:
    told = {"address": SARA, "newsletter": "evening", "language": "en"}
    assert program.call("POST", "/subscribers", json=told).status_code == 200
    found = program.call("GET", "/subscribers", params={"consent": Consent.GIVEN.value}).json()
    assert found["subscribers"] == []

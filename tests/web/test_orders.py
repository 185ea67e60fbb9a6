"""Orders that have a name are done once, and what else a program may count on in answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from syndicator.services.audience import erase
from syndicator.storage.schema import orders
from syndicator.storage.schema import passes as passes_table
from tests.web.test_api import NOOR, Program, faulty, program
from tests.web.visitor import SARA

__all__ = ["program"]
TOLD = {"address": SARA, "newsletter": "evening", "language": "en", "proof": "p"}


def order(program: Program, name: str, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {program.key}", "idempotency-key": name}
    return program.http.request(method, path, headers=headers, **more)


def story(program: Program) -> tuple[str, str]:
    """One to push, and where."""
    program.app.look()
    (one,) = program.call("GET", "/articles", params={"language": "en", "limit": 1}).json()["articles"]
    return one["id"], next(name for name in program.app.doors if name.startswith("tg"))


def test_an_order_sent_again_is_answered_as_the_first_time_and_not_done_again(program: Program) -> None:
    article, channel = story(program)
    push = {"articles": [article], "to": [channel], "again": True}
    first = order(program, '"8e03978e-40d5"', "POST", "/pushes", json=push)
    again = order(program, "8e03978e-40d5", "POST", "/pushes", json=dict(reversed(push.items())))
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert first.json()["deliveries"] == 1
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(program.call("GET", "/deliveries", params={"channel": channel}).json()["deliveries"]) == 1


def test_refusals_and_silences_are_kept_too(program: Program) -> None:
    number = program.add()
    for _ in range(2):
        assert order(program, "o1", "DELETE", f"/subscribers/{number}").status_code == 204
    assert order(program, "o1", "DELETE", f"/subscribers/{number}").headers["idempotency-replayed"] == "true"
    texts = {faulty(order(program, "o2", "POST", "/subscribers", json=TOLD), 409) for _ in range(2)}
    assert len(texts) == 1


def test_a_name_is_one_orders_only(program: Program) -> None:
    assert order(program, "o1", "POST", "/subscribers", json=TOLD).status_code == 200
    done = order(program, "o1", "POST", "/subscribers", json=TOLD | {"address": NOOR})
    faulty(done, 422)
    assert done.json()["type"].endswith("/another-order")
    number = program.call("GET", "/subscribers").json()["subscribers"][0]["id"]
    assert order(program, "o1", "DELETE", f"/subscribers/{number}").status_code == 422
    other = program.keyed("shop", "subscribers:write")
    headers = {"authorization": f"Bearer {other}", "idempotency-key": "o1"}
    told = TOLD | {"address": NOOR}
    assert program.http.post("/subscribers", headers=headers, json=told).status_code == 200


def test_an_order_that_is_not_as_it_must_be_takes_no_name(program: Program) -> None:
    faulty(order(program, "o1", "POST", "/subscribers", json=TOLD | {"colour": "red"}), 422)
    assert order(program, "o1", "POST", "/subscribers", json=TOLD).status_code == 200


@pytest.mark.parametrize("name", ["", "two words", '"', "x" * 201, "سارا".encode()])
def test_a_name_that_is_none_is_refused(program: Program, name: str) -> None:
    done = order(program, name, "POST", "/subscribers", json=TOLD)
    faulty(done, 422)
    assert done.json()["errors"][0]["field"] == "idempotency-key"


def test_what_a_death_left_between_doing_and_answering_is_never_done_again(program: Program) -> None:
    """The name is committed before anything is done: so it stands after a death, without an answer."""
    body = {"name": "everything", "why": "fire"}
    assert order(program, "o1", "POST", "/pauses", json=body).status_code == 200
    with program.app.database.write() as connection:
        connection.execute(orders.update().values(status=None, body=""))
    done = order(program, "o1", "POST", "/pauses", json=body)
    faulty(done, 409)
    assert (done.json()["type"].rpartition("/")[2], done.headers["retry-after"]) == ("begun", "1")
    program.clock.time += timedelta(hours=25)
    assert order(program, "o1", "POST", "/pauses", json=body).status_code == 200


def test_one_order_from_many_at_once_is_done_once(program: Program) -> None:
    article, channel = story(program)
    push = {"articles": [article], "to": [channel], "again": True}
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: order(program, "o1", "POST", "/pushes", json=push), range(12)))
    assert {one.status_code for one in done} <= {200, 409}
    assert len({one.text for one in done if one.status_code == 200}) == 1
    assert len(program.call("GET", "/deliveries", params={"channel": channel}).json()["deliveries"]) == 1


def test_what_was_kept_of_an_erased_reader_is_gone(program: Program) -> None:
    order(program, "o1", "POST", "/subscribers", json=TOLD | {"name": "Sara"})
    order(program, "o2", "POST", "/subscribers", json=TOLD | {"address": NOOR})
    erase(program.app.database, SARA, memory=program.app.memory, by="dana", now=program.clock.time)
    with program.app.database.read() as connection:
        kept = [row.body for row in connection.execute(select(orders))]
    assert len(kept) == 1
    assert NOOR in kept[0]


def test_kept_answers_are_swept(program: Program) -> None:
    order(program, "o1", "POST", "/subscribers", json=TOLD)
    program.clock.time += timedelta(hours=25)
    program.app.tidy_up()
    with program.app.database.read() as connection:
        assert connection.execute(select(orders)).all() == []


def test_what_may_be_had_later_keeps_its_name(program: Program) -> None:
    """A key whose word does not count there is refused; once it does, the same order is done."""
    limited = {"channels": ["x"]}
    key = program.app.porter.issue("desk", ["channels:write"], by="dana", **limited)
    headers = {"authorization": f"Bearer {key}", "idempotency-key": "o1"}
    body = {"name": "letters"}
    assert "channel letters" in faulty(program.http.post("/pauses", headers=headers, json=body), 403)
    with program.app.database.write() as connection:
        connection.execute(passes_table.update().values(channels=""))
    assert program.http.post("/pauses", headers=headers, json=body).status_code == 200


def test_an_answer_that_is_known_is_not_sent_again(program: Program) -> None:
    number = program.add()
    first = program.call("GET", f"/subscribers/{number}")
    headers = {"authorization": f"Bearer {program.key}", "if-none-match": f'"x", W/{first.headers["etag"]}'}
    known = program.http.get(f"/subscribers/{number}", headers=headers)
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
    program.call("PATCH", f"/subscribers/{number}", json={"name": "Sara"})
    assert program.http.get(f"/subscribers/{number}", headers=headers).json()["name"] == "Sara"


@pytest.mark.parametrize(
    ("path", "of"), [("/subscribers", "subscribers"), ("/audit", "lines"), ("/articles", "articles")]
)
def test_a_page_leads_to_the_next(program: Program, path: str, of: str) -> None:
    program.app.look()
    for number in range(3):
        program.add(f"r{number}@readers.example")
    whole = [one["id"] for one in program.call("GET", path).json()[of]]
    seen: list[object] = []
    done = program.call("GET", path, params={"limit": 2})
    while True:
        seen += [one["id"] for one in done.json()[of]]
        if "next" not in done.links:
            break
        address = str(done.url.join(done.links["next"]["url"]))
        done = program.http.get(address, headers={"authorization": f"Bearer {program.key}"})
    assert seen == whole
    assert len(seen) >= 3


def test_how_many_calls_are_left_is_said(program: Program) -> None:
    most = program.app.settings.api.per_minute
    program.clock.time = program.clock.time.replace(second=18)
    done = program.call("GET", "/subscribers")
    assert done.headers["ratelimit-policy"] == f'"key";q={most};w=60'
    assert done.headers["ratelimit"] == f'"key";r={most - 1};t=42'


def test_each_call_has_a_number(program: Program) -> None:
    headers = {"authorization": f"Bearer {program.key}", "x-request-id": "crm-7"}
    assert program.http.get("/subscribers", headers=headers).headers["x-request-id"] == "crm-7"
    headers["x-request-id"] = "no number\t!"
    ours = program.http.get("/nowhere", headers=headers).headers["x-request-id"]
    assert len(ours) == 24
    assert program.call("GET", "/subscribers").headers["x-request-id"] != ours


def test_the_word_of_a_limited_key_counts_where_it_may(program: Program) -> None:
    article, channel = story(program)
    other = next(name for name in program.app.doors if name != channel)
    key = program.app.porter.issue("desk", ["push"], by="dana", channels=[channel], languages=["en"])
    push = {"articles": [article], "to": [other]}
    assert f"the channel {other}" in faulty(program.call("POST", "/pushes", key, json=push), 403)
    assert program.call("POST", "/pushes", key, json=push | {"to": [channel]}).status_code == 200

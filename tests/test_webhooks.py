"""Programs of others are told what happens: with the fact, signed, until they heard it, and not for ever."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import event, select

from syndicator.app import App
from syndicator.bounces import Report
from syndicator.bounces.reading import refused
from syndicator.bulletins import FACTS, schema
from syndicator.config import Unusable
from syndicator.errors import NotFound
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.webhook import WebhookStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.services.webhooks import PAUSES
from syndicator.storage import readers
from syndicator.storage.database import Database
from syndicator.storage.schema import webhook_calls
from syndicator.wiring import utc_now
from tests.outside import Clock
from tests.test_cli import syndicator, told

SARA = "sara@readers.example"
OLD = "whsec_" + b64encode(b"o" * 32).decode()
DOCS = Path(__file__).parents[1] / "docs"
FACT = {fact.TYPE: fact for fact in FACTS}


@dataclass
class House:
    app: App
    there: WebhookStandIn
    sandbox: Sandbox
    clock: Clock

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What was told of this kind, as it was heard."""
        return [body["data"] for _, body in self.there.calls if body["type"] == kind]

    def call(self) -> int:
        return self.app.webhooks.run("crm")

    def tell(self, newsletter: str = "evening") -> None:
        """One fact: Sara leaves; she comes back, so that she can leave again."""
        self.clock.on(seconds=1)
        wish = Wish(address=SARA, language="en", newsletter=newsletter, proof="p")
        self.app.subscribe([wish], newsletter)
        self.app.circulation.register.leave(SARA, newsletter, by="dana")


def valid(body: dict[str, Any]) -> None:
    """As the schema has it: each field that it names, and no other."""
    fact = FACT[body["type"]]
    assert set(body) == {"type", "timestamp", "data"}
    assert set(body["data"]) == set(fact.model_fields)
    fact.model_validate(body["data"])


def configured(
    sandbox: Sandbox, folder: Path, there: WebhookStandIn, more: str = "", secret: str = ""
) -> Path:
    path = sandbox.configure(folder)
    told = f'\n[webhooks.crm]\nurl = "{there.url}/events"\n{more}\n'
    path.write_text(path.read_text("utf-8") + told, "utf-8")
    held = folder / "secrets" / "SYNDICATOR_WEBHOOKS_CRM_SECRET"
    held.touch(mode=0o600)
    held.write_text(secret or there.secret, "ascii")
    return path


@pytest.fixture
def house(tmp_path: Path, database: Database) -> Iterator[House]:
    clock = Clock()
    with ExitStack() as open_:
        sandbox = open_.enter_context(Sandbox(now=clock.now))
        there = open_.enter_context(WebhookStandIn())
        path = configured(sandbox, tmp_path, there)
        environ = {"SYNDICATOR_DATABASE_URL": database.url}
        app = open_.enter_context(App.opened(path, environ, now=clock.now))
        yield House(app, there, sandbox, clock)


def test_a_day_is_told(house: House) -> None:
    app = house.app
    app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    app.look()
    app.compile()
    house.call()
    assert house.told("story.published") == []  # what was there before is no news
    house.clock.on(minutes=5)
    house.sandbox.newsroom.publish()
    app.look()
    app.compile()
    app.deliver_due()
    house.call()
    stories = house.told("story.published")
    assert len(stories) == 9
    assert {one["revision"] for one in stories} == {1}
    posts = house.told("post.sent")
    assert {one["channel"] for one in posts} >= {"tg-en", "tg-ckb", "tg-ar"}
    english = next(one for one in posts if one["channel"] == "tg-en")
    assert english["links"] == [f"https://t.me/courier_en/{one}" for one in english["remote_ids"]]
    assert set(english["articles"]) < {one["article"] for one in stories}
    house.clock.on(minutes=5)
    app.compile(["evening"])
    app.webhooks.look()
    assert house.call() == 0  # it is not finished
    app.deliver_due()
    assert (app.webhooks.look(), app.webhooks.look()) == (1, 0)
    house.call()
    (edition,) = house.told("edition.sent")
    assert (edition["newsletter"], edition["candidates"], edition["states"]) == ("evening", 1, {"sent": 1})
    house.clock.on(minutes=1)
    app.circulation.register.leave(SARA, "evening", by="dana")
    house.call()
    (gone,) = house.told("reader.unsubscribed")
    assert (gone["newsletter"], gone["why"], gone["address"]) == ("evening", "left", None)
    for _, body in house.there.calls:
        valid(body)
        assert SARA not in json.dumps(body)


def test_a_revision_a_failure_and_a_doubt_are_told(house: House) -> None:
    app, clock = house.app, house.clock
    app.look()
    app.compile()
    house.sandbox.newsroom.publish(1)
    app.look()
    app.compile()
    house.sandbox.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
    app.deliver_due()
    clock.on(minutes=20)
    app.reconcile()
    clock.on(minutes=20)
    app.reconcile()
    with app.database.read() as connection:
        kinds = set(connection.execute(select(webhook_calls.c.type)).scalars())
    assert kinds <= {"story.published", "post.sent", "post.failed"}
    house.call()
    assert house.told("post.sent") or house.told("post.failed")
    for _, body in house.there.calls:
        valid(body)


def test_what_came_back_is_told_without_the_address(house: House) -> None:
    app = house.app
    app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    report = Report(notices=(refused("550 5.1.1 no such user", SARA),))
    app.returns.hear(report, key="b1", source="hooks.ses", trusted=True)
    app.returns.hear(report, key="b1", source="hooks.ses", trusted=True)
    house.call()
    (bounced,) = house.told("reader.bounced")
    assert (bounced["kind"], bounced["status"], bounced["address"]) == ("hard", "5.1.1", None)
    (ended,) = house.told("reader.unsubscribed")
    assert (ended["why"], ended["reader"]) == ("suppressed", bounced["reader"])


def test_addresses_are_told_where_they_are_asked_for_and_known(tmp_path: Path) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox, WebhookStandIn() as there:
        path = configured(sandbox, tmp_path, there, 'addresses = true\nevents = ["unsubscribed"]')
        with App.opened(path, {}, now=clock.now) as app:
            house = House(app, there, sandbox, clock)
            house.tell()
            house.call()
            assert house.told("reader.unsubscribed")[0]["address"] == SARA
            house.tell()
            app.circulation.register.erase(SARA, by="dana")
            house.call()
            assert [one["address"] for one in house.told("reader.unsubscribed")][1:] == [None]


def test_a_fact_that_was_not_written_is_not_told(house: House) -> None:
    house.tell()
    house.call()
    wish = Wish(address=SARA, language="en", newsletter="evening", proof="p")
    house.app.subscribe([wish], "evening")
    with pytest.raises(KeyboardInterrupt), house.app.database.write() as connection:
        reader = readers.find(connection, SARA)
        assert reader
        readers.suppress(connection, reader.id, now=house.clock.now(), proof="p")
        raise KeyboardInterrupt
    assert house.call() == 0


@pytest.mark.parametrize(
    "fault", [Fault.DROP_BEFORE_ACCEPT, Fault.DROP_AFTER_ACCEPT, Fault.SERVER_ERROR_HTML]
)
def test_it_is_called_again_with_the_same_id_as_late_as_the_standard_says(house: House, fault: Fault) -> None:
    house.tell()
    for pause in PAUSES[:4]:
        house.there.faults.coming(fault)
        assert house.call() == 0
        house.clock.time += pause * 0.99
        assert house.call() == 0  # nobody was asked: the fault stands for the next one
        house.clock.time += pause * 0.12
    assert house.call() == 1
    (one,) = house.app.webhooks.history("crm")
    assert (one["state"], len(one["tries"]), len(house.there.calls)) == ("heard", 5, 1)
    assert one["id"] == house.there.calls[0][0]
    assert one["tries"][-1]["status"] == 200


def test_retry_after_is_heeded(house: House) -> None:
    house.there.faults.retry_after = 600
    house.there.faults.coming(Fault.RATE_LIMITED)
    house.tell()
    house.call()
    house.clock.on(minutes=9)
    assert house.call() == 0
    house.clock.on(minutes=2)
    assert house.call() == 1


def test_one_that_is_not_heard_does_not_keep_the_others_back(house: House) -> None:
    house.tell()
    house.there.faults.coming(Fault.SERVER_ERROR_HTML)
    assert house.call() == 0
    house.tell()
    assert house.call() == 1
    house.clock.on(seconds=10)
    assert house.call() == 1


def test_who_does_not_listen_for_days_is_switched_off_and_loses_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.tell()
    for pause in (*PAUSES, timedelta(days=3)):
        house.there.faults.coming(Fault.SERVER_ERROR_HTML)
        house.call()
        house.clock.time += 1.1 * pause
    assert "is given up after 10 tries: HTTP 502" in caplog.text
    assert house.call() == 0
    house.tell()
    house.there.faults.coming(Fault.SERVER_ERROR_HTML)
    house.call()
    assert "webhook crm is switched off, nothing is lost: HTTP 502" in caplog.text
    (stands,) = house.app.webhooks.listed()
    assert stands["off"] == "HTTP 502"
    house.tell()
    assert house.call() == 0
    assert house.there.calls == []
    assert house.app.webhooks.resume("crm", by="dana") == 3
    assert house.call() == 3
    (stands,) = house.app.webhooks.listed()
    assert (stands["off"], stands["waiting"], stands["given_up"]) == (None, 0, 0)
    assert stands["heard_at"] is not None


def test_who_is_gone_is_not_called_again(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.there.faults.coming(Fault.KICKED)
    house.tell()
    house.call()
    house.clock.on(days=1)
    assert house.call() == 0
    assert "webhook crm is switched off" in caplog.text


def test_a_secret_is_changed_without_a_gap(tmp_path: Path) -> None:
    clock = Clock()
    with Sandbox(now=clock.now) as sandbox, WebhookStandIn() as there:
        path = configured(sandbox, tmp_path, there, secret=f"{OLD}\n{there.secret}")
        with App.opened(path, {}, now=clock.now) as app:
            assert app.webhooks.test("crm")["heard"]
        path = configured(sandbox, tmp_path, there, secret=OLD)
        with App.opened(path, {}, now=clock.now) as app:
            told = app.webhooks.test("crm")
    assert (told["heard"], told["status"]) == (False, 400)
    ((_, body),) = there.calls
    valid(body)


def test_what_is_wrong_with_a_webhook_is_told(tmp_path: Path) -> None:
    with Sandbox(now=Clock().now) as sandbox, WebhookStandIn() as there:
        path = configured(sandbox, tmp_path, there, 'events = ["everything"]', secret="whsec_c2hvcnQ=")
        with pytest.raises(Unusable) as faults:
            App.opened(path, {})
    assert "webhooks.crm.secret: " in str(faults.value)
    assert "at least 24 bytes in base64" in str(faults.value)
    assert "webhooks.crm.events" in str(faults.value)
    assert "c2hvcnQ" not in str(faults.value)


def test_nobody_is_called_who_is_not_known(house: House) -> None:
    for verb in (house.app.webhooks.history, house.app.webhooks.test):
        with pytest.raises(NotFound, match="did you mean 'crm'"):
            verb("crn")


def test_who_is_not_named_any_more_is_told_nothing_and_what_waited_is_forgotten(house: House) -> None:
    house.tell()
    url = house.app.database.url
    path = house.app.wiring.folder / "syndicator.toml"
    path.write_text(path.read_text("utf-8").partition("[webhooks.crm]")[0], "utf-8")
    with App.opened(path, {"SYNDICATOR_DATABASE_URL": url}, now=house.clock.now) as without:
        House(without, house.there, house.sandbox, house.clock).tell()
        with without.database.read() as connection:
            assert len(connection.execute(select(webhook_calls.c.id)).all()) == 1
        house.clock.on(days=31)
        assert without.webhooks.sweep() == 1
    assert house.call() == 0


def test_what_is_over_is_forgotten_and_what_waits_is_not(house: House) -> None:
    house.tell()
    house.call()
    house.tell()
    house.clock.on(days=31)
    assert house.app.webhooks.sweep() == 1
    assert house.call() == 1


def test_no_mail_pays_for_it(house: House) -> None:
    said: list[str] = []
    app = house.app
    app.look()
    app.compile()
    house.clock.on(minutes=5)
    house.sandbox.newsroom.publish()
    app.look()
    app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    house.clock.on(minutes=5)
    app.compile(["evening"])
    event.listen(app.database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    app.deliver("letters")
    assert len(house.sandbox.smtp.mails) == 1
    assert not [one for one in said if "webhook" in one]
    app.deliver("tg-en")
    assert [one for one in said if "webhook_listeners" in one]


def test_the_documents_know_every_call() -> None:
    told = (DOCS / "api.md").read_text("utf-8")
    for fact in FACTS:
        assert f"`{fact.TYPE}`" in told
    assert json.loads((DOCS / "webhooks.schema.json").read_text("utf-8")) == schema()


def test_the_worker_calls_by_itself(tmp_path: Path) -> None:
    heard = Event()
    with Sandbox(now=utc_now) as sandbox, WebhookStandIn() as there:
        there.faults.watch = lambda stage: heard.set() if stage == "taken" else None
        with App.opened(configured(sandbox, tmp_path, there), {}) as app:
            app.look()
            working = Thread(target=app.work)
            working.start()
            sandbox.newsroom.publish(1)
            assert heard.wait(60)
            app.stop()
            working.join(60)
    assert not working.is_alive()
    assert there.calls[0][1]["type"] == "story.published"


def test_by_the_command_line(tmp_path: Path) -> None:
    with Sandbox(now=utc_now) as sandbox, WebhookStandIn() as there:
        path = configured(sandbox, tmp_path, there)
        with App.opened(path, {}) as app:
            House(app, there, sandbox, Clock()).tell()
            there.faults.coming(Fault.KICKED)
            app.webhooks.run("crm")
        c = ("-c", str(path))
        assert "✕ crm: 127.0.0.1" in syndicator("webhooks", "list", *c).stdout
        assert told("webhooks", "list", *c)["webhooks"][0]["waiting"] == 1  # type: ignore[index]
        assert "reader.unsubscribed" in syndicator("webhooks", "history", "crm", *c).stdout
        assert told("webhooks", "history", "crm", *c)["calls"][0]["tries"][0]["status"] == 410  # type: ignore[index]
        assert syndicator("webhooks", "test", "crm", *c).stdout == "crm: heard (200)\n"
        assert syndicator("webhooks", "resume", "crm", *c).stdout.startswith("crm is on; 1 calls are made")
        assert "● crm" in syndicator("webhooks", "list", *c).stdout
        there.faults.coming(Fault.SERVER_ERROR_HTML)
        refused_ = syndicator("webhooks", "test", "crm", "--json", *c)
        assert (refused_.returncode, json.loads(refused_.stdout)["status"]) == (1, 502)
    assert [body["type"] for _, body in there.calls] == ["webhook.test"]

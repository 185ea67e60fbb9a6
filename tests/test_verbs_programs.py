"""The verbs about programs and people: who may, and that each answers as it says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter

from syndicator.errors import Forbidden, NotFound
from syndicator.model import Role
from syndicator.sandbox.faults import Fault
from syndicator.services.people import person
from syndicator.verbs import VERBS, Actor, perform
from tests.test_webhooks import House, house

__all__ = ["house"]


def done(house: House, name: str, role: Role | None = None, /, **told: Any) -> Any:
    verb = VERBS[name]
    found = perform(house.app, verb, told, Actor(by="dana", role=role or verb.role, face="api"))
    return TypeAdapter(verb.answers).validate_json(json.dumps(found, default=str), strict=True)


def test_a_webhook_is_looked_at_tried_and_switched_on_again(house: House) -> None:
    house.tell()
    house.there.faults.coming(Fault.SERVER_ERROR_HTML)
    house.call()
    (one,) = done(house, "webhooks list").webhooks
    assert (one.webhook, one.waiting, one.off) == ("crm", 1, None)
    (call,) = done(house, "webhooks history", name="crm").calls
    assert [tried.status for tried in call.tries] == [502]
    assert call.next > call.at
    assert done(house, "webhooks resume", name="crm").calls == 1
    assert house.call() == 1
    assert done(house, "webhooks test", name="crm").heard
    house.there.faults.coming(Fault.SERVER_ERROR_HTML)
    assert not done(house, "webhooks test", name="crm").heard
    with pytest.raises(NotFound):
        done(house, "webhooks history", name="crn")
    with pytest.raises(Forbidden):
        done(house, "webhooks resume", Role.EDITOR, name="crm")


def test_keys_and_people_are_listed_for_admins_and_tell_no_secret(house: House) -> None:
    token = house.app.porter.issue(
        "shop", ["push"], by="dana", channels=["tg-en"], until=house.clock.time + timedelta(days=1)
    )
    link = house.app.people.invite(person("noor", "editor", "ckb", [], ["ckb"]), by="dana")
    keys = done(house, "key list")
    assert [(one.name, one.channels, one.until) for one in keys.keys] == [
        ("shop", ["tg-en"], house.clock.time + timedelta(days=1))
    ]
    people = done(house, "user list")
    assert [(one.name, one.role, one.languages, one.joined_at) for one in people.people] == [
        ("noor", Role.EDITOR, ["ckb"], None)
    ]
    shown = keys.model_dump_json() + people.model_dump_json()
    assert token.partition(".")[2] not in shown
    assert link.rpartition("/")[2] not in shown
    for name in ("key list", "user list"):
        with pytest.raises(Forbidden):
            done(house, name, Role.PUBLISHER)

"""The verbs: who may, what they take, and that every face has the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter
from typer.main import get_command

from syndicator.app import App
from syndicator.cli import app as command_line
from syndicator.errors import Forbidden, NotFound, Refused
from syndicator.model import Person, Role
from syndicator.sandbox.world import Sandbox
from syndicator.verbs import VERBS, Actor, Unfit, called, fitted, perform

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPERATORS = {
    # of whoever runs the machine, not of the desk: they need its files, or are no verbs at all
    "init", "check", "doctor", "migrate", "ingest", "compile", "deliver", "reconcile", "run", "web", "worker", "bot",
    "sandbox", "demo", "prune", "backup", "restore", "db copy", "bounce", "bounces",
    "newsletter form", "subscribers import", "subscribers export",
    # whoever changes who may what has shown a moment ago who they are: no key of a program can
    "user add", "user invite", "user change", "user end", "user reset", "key add", "key end",
}  # fmt: skip


def commands(group: Any, above: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        path = f"{above}{name}"
        yield from commands(command, f"{path} ") if hasattr(command, "commands") else [path]


def test_the_command_line_has_every_verb() -> None:
    told = set(commands(get_command(command_line)))
    assert set(VERBS) - told == set()
    assert told - set(VERBS) == OPERATORS


def test_what_each_verb_answers_is_said() -> None:
    """Whoever adds a verb says in `answers` what comes of it; of these nothing does."""
    silent = {"erase", "remove", "suppress", "unsuppress"}
    assert {one.name for one in VERBS.values() if one.answers is None} == {
        f"subscribers {name}" for name in silent
    }


def test_a_verb_is_called_as_each_face_writes_it() -> None:
    one = VERBS["newsletter compose"]
    assert called("newsletter-compose") is called("newsletter_compose") is called("newsletter compose") is one
    assert one.slug == "newsletter-compose"
    with pytest.raises(NotFound, match="'delete everything'"):
        called("delete everything")


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with Sandbox(now=lambda: NOW) as sandbox:
        path = sandbox.configure(tmp_path_factory.mktemp("newsroom"))
        with App.opened(path, {}, now=lambda: NOW) as app:
            app.look()
            sandbox.newsroom.publish(6)
            app.look()
            yield app


def actor(role: Role, **more: Any) -> Actor:
    return Actor(by="ara", role=role, face="console", **more)


def story(newsroom: App, language: str = "en") -> str:
    told = perform(newsroom, VERBS["articles"], {"language": language}, actor(Role.VIEWER))
    return str(told["articles"][0]["id"])


def test_who_may_not_is_told_so_and_nothing_happens(newsroom: App) -> None:
    order = {"articles": [story(newsroom)], "to": ["telegram-en"]}
    before = perform(newsroom, VERBS["deliveries"], {}, actor(Role.VIEWER))
    with pytest.raises(Forbidden, match="push is for a publisher; ara is a editor"):
        perform(newsroom, VERBS["push"], order, actor(Role.EDITOR))
    assert perform(newsroom, VERBS["deliveries"], {}, actor(Role.VIEWER)) == before


def test_a_word_counts_on_ones_own_channels_and_languages_only(newsroom: App) -> None:
    channel = next(name for name in newsroom.doors if name.startswith("tg"))
    order = {"articles": [story(newsroom)], "to": [channel]}
    with pytest.raises(Forbidden, match="may not act on the channel"):
        perform(newsroom, VERBS["push"], order, actor(Role.PUBLISHER, channels=frozenset({"x"})))
    with pytest.raises(Forbidden, match="may not act on the language en"):
        perform(newsroom, VERBS["push"], order, actor(Role.PUBLISHER, languages=frozenset({"ckb"})))
    with pytest.raises(Forbidden, match="channel everything"):
        perform(
            newsroom, VERBS["pause"], {"name": "everything"}, actor(Role.ADMIN, channels=frozenset({"x"}))
        )


def test_what_does_not_fit_is_named(newsroom: App) -> None:
    with pytest.raises(Unfit) as caught:
        perform(newsroom, VERBS["push"], {"articles": [], "too": 1}, actor(Role.ADMIN))
    assert {field for field, _ in caught.value.faults} == {"articles", "to", "too"}


def test_every_verb_that_reads_answers_with_json_and_changes_nothing(newsroom: App) -> None:
    one = story(newsroom)
    told: dict[str, dict[str, object]] = {
        "preview": {"to": [next(name for name in newsroom.doors if "en" in name)]},
        "newsletter preview": {"name": next(iter(newsroom.newsletters))},
    }
    for verb in VERBS.values():
        if (
            not verb.reads
            or verb.name in {"delivery", "newsletter clicks", "webhooks history"}
            or "reader" in verb.takes.model_fields
        ):
            continue
        fields = {"article": one} if "article" in verb.takes.model_fields else {}
        found = perform(newsroom, verb, fields | told.get(verb.name, {}), actor(verb.role))
        TypeAdapter(verb.answers).validate_json(json.dumps(found, default=str), strict=True)


def test_readers_are_changed_by_their_verbs_each_by_who_may(newsroom: App) -> None:
    new = {"address": "sara@readers.example", "newsletter": "evening", "language": "en", "proof": "p"}
    number = perform(newsroom, VERBS["subscribers add"], new, actor(Role.PUBLISHER))["id"]
    for name in ("show", "history", "data"):
        verb = VERBS[f"subscribers {name}"]
        assert "sara@readers.example" in json.dumps(
            perform(newsroom, verb, {"reader": str(number)}, actor(Role.EDITOR)), default=str
        )
        with pytest.raises(Forbidden, match="is for a editor"):
            perform(newsroom, verb, {"reader": number}, actor(Role.VIEWER))
    with pytest.raises(Forbidden, match="is for a admin"):
        perform(newsroom, VERBS["subscribers erase"], {"reader": number}, actor(Role.PUBLISHER))
    perform(newsroom, VERBS["subscribers erase"], {"reader": number}, actor(Role.ADMIN))
    with pytest.raises(NotFound):
        perform(newsroom, VERBS["subscribers show"], {"reader": number}, actor(Role.EDITOR))


def test_readers_of_channels_that_are_not_theirs_are_not_shown(newsroom: App) -> None:
    new = {"address": "noor@readers.example", "newsletter": "evening", "language": "en", "proof": "p"}
    number = perform(newsroom, VERBS["subscribers add"], new, actor(Role.PUBLISHER))["id"]
    mine = actor(Role.ADMIN, channels=frozenset({newsroom.newsletters["evening"].door.id}))
    others = actor(Role.ADMIN, channels=frozenset({"x"}))
    foreign = actor(Role.ADMIN, languages=frozenset({"ckb"}))
    orders: dict[str, dict[str, object]] = {
        "subscribers list": {"newsletter": "evening"},
        "subscribers show": {"reader": number},
        "subscribers change": {"reader": number, "name": "Noor"},
        "subscribers suppress": {"address": "noor@readers.example", "why": "w"},
    }
    for name, order in orders.items():
        with pytest.raises(Forbidden, match="may not act on the channel"):
            perform(newsroom, VERBS[name], order, others)
    with pytest.raises(Forbidden, match="may not act on the channel"):
        perform(newsroom, VERBS["subscribers list"], {"address": "noor@readers.example"}, others)
    with pytest.raises(Forbidden, match="may not act on the channel"):
        perform(newsroom, VERBS["subscribers list"], {}, others)
    with pytest.raises(Forbidden, match="may not act on the language en"):
        perform(newsroom, VERBS["subscribers change"], orders["subscribers change"], foreign)
    changed = perform(newsroom, VERBS["subscribers change"], orders["subscribers change"], mine)
    assert changed["name"] == "Noor"


def test_a_program_tells_kinds_as_json_has_them() -> None:
    verb = VERBS["deliveries"]
    assert fitted(verb, {"limit": 7, "state": "sent"}) == verb.takes(limit=7, state="sent")  # type: ignore[call-arg]
    with pytest.raises(Unfit, match="limit: Input should be a valid integer"):
        fitted(verb, {"limit": "7"})


def test_pages_of_articles_hold_each_once(newsroom: App) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        told = perform(newsroom, VERBS["articles"], {"after": after, "limit": 2}, actor(Role.VIEWER))
        seen += [one["id"] for one in told["articles"]]
        after = told["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) > 4
    with pytest.raises(Refused, match="no page's"):
        perform(newsroom, VERBS["articles"], {"after": "yesterday"}, actor(Role.VIEWER))


def test_a_push_goes_by_its_verb(newsroom: App) -> None:
    channel = next(name for name in newsroom.doors if "en" in name)
    order = {"articles": [story(newsroom)], "to": [channel], "note": "the mayor spoke"}
    done = perform(newsroom, VERBS["push"], order, actor(Role.PUBLISHER))
    assert done["deliveries"] >= 1
    assert perform(newsroom, VERBS["deliveries"], {"channel": channel}, actor(Role.VIEWER))["deliveries"]


def test_a_person_acts_as_who_they_are() -> None:
    person = Person(name="ara", role=Role.EDITOR, language="ckb", channels=frozenset({"x"}))  # type: ignore[arg-type]
    assert Actor.of(person, "bot") == Actor(by="ara", role=Role.EDITOR, face="bot", channels=frozenset({"x"}))

"""What is done about programs: those of others that are called, and keys of the newsroom's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from syndicator.model import Role

from . import answers
from .nouns import Actor, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App
    from syndicator.services.porter import Pass


class OfWebhook(Told):
    name: Annotated[str, Field(min_length=1, max_length=100, description="the webhook")]


class Calls(OfWebhook):
    limit: int = Field(20, ge=1, le=1000, description="so many of the newest")


def key_told(one: Pass) -> dict[str, Any]:
    names = ("name", "scopes", "channels", "languages", "since", "until", "by", "ended_at")
    return {name: getattr(one, name) for name in names}


def _list(newsroom: App, told: Told, actor: Actor) -> Any:
    return {"webhooks": newsroom.webhooks.listed()}


def _history(newsroom: App, told: Calls, actor: Actor) -> Any:
    return {"webhook": told.name, "calls": newsroom.webhooks.history(told.name, told.limit)}


def _test(newsroom: App, told: OfWebhook, actor: Actor) -> Any:
    return newsroom.webhooks.test(told.name)


def _resume(newsroom: App, told: OfWebhook, actor: Actor) -> Any:
    return {"webhook": told.name, "calls": newsroom.webhooks.resume(told.name, by=actor.by)}


def _keys(newsroom: App, told: Told, actor: Actor) -> Any:
    return {"keys": [key_told(one) for one in newsroom.porter.listed()]}


READ, WRITE = "webhooks:read", "webhooks:write"

VERBS = (
    Verb(
        name="webhooks list",
        says="Whom each webhook calls and about what, what waits, and which one is switched off.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/webhooks",
        answers=answers.Webhooks,
        act=_list,
    ),
    Verb(
        name="webhooks history",
        says="The newest calls of a webhook, and what came of every try.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/webhooks/{name}/calls",
        takes=Calls,
        answers=answers.Calls,
        act=_history,
    ),
    Verb(
        name="webhooks test",
        says="Call a webhook once with nothing to tell, and say what came back.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="POST",
        path="/webhooks/{name}/test",
        takes=OfWebhook,
        answers=answers.WebhookTried,
        act=_test,
    ),
    Verb(
        name="webhooks resume",
        says="Switch a webhook on again, and call what was not heard.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="POST",
        path="/webhooks/{name}/resume",
        takes=OfWebhook,
        answers=answers.WebhookOn,
        act=_resume,
    ),
    Verb(
        name="key list",
        says="Which keys of programs there are, what for, and which were ended.",
        role=Role.ADMIN,
        scope="keys:read",
        method="GET",
        path="/keys",
        answers=answers.Keys,
        act=_keys,
    ),
)

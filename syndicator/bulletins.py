"""The facts that programs of others are told of, each as it stands under ``data`` of a call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Why = Literal["left", "suppressed", "erased"]
Event = Literal["published", "sent", "failed", "bounced", "unsubscribed"]
EVENTS: tuple[Event, ...] = get_args(Event)


class Fact(BaseModel):
    """``EVENT`` is what a webhook asks for, ``TYPE`` what stands in the call."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    EVENT: ClassVar[Event]
    TYPE: ClassVar[str]


class StoryPublished(Fact):
    EVENT: ClassVar[Event] = "published"
    TYPE: ClassVar[str] = "story.published"

    article: str = Field(description="the story's id, which never changes")
    revision: int = Field(description="1: it is new; more: what was published before was changed")
    url: str
    language: str
    headline: str
    published_at: datetime
    opens_at: datetime | None = Field(description="it is under an embargo until then")


class PostSent(Fact):
    EVENT: ClassVar[Event] = "sent"
    TYPE: ClassVar[str] = "post.sent"

    delivery: int
    edition: str
    channel: str
    language: str
    act: Literal["post", "edit", "retract"] = Field(description="what it did to what stands in the channel")
    part: int = Field(description="of a thread, from 0")
    articles: tuple[str, ...] = Field(description="ids of its stories")
    remote_ids: tuple[str, ...] = Field(description="as the network names what stands there")
    links: tuple[str, ...] = Field(
        (), description="where it can be read, as far as the network has such addresses"
    )


class EditionSent(Fact):
    EVENT: ClassVar[Event] = "sent"
    TYPE: ClassVar[str] = "edition.sent"

    edition: str
    newsletter: str
    kind: str
    title: str
    due_at: datetime
    stories: int
    candidates: int = Field(description="readers who were to get it")
    states: Mapping[str, int] = Field(
        description="what became of it: how many deliveries are sent, failed, excluded, …"
    )


class PostFailed(Fact):
    EVENT: ClassVar[Event] = "failed"
    TYPE: ClassVar[str] = "post.failed"

    delivery: int
    edition: str
    channel: str
    language: str
    act: Literal["post", "edit", "retract"]
    part: int
    articles: tuple[str, ...]
    state: Literal["failed", "held"] = Field(description="held: it is in doubt, and waits for a person")
    reason: str = Field(description="what the network said, or why it is held")


class ReaderBounced(Fact):
    EVENT: ClassVar[Event] = "bounced"
    TYPE: ClassVar[str] = "reader.bounced"

    reader: int = Field(description="the reader's number, as the API has it")
    delivery: int | None = Field(description="what came back, where that is known")
    kind: Literal["hard", "soft"]
    reason: str
    status: str = Field(description="enhanced status code, such as 5.1.1; empty where none was told")
    address: str | None = Field(
        None, description="only with `addresses = true`, and while the reader is known"
    )


class ReaderUnsubscribed(Fact):
    EVENT: ClassVar[Event] = "unsubscribed"
    TYPE: ClassVar[str] = "reader.unsubscribed"

    reader: int
    newsletter: str
    why: Why = Field(
        description="left: by an own word; suppressed: it bounced, complained, or was to be left alone"
    )
    address: str | None = Field(
        None, description="only with `addresses = true`, and while the reader is known"
    )


class Trial(Fact):
    TYPE: ClassVar[str] = "webhook.test"

    webhook: str = Field(description="its name in the configuration")


FACTS: tuple[type[Fact], ...] = (
    StoryPublished,
    PostSent,
    EditionSent,
    PostFailed,
    ReaderBounced,
    ReaderUnsubscribed,
    Trial,
)


def call(kind: str, told: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The body of a call, as Standard Webhooks has it."""
    return {"type": kind, "timestamp": at.isoformat(), "data": dict(told)}


def schema() -> dict[str, Any]:
    """The JSON Schema of the bodies of all calls."""
    told: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "oneOf": []}
    moment = TypeAdapter(datetime).json_schema()
    for fact in FACTS:
        fields = {
            "type": {"const": fact.TYPE},
            "timestamp": moment,
            "data": fact.model_json_schema(mode="serialization"),
        }
        told["oneOf"].append(
            {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}
        )
    return told

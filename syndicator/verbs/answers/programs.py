"""What is answered of programs and people."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from syndicator.model import Role

from .nouns import Answer

# Programs and people


class Webhook(Answer):
    webhook: str
    host: str | None
    events: list[str]
    waiting: int
    since: datetime | None
    given_up: int
    heard_at: datetime | None
    failing_since: str | None
    off: str | None = Field(description="why it is switched off; null: it is on")


class Webhooks(Answer):
    webhooks: list[Webhook]


class Try(Answer):
    at: datetime
    status: int | None
    said: str


class Called(Answer):
    id: str
    type: str
    about: str
    at: datetime
    state: str
    next: datetime | None = Field(description="when it is called again")
    tries: list[Try]


class Calls(Answer):
    webhook: str
    calls: list[Called]


class WebhookTried(Answer):
    webhook: str
    id: str
    heard: bool
    status: int | None
    said: str


class WebhookOn(Answer):
    webhook: str
    calls: int = Field(description="that are made now")


class Key(Answer):
    name: str
    scopes: list[str]
    channels: list[str] = Field(description="where its word counts; none: everywhere")
    languages: list[str] = Field(description="none: all")
    since: datetime
    until: datetime | None
    by: str
    ended_at: datetime | None


class Keys(Answer):
    keys: list[Key]


class Person(Answer):
    name: str
    role: Role
    language: str
    telegram: int | None
    channels: list[str] = Field(description="where their word counts; none: everywhere")
    languages: list[str] = Field(description="none: all")
    email: str | None
    joined_at: datetime | None
    ended_at: datetime | None
    invited_until: datetime | None
    second_factor: bool
    signed_in: int = Field(description="browsers")
    since: datetime
    by: str


class People(Answer):
    people: list[Person]

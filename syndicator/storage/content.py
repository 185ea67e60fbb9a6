"""Nouns as JSON and back: pydantic checks what comes out of the database as it checks what goes in."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import TypeAdapter

from syndicator.model import Article, Post, Summary
from syndicator.revising import Change

ARTICLE = TypeAdapter(Article)
CHANGE = TypeAdapter(Change)
POST = TypeAdapter(Post)
SUMMARY = TypeAdapter(Summary)


def dump(adapter: TypeAdapter[Any], noun: object) -> dict[str, Any]:
    dumped: dict[str, Any] = adapter.dump_python(noun, mode="json")
    return {name: sorted(value) if name == "topics" else value for name, value in dumped.items()}


def digest(content: dict[str, Any]) -> str:
    """The sha256 of a noun's JSON in hexadecimal: same words, same digest."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()

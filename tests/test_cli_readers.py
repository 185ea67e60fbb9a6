"""One reader, as an operator types it; and keys for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicator.sandbox.world import Sandbox
from syndicator.wiring import utc_now
from tests.test_cli import syndicator, told
from tests.web.test_counter import TOPICS

SARA = "sara@readers.example"


@pytest.fixture
def c(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A newsroom whose reader has had one digest of the evening."""
    with Sandbox(now=utc_now) as sandbox:
        path = sandbox.configure(tmp_path)
        path.write_text(path.read_text("utf-8") + TOPICS, "utf-8")
        c = ("-c", str(path))
        add = ("subscribers", "add", SARA, "--to", "evening", "--language", "en", "--proof", "by letter")
        assert syndicator(*add, *c).returncode == 0
        told("ingest", *c)
        sandbox.newsroom.publish(1)
        told("ingest", *c)
        told("compile", "--now", "evening", *c)
        told("deliver", "letters", *c)
        yield c


def test_consent_is_stated_or_asked_for(c: tuple[str, str]) -> None:
    add = ("subscribers", "add", "noor@readers.example", "--to", "evening", "--language", "ckb")
    for more in ((), ("--ask", "--proof", "p")):
        done = syndicator(*add, *more, *c)
        assert done.returncode == 1
        assert "where the consent comes from" in done.stderr
    assert "has a mail to confirm evening" in syndicator(*add, "--ask", *c).stdout
    assert "evening asked" in syndicator("subscribers", "list", "--consent", "asked", *c).stdout


def test_a_reader_is_changed_and_asked_about(c: tuple[str, str]) -> None:
    change = ("subscribers", "change", SARA)
    more = ("--newsletter", "evening", "--topic", "business", "--frequency", "daily")
    assert syndicator(*change, "--name", "Sara", "--rest", "7", *more, *c).returncode == 0
    shown = syndicator("subscribers", "show", SARA, *c).stdout
    assert "topics: business" in shown
    assert "daily" in shown
    said = syndicator("subscribers", "history", SARA, *c).stdout
    assert "evening: given" in said
    assert "silent until" in said
    assert "their server took it" in said
    assert told("subscribers", "history", SARA, *c)["editions"][0]["state"] == "sent"  # type: ignore[index]
    assert '"name": "Sara"' in syndicator("subscribers", "data", SARA, *c).stdout
    syndicator(*change, "--newsletter", "evening", "--topic", "all", *c)
    assert "topics: all" in syndicator("subscribers", "show", SARA, *c).stdout
    assert "say which --newsletter" in syndicator(*change, "--topic", "business", *c).stderr
    assert "has no topic" in syndicator(*change, "--newsletter", "evening", "--topic", "x", *c).stderr


def test_a_suppression_and_its_end(c: tuple[str, str]) -> None:
    syndicator("subscribers", "suppress", SARA, "--why", "her box is full", *c)
    assert "✕ suppressed since" in syndicator("subscribers", "history", SARA, *c).stdout
    done = syndicator("subscribers", "unsuppress", SARA, "--why", "it is empty", *c)
    assert "may come back" in done.stdout
    assert "evening withdrawn" in syndicator("subscribers", "list", *c).stdout
    assert syndicator("subscribers", "unsuppress", SARA, "--why", "twice", *c).returncode == 1
    assert syndicator("subscribers", "history", "who@readers.example", *c).returncode == 1


def test_newsletters_are_listed(c: tuple[str, str]) -> None:
    said = syndicator("newsletter", "list", *c).stdout
    assert "evening: en, ckb, ar; topics: breaking, business" in said
    assert [one["name"] for one in told("newsletter", "list", *c)["newsletters"]] == ["evening", "noon"]  # type: ignore[attr-defined]


def test_keys_come_and_go(c: tuple[str, str]) -> None:
    assert "none yet" in syndicator("key", "list", *c).stdout
    done = syndicator("key", "add", "crm", "--scope", "subscribers:read", *c)
    assert done.stdout.startswith("crm.")
    assert "not shown again" in done.stderr
    assert "a key was called" in syndicator("key", "add", "crm", "--scope", "subscribers:read", *c).stderr
    assert "there is no scope" in syndicator("key", "add", "shop", "--scope", "all", *c).stderr
    assert "no name for a key" in syndicator("key", "add", "A B", "--scope", "subscribers:read", *c).stderr
    assert told("key", "add", "shop", "--scope", "newsletters:read", *c)["name"] == "shop"
    assert "● crm" in syndicator("key", "list", *c).stdout
    assert syndicator("key", "end", "crm", *c).returncode == 0
    assert "✕ crm" in syndicator("key", "list", *c).stdout
    assert syndicator("key", "end", "crm", *c).returncode == 1
    names = [one["name"] for one in told("key", "list", *c)["keys"]]  # type: ignore[attr-defined]
    assert names == ["crm", "shop"]

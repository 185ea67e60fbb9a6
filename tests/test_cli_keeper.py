"""Pruning, backups, moving and forgetting as an operator types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from syndicator.sandbox.world import Sandbox
from syndicator.storage.database import Database
from syndicator.wiring import utc_now
from tests.test_cli import syndicator, told


@pytest.fixture
def config(tmp_path: Path) -> Iterator[str]:
    """The sample newsroom after its evening edition: one reader has it."""
    with Sandbox(now=utc_now) as sandbox:
        path = str(sandbox.configure(tmp_path / "newsroom"))
        c = ("-c", path)
        told("ingest", *c)
        sandbox.newsroom.publish()
        told("ingest", *c)
        add = (
            "subscribers",
            "add",
            "sara@mail.example",
            "--to",
            "evening",
            "--language",
            "en",
            "--proof",
            "p",
        )
        assert syndicator(*add, *c).returncode == 0
        told("compile", "--now", "evening", *c)
        told("deliver", "letters", *c)
        assert len(sandbox.smtp.mails) == 1
        yield path


def evening(config: str) -> str:
    editions = told("status", "-c", config)["editions"]
    assert isinstance(editions, list)
    return next(str(one["edition"]) for one in editions if one["kind"] == "digest")


def database(config: str) -> Database:
    return Database(f"sqlite:///{Path(config).parent}/syndicator.db")


def test_an_editions_report_says_what_became_of_everybody(config: str) -> None:
    said = syndicator("status", evening(config), "-c", config).stdout
    assert "1 were to get it: 1 through letters" in said
    assert "● 1 sent" in said
    assert "all 1 are accounted for" in said


def test_a_report_that_does_not_add_up_is_loud(config: str) -> None:
    name = evening(config)
    opened = database(config)
    with opened.write() as connection:
        connection.execute(text("UPDATE candidates SET number = 2 WHERE channel = 'letters'"))
    opened.close()
    for words in (("status", name), ("status",)):
        done = syndicator(*words, "-c", config)
        assert done.returncode == 1
        assert "✕ it does not add up: letters had 2 candidates, and 1 are accounted for" in done.stdout
    answer = json.loads(syndicator("status", name, "-c", config, "--json").stdout)
    assert answer["editions"][0]["faults"] == ["letters had 2 candidates, and 1 are accounted for"]


def test_prune_keeps_the_report(config: str) -> None:
    name = evening(config)
    with Path(config).open("a", encoding="utf-8") as file:
        file.write('\n[database]\nkeep = "0s"\n')
    assert told("prune", "-c", config)["pruned"] == 1
    assert syndicator("prune", "-c", config).stdout == "0 reports sealed, 0 deliveries removed\n"
    said = syndicator("status", name, "-c", config).stdout
    assert "● 1 sent" in said
    assert "sealed" in said
    assert told("deliveries", "--edition", name, "-c", config)["deliveries"] == []


def test_a_backup_and_its_restore(config: str, tmp_path: Path) -> None:
    c = ("-c", config)
    made = str(told("backup", str(tmp_path), *c)["backup"])
    assert f"wrote {tmp_path / 'mine'}" in syndicator("backup", str(tmp_path / "mine"), *c).stdout
    remove = ("subscribers", "remove", "sara@mail.example", "--to", "evening")
    assert syndicator(*remove, *c).returncode == 0
    assert syndicator("restore", made, *c, stdin="n\n").returncode == 130
    done = syndicator("restore", made, "--yes", *c)
    assert done.returncode == 0, done.stderr
    assert "⏸ everything is paused" in done.stdout
    assert "everything is paused" in syndicator("status", *c).stdout
    (sara,) = told("subscribers", "list", *c)["subscribers"]  # type: ignore[misc]
    assert sara["subscriptions"][0]["consent"] == "withdrawn"
    assert told("restore", made, "--yes", *c)["paused"] is True
    assert "name a folder that `backup` made" in syndicator("restore", "nowhere", "--yes", *c).stderr


def test_a_newsroom_moves(config: str, postgresql: Database) -> None:
    c = ("-c", config)
    done = syndicator("db", "copy", "--to", postgresql.url, *c)
    assert done.returncode == 0, done.stderr
    assert "● subscribers: 1 rows" in done.stdout
    assert "this one is paused" in done.stdout
    assert "everything is paused" in syndicator("status", *c).stdout
    again = syndicator("db", "copy", "--to", postgresql.url, *c)
    assert again.returncode == 1
    assert "in it already; name an empty database" in again.stderr
    away = Path(config).parent / "away.db"
    assert told("db", "copy", "--to", "sqlite:///away.db", *c)["equal"] is True
    assert away.exists()


def test_an_address_is_suppressed_and_a_reader_forgotten(config: str) -> None:
    c = ("-c", config)
    add = ("subscribers", "add", "noor@mail.example", "--to", "evening", "--language", "en", "--proof", "p")
    done = syndicator("subscribers", "suppress", "noor@mail.example", "--why", "by phone", *c)
    assert done.stdout == "noor@mail.example gets no mail any more\n"
    assert "is suppressed" in syndicator(*add, *c).stderr
    assert syndicator("subscribers", "erase", "sara@mail.example", *c, stdin="n\n").returncode == 130
    assert syndicator("subscribers", "erase", "sara@mail.example", "--yes", *c).returncode == 0
    assert told("subscribers", "list", *c)["subscribers"] == []
    back = syndicator(
        "subscribers", "add", "Sara@mail.example", "--to", "evening", "--language", "en", "--proof", "p", *c
    )
    assert "asked to be erased" in back.stderr
    assert "is no reader" in syndicator("subscribers", "erase", "x@mail.example", "--yes", *c).stderr

"""One reader, as an operator types it; and keys for programs."""

from __future__ import annotations

import csv
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from syndicator.cli import main
from syndicator.sandbox.world import Sandbox
from syndicator.services import rolls
from syndicator.wiring import utc_now
from tests.deaths import killed
from tests.test_cli import syndicator, told
from tests.web.visitor import TOPICS

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
    more = ("--newsletter", "evening", "--topic", "business", "--frequency", "daily", "--no-breaking")
    assert (
        syndicator(*change, "--name", "Sara", "--rest", "7", "--zone", "Europe/Berlin", *more, *c).returncode
        == 0
    )
    shown = syndicator("subscribers", "show", SARA, *c).stdout
    assert "topics: business" in shown
    assert "no breaking news" in shown
    assert "Europe/Berlin" in shown
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
    limits = ("--channel", "letters", "--language", "en", "--until", "2999-01-01T00:00Z")
    assert syndicator("key", "add", "desk", "--scope", "push", *limits, *c).returncode == 0
    assert "push; on letters; in en; until 2999-01-01 00:00 UTC" in syndicator("key", "list", *c).stdout
    assert (
        "no channel 'fax'" in syndicator("key", "add", "d", "--scope", "push", "--channel", "fax", *c).stderr
    )
    assert syndicator("key", "end", "crm", *c).returncode == 0
    assert "✕ crm" in syndicator("key", "list", *c).stdout
    assert syndicator("key", "end", "crm", *c).returncode == 1
    names = [one["name"] for one in told("key", "list", *c)["keys"]]  # type: ignore[attr-defined]
    assert names == ["crm", "desk", "shop"]


def died(config: str, file: str, statement: int) -> None:
    """The real command, that dies by SIGKILL before its n-th statement that changes anything of readers."""
    rolls.BATCH, left = 40, iter(range(statement - 1))

    def count(*told: object) -> None:
        writes = str(told[2]).startswith(("INSERT", "DELETE", "UPDATE"))
        if writes and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    main(("subscribers", "import", file, "--to", "evening", "--proof", "the fair", "-c", config))


def test_an_import_that_is_killed_is_told_of_and_the_same_command_finishes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 rows in five batches: killed in each of them."""
    file = tmp_path / "readers.csv"
    file.write_text("address,language\n" + "".join(f"r{n}@x.example,en\n" for n in range(200)), "utf-8")
    monkeypatch.setattr(rolls, "BATCH", 40)
    cut: set[int] = set()
    with Sandbox(now=utc_now) as sandbox:
        for statement in range(2, 60, 3):
            config = str(sandbox.configure(tmp_path / str(statement)))
            if not killed(died, config, str(file), statement):
                break
            c = ("-c", config)
            there = len(told("subscribers", "list", "--limit", "1000", *c)["subscribers"])  # type: ignore[arg-type]
            assert there % 40 == 0  # a batch is whole or not there at all
            done = syndicator(
                "subscribers", "import", str(file), "--to", "evening", "--proof", "the fair", *c
            )
            assert (f"cut short after {there} rows" in done.stderr) == (there > 0), done.stderr
            assert f"{200 - there} new readers of evening, {there} have it already, 0 refused" in done.stdout
            found = told("subscribers", "list", "--limit", "1000", *c)["subscribers"]
            assert len({one["address"] for one in found}) == len(found) == 200  # type: ignore[arg-type, attr-defined]
            again = syndicator("subscribers", "import", str(file), "--to", "evening", "--proof", "p", *c)
            assert "cut short" not in again.stderr
            cut.add(there)
    assert cut >= {0, 40, 80, 120, 160}


def test_every_row_that_is_refused_is_in_the_file_and_summed_up(c: tuple[str, str], tmp_path: Path) -> None:
    file, into = tmp_path / "bad.csv", tmp_path / "refused.csv"
    rows = [f"r{number}@x.example,de\n" for number in range(30)] + [
        "=cmd|' /C calc'!A0,en\n",
        "good@x.example,en\n",
    ]
    file.write_text("address,language\n" + "".join(rows), "utf-8")
    words = ("subscribers", "import", str(file), "--to", "evening", "--proof", "p", "--refused", str(into))
    done = syndicator(*words, *c)
    assert done.returncode == 1
    assert "✕ 30 refused: evening has no language …" in done.stderr
    assert done.stderr.count("bad.csv, line ") == 20
    assert "all of them are in the file" in done.stderr
    with into.open(encoding="utf-8", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert [int(row["line"]) for row in written] == [*range(2, 33)]
    assert written[-1]["address"].startswith("'=cmd")
    assert "cannot be written" in syndicator(*words, *c).stderr  # it is there already
    into.unlink()
    answer = told(*words, "--skip-refused", *c)
    assert (answer["new"], answer["refused"]) == (1, 31)
    assert "say where the consent" in syndicator(*words[:5], "--proof", " ", *c).stderr

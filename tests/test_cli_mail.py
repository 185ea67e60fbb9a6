"""Mail that comes back, as an operator types it and as a mail server pipes it in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select

from syndicator.sandbox.world import Sandbox
from syndicator.storage.database import Database
from syndicator.storage.schema import audit
from syndicator.wiring import utc_now
from tests.bounces.samples import complaint, dsn
from tests.test_cli import syndicator, told

READER = "sara@readers.example"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Sandbox, Path]]:
    """A newsroom that has sent its digest to one reader; bounces arrive in a Maildir."""
    with Sandbox(now=utc_now) as sandbox:
        path = sandbox.configure(tmp_path)
        for folder in ("new", "cur", "tmp"):
            (tmp_path / "bounces" / folder).mkdir(parents=True)
        text = path.read_text("utf-8")
        text = text.replace("[channels.letters]", '[channels.letters]\nbounces = "bounces@news.example"', 1)
        path.write_text(f'{text}\n[bounces]\nkind = "maildir"\npath = "bounces"\n', "utf-8")
        c = ("-c", str(path))
        syndicator("subscribers", "add", READER, "--to", "evening", "--language", "en", "--proof", "p", *c)
        syndicator("ingest", *c)
        sandbox.newsroom.publish(3)
        syndicator("ingest", *c)
        syndicator("compile", "--now", "evening", *c)
        syndicator("deliver", "letters", *c)
        yield sandbox, path


def stands(path: Path) -> object:
    (one,) = told("subscribers", "list", "-c", str(path))["subscribers"]  # type: ignore[misc, attr-defined]
    return one["subscriptions"][0]["consent"]


def test_a_mail_s_own_return_path_leads_back(world: tuple[Sandbox, Path]) -> None:
    sandbox, path = world
    (mail,) = sandbox.smtp.mails
    assert mail.sender.startswith("bounces+")
    file = path.parent / "bounces" / "new" / "1.a"
    file.write_bytes(dsn(to=mail.sender, recipient=READER))
    assert syndicator("doctor", "-c", str(path)).stdout.count("● bounces: 1 mails wait") == 1
    assert told("bounces", "-c", str(path)) == {"heard": {"hard": 1}, "faults": {}}
    assert stands(path) == "suppressed"
    assert not file.exists()
    assert syndicator("bounces", "-c", str(path)).stdout == "nothing came back\n"


def test_a_mail_server_pipes_it_in(world: tuple[Sandbox, Path]) -> None:
    sandbox, path = world
    about = str(sandbox.smtp.mails[0].message["Message-ID"])
    raw = complaint(about=about, recipient=READER).decode()
    said = syndicator("bounce", "-c", str(path), stdin=raw)
    assert (said.returncode, said.stdout) == (0, "complaint: complaint; the reader gets no mail any more\n")
    again = json.loads(syndicator("bounce", "--json", "-c", str(path), stdin=raw).stdout)
    assert again == {"kind": "complaint", "reason": "complaint", "again": True, "suppressed": False}
    assert stands(path) == "suppressed"


def test_a_mail_that_was_not_heard_stays_with_the_mail_server(tmp_path: Path) -> None:
    assert syndicator("bounce", "-c", str(tmp_path / "none.toml"), stdin="x").returncode == 75


def test_a_fault_of_ours_stands_in_the_status(world: tuple[Sandbox, Path]) -> None:
    sandbox, path = world
    raw = dsn("5.7.26", "550 5.7.26 DMARC", to=sandbox.smtp.mails[0].sender).decode()
    assert syndicator("bounce", "-c", str(path), stdin=raw).stdout == "ours: authentication\n"
    assert (
        "✕ 1 mails came back for a fault of ours: authentication"
        in syndicator("status", "-c", str(path)).stdout
    )
    assert told("status", "-c", str(path))["mail_faults"] == {"authentication": 1}
    assert stands(path) == "given"
    database = Database(f"sqlite:///{path.parent}/syndicator.db")
    with database.read() as connection:
        assert [row.what for row in connection.execute(select(audit))] == ["subscribe", "fault of ours"]
    database.close()


def test_a_newsletter_is_tried_out_past_the_ledger(world: tuple[Sandbox, Path]) -> None:
    sandbox, path = world
    c = ("-c", str(path))
    nothing = syndicator("newsletter", "test", "evening", "--to", "dana@newsroom.example", *c)
    assert nothing.returncode == 1
    assert "no stories now" in nothing.stderr
    sandbox.newsroom.publish()
    syndicator("ingest", *c)
    before = told("status", *c)
    sent = told(
        "newsletter", "test", "evening", "--to", "dana@newsroom.example", "--to", "azad@newsroom.example", *c
    )["sent"]
    assert isinstance(sent, list)
    mails = sandbox.smtp.mails[1:]
    assert len(mails) == len(sent)
    assert {mail.recipient for mail in mails} == {"dana@newsroom.example", "azad@newsroom.example"}
    assert all(str(mail.message["Subject"]).startswith("[Test] ") for mail in mails)
    assert len({str(mail.message["Message-ID"]) for mail in mails}) == len(mails)
    assert {one["outcome"] for one in sent} == {"accepted"}
    assert told("status", *c) == before
    planned = told("compile", "--now", "evening", *c)["editions"]
    assert isinstance(planned, list)
    assert any(one.startswith("digest:evening") for one in planned)  # the stories are still to be sent


def test_a_newsletter_is_written_into_a_folder(world: tuple[Sandbox, Path], tmp_path: Path) -> None:
    sandbox, path = world
    c = ("-c", str(path))
    folder = tmp_path / "proofs" / "new"
    nothing = syndicator("newsletter", "preview", "evening", "--to", str(folder), *c)
    assert (nothing.returncode, "no stories now" in nothing.stderr) == (1, True)
    sandbox.newsroom.publish()
    syndicator("ingest", *c)
    before, sent = told("status", *c), len(sandbox.smtp.mails)
    written = told("newsletter", "preview", "evening", "--language", "ckb", "--to", str(folder), *c)["proofs"]
    assert [one["language"] for one in written] == ["ckb"]  # type: ignore[attr-defined]
    assert sorted(file.name for file in folder.iterdir()) == [
        f"evening.ckb.{end}" for end in ("eml", "html", "txt")
    ]
    mail = message_from_bytes((folder / "evening.ckb.eml").read_bytes(), policy=policy.default)
    assert mail["To"] == "reader@mail.example"
    assert str(mail["Subject"]).startswith("پوختەی ئێوارە: ")
    assert not mail.defects
    shown, plain = ((folder / f"evening.ckb.{end}").read_text("utf-8") for end in ("html", "txt"))
    assert 'dir="rtl"' in shown
    for text in (shown, plain):
        assert "reader@mail.example" in text
        assert "/unsubscribe/" in text
        assert "\ue000" not in text
    everything = syndicator("newsletter", "preview", "evening", "--to", str(folder), *c)
    assert [line.split()[0] for line in everything.stdout.splitlines()] == ["ckb", "ar"]
    assert (told("status", *c), len(sandbox.smtp.mails)) == (before, sent)
    (tmp_path / "file").write_text("x", "utf-8")
    refused = syndicator("newsletter", "preview", "evening", "--to", str(tmp_path / "file"), *c)
    assert (refused.returncode, "name a folder" in refused.stderr) == (1, True)
    other = syndicator("newsletter", "preview", "evening", "--language", "fr", "--to", str(folder), *c)
    assert "no stories now in fr" in other.stderr


def test_a_form_is_printed(world: tuple[Sandbox, Path]) -> None:
    _, path = world
    form = syndicator("newsletter", "form", "evening", "--language", "ar", "-c", str(path)).stdout
    assert form.startswith('<form method="post" action="http://')
    assert 'name="newsletter" value="evening"' in form
    assert syndicator("newsletter", "form", "nobody", "-c", str(path)).returncode == 1


def test_a_story_is_taken_back(world: tuple[Sandbox, Path]) -> None:
    _, path = world
    c = ("-c", str(path))
    story = told("articles", "--language", "en", *c)["articles"][0]["id"]  # type: ignore[index]
    said = syndicator("retract", str(story), "--why", "wrong", *c)
    assert (said.returncode, "is retracted" in said.stdout) == (0, True)
    assert told("retract", str(story), "--undo", *c) == {
        "article": story,
        "retracted": False,
        "paused": [],
        "editions": [],
        "faults": [],
        "spared": 0,
    }

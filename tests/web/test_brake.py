"""The reader's own brake, over real HTTP: what may end or begin mail, for how long, and what never does."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from syndicator.model import Consent
from syndicator.services.rolls import Refusal
from syndicator.storage.schema import audit, barred, links, metadata, subscribers, subscriptions
from tests.web.visitor import SARA, Visitor, own

READERS = (subscribers, subscriptions, links, barred, audit)


def standing(visitor: Visitor) -> dict[str, list[tuple[object, ...]]]:
    with visitor.app.database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=str)
            for table in READERS
        }


def mailed(visitor: Visitor) -> set[str]:
    """Every link of ours in every mail, of its text and of its head."""
    visitor.mails()
    found: set[str] = set()
    for mail in visitor.sandbox.smtp.mails:
        whole = f"{mail.part('plain')} {mail.part('html')} {mail.message['List-Unsubscribe']}"
        found |= set(re.findall(rf"{visitor.base}(/[a-z]+/[\w.=-]+)", whole))
    return found


def test_100_scanners_that_open_every_link_of_every_mail_change_nothing(visitor: Visitor) -> None:
    visitor.ask(address="noor@readers.example")
    visitor.join()
    visitor.digest()
    for purpose in ("move", "export", "erase"):
        visitor.http.post(own(visitor), data={"mail": purpose})
    visitor.http.post(visitor.link("move"), data={"address": "new@readers.example"})
    visitor.http.post(own(visitor), data={"mail": "move"})
    found = mailed(visitor)
    purposes = {link.split("/")[1] for link in found}
    assert purposes >= {"confirm", "preferences", "unsubscribe", "move", "export", "erase", "arrive"}
    before = standing(visitor)
    for number in range(100):
        link = sorted(found)[number % len(found)]
        visitor.http.request("HEAD" if number % 3 else "GET", link)
        visitor.http.get(link, headers={"purpose": "prefetch", "user-agent": "LinkScanner"})
    assert standing(visitor) == before
    assert set(before) <= set(metadata.tables)


def test_one_click_needs_no_cookie_and_holds_for_what_is_planned_already(visitor: Visitor) -> None:
    """RFC 8058: a POST by a program that was never here before."""
    visitor.join()
    visitor.digest()
    head = visitor.sandbox.smtp.mails[-1].message
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(head["List-Unsubscribe"]).strip("<>")
    visitor.clock.time += timedelta(days=1)
    visitor.sandbox.newsroom.publish()
    visitor.app.look()
    visitor.app.compile(["evening"])
    before = len(visitor.sandbox.smtp.mails)
    done = httpx.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.history) == (200, [])
    assert "set-cookie" not in done.headers
    visitor.app.deliver("letters")
    assert len(visitor.sandbox.smtp.mails) == before
    assert visitor.stands() is Consent.WITHDRAWN
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200  # twice is once


def test_a_leave_link_works_after_ten_years_and_a_confirmation_does_not(visitor: Visitor) -> None:
    visitor.join()
    visitor.digest()
    leave = visitor.link("unsubscribe")
    visitor.ask(address="noor@readers.example")
    confirm = visitor.link("confirm")
    visitor.clock.time += timedelta(days=3653)
    assert visitor.http.post(confirm).status_code == 404
    assert visitor.stands("noor@readers.example") is Consent.ASKED
    assert visitor.http.post(leave).status_code == 200
    assert visitor.stands() is Consent.WITHDRAWN


def test_who_was_forgotten_stays_so_after_a_restored_backup_and_a_list(
    visitor: Visitor, tmp_path: Path
) -> None:
    visitor.join()
    app = visitor.app
    app.memory.turn(app.database, visitor.clock.now())
    backup = app.vault.back_up(tmp_path / "copy")
    visitor.http.post(own(visitor), data={"mail": "erase"})
    visitor.http.post(visitor.link("erase"))
    assert visitor.stands() is None
    app.vault.restore(backup)
    assert visitor.stands() is None
    file, refused = tmp_path / "old.csv", list[Refusal]()
    file.write_text(f"address,language\n{SARA.upper()},en\n", "utf-8")
    told = app.circulation.enrol(
        file,
        "evening",
        languages=app.settings.languages_in("evening"),
        proof="p",
        write=True,
        refused=refused.append,
    )
    assert (told.new, told.refused) == (0, 1)
    assert "asked to be erased" in refused[0].reason
    with app.database.read() as connection:
        (bar,) = connection.execute(select(barred)).all()
    assert len(bar.address_hash) == 64
    assert "sara" not in str(tuple(bar)).casefold()
    assert "sara" not in app.memory.path.read_text("utf-8").casefold()


@pytest.mark.parametrize("frame", ["", "?embed"])
def test_no_page_and_no_answer_sets_a_cookie(visitor: Visitor, frame: str) -> None:
    visitor.join()
    for path in (f"/subscribe{frame}", own(visitor), visitor.link("confirm"), "/unsubscribe/x"):
        assert "set-cookie" not in visitor.http.get(path).headers
        assert "set-cookie" not in visitor.http.post(path, data={}).headers

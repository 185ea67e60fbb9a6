"""What a relay's log says of a doubt: taken, surely not taken, or nobody can tell."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syndicator.channels.email import EmailChannel
from syndicator.channels.email.relay_log import Story, told
from syndicator.errors import ChannelError
from syndicator.model import ChannelId, Outcome, Receipt
from syndicator.ports import World
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.smtp import SmtpStandIn
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, U = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.UNCERTAIN
OURS = "<ours@news.example>"
SINCE = NOW - timedelta(minutes=22)  # before the attempt


def line(minutes: float, said: str, program: str = "cleanup") -> str:
    """A line so many minutes before now."""
    at = NOW - timedelta(minutes=minutes)
    return f"{at.isoformat(timespec='microseconds')} mx postfix/{program}[77]: {said}"


BEFORE = line(60, "statistics: max connection rate 1/60s", "anvil")
UNTIL_NOW = line(0.1, "connect from localhost[127.0.0.1]", "smtpd")
NAMED = line(20, f"4bZ1qk2xW0z5: message-id={OURS}")
QUEUED = line(20, "4bZ1qk2xW0z5: from=<bounces@news.example>, size=911, nrcpt=1 (queue active)", "qmgr")


@pytest.mark.parametrize(
    ("lines", "outcome", "said"),
    [
        ([BEFORE, NAMED, QUEUED, UNTIL_NOW], A, "took it as 4bZ1qk2xW0z5"),
        ([NAMED, QUEUED], A, "took it"),  # what it shows is true, whatever it does not show
        ([BEFORE, UNTIL_NOW], D, "does not show it"),
        (
            [BEFORE, NAMED, UNTIL_NOW],
            U,
            "does not show it queued",
        ),  # the line broke in the middle of the body
        ([UNTIL_NOW], U, "begins only at"),  # rotated away
        ([BEFORE], U, "stands still or has another clock"),
        ([BEFORE, UNTIL_NOW, line(-4, "x", "smtpd")], U, "another clock"),
        ([BEFORE, line(10, "x", "smtpd"), line(30, "x", "smtpd"), UNTIL_NOW], U, "another clock"),
        ([], U, "no line of Postfix"),
        (["2026-03-01T08:00:00+00:00 mx dovecot[1]: started", "\x00\x00", ""], U, "no line of Postfix"),
        ([BEFORE, NAMED.replace("ours@", "other@"), QUEUED, UNTIL_NOW], D, "does not show it"),
        (
            [BEFORE, NAMED.replace("message-id", "resent-message-id"), QUEUED, UNTIL_NOW],
            D,
            "does not show it",
        ),
        ([BEFORE, NAMED.replace("postfix/", "postfix-out/submission/"), QUEUED, UNTIL_NOW], A, "took it"),
        ([BEFORE, NAMED.replace("+00:00", ""), QUEUED, UNTIL_NOW], D, "does not show"),  # no zone: no moment
    ],
)
def test_what_a_log_says(lines: list[str], outcome: Outcome, said: str) -> None:
    found, why = told(lines, NOW).verdict(OURS, SINCE, NOW)
    assert found is outcome
    assert said in why


def test_a_queue_id_that_comes_again_is_another_mail() -> None:
    other = line(10, "4bZ1qk2xW0z5: message-id=<other@news.example>")
    queued = line(10, "4bZ1qk2xW0z5: from=<a@b.example>, size=1, nrcpt=1 (queue active)", "qmgr")
    assert told([BEFORE, NAMED, other, queued, UNTIL_NOW], NOW).verdict(OURS, SINCE, NOW)[0] is U


@pytest.mark.parametrize(
    ("now", "written", "year"),
    [
        (datetime(2026, 3, 1, 9).astimezone(), "Mar  1 08:59:00", 2026),
        (datetime(2026, 1, 1, 0, 5).astimezone(), "Dec 31 23:59:00", 2025),
        (datetime(2025, 12, 31, 23, 59).astimezone(), "Jan  1 00:01:00", 2026),
        (datetime(2026, 3, 1, 9).astimezone(), "Feb 29 12:00:00", None),
    ],
)
def test_lines_without_a_year_are_the_newest_such_day(now: datetime, written: str, year: int | None) -> None:
    story = told([f"{written} mx postfix/smtpd[1]: connect from localhost[127.0.0.1]"], now)
    assert (story.first.year if story.first else None) == year


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[SmtpStandIn]:
    """It wrote its first line an hour ago."""
    log = tmp_path / "mail.log"
    log.write_text(BEFORE + "\n", "utf-8")
    with SmtpStandIn(log=log, now=lambda: NOW) as there:
        yield there


def channel(there: SmtpStandIn, world: World = WORLD, **settings: object) -> EmailChannel:
    told = {"host": there.host, "port": there.port, "tls": "none", "sender": "news@courier.example"}
    told |= {"events": there.log, "timeout": 2.0}
    return EmailChannel(EmailChannel.Settings.model_validate(told | settings), world, id=ChannelId("letters"))


LETTER = parcel(7, subject="Rain", address="r@readers.example", blanks={"message_id": OURS})


def look_up(there: SmtpStandIn, **settings: object) -> Receipt:
    with channel(there, **settings) as letters:
        receipt: Receipt = letters.look_up(LETTER, SINCE)
        return receipt


def test_without_events_mail_cannot_be_read_back(relay: SmtpStandIn) -> None:
    assert channel(relay).capabilities.can_look_up
    assert not channel(relay, events=None).capabilities.can_look_up
    assert not hasattr(channel(relay, events=None), "look_up")


@pytest.mark.parametrize(("fault", "outcome"), [(Fault.DROP_AFTER_ACCEPT, A), (Fault.DROP_BEFORE_ACCEPT, D)])
def test_a_doubt_is_settled_by_what_the_relay_wrote(
    relay: SmtpStandIn, fault: Fault, outcome: Outcome
) -> None:
    relay.faults.coming(fault)
    lane = ListLane([LETTER])
    with channel(relay) as letters:
        letters.run(lane)
    found = look_up(relay)
    assert (found.outcome, found.delivery) == (outcome, 7)
    assert found.remote_ids == ((OURS,) if outcome is A else ())
    assert len(relay.mails) == (outcome is A)


def test_the_sibling_that_was_rotated_away_is_read_first(relay: SmtpStandIn) -> None:
    assert relay.log
    relay.log.rename(relay.log.with_name("mail.log.1"))
    relay.log.write_text(f"{NAMED}\n{QUEUED}\n", "utf-8")
    assert look_up(relay).outcome is A
    relay.log.write_text("", "utf-8")
    assert look_up(relay).outcome is D


def test_a_relay_that_cannot_be_asked_proves_nothing(relay: SmtpStandIn, tmp_path: Path) -> None:
    found = look_up(relay, events=tmp_path / "nowhere.log")
    assert (found.outcome, "cannot be asked" in found.detail) == (U, True)
    with pytest.raises(ChannelError, match=r"nowhere.log: No such file.*take events out"):
        channel(relay, events=tmp_path / "nowhere.log").probe()
    assert "lets news@courier.example in" in channel(relay).probe()
    with SmtpStandIn() as gone:
        port = gone.port
    assert look_up(relay, port=port).outcome is U


def test_a_log_that_stands_still_is_waited_for_once(relay: SmtpStandIn) -> None:
    waited: list[float] = []
    assert relay.log
    log, relay.log = relay.log, None  # whatever is asked, nothing is written
    log.write_text(BEFORE + "\n", "utf-8")

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        with log.open("a") as file:
            file.write(UNTIL_NOW + "\n")
        return False

    assert look_up(relay, events=log).outcome is U
    with channel(relay, replace(WORLD, wait=wait), events=log) as letters:
        assert letters.look_up(LETTER, SINCE).outcome is D
        assert letters.look_up(LETTER, SINCE).outcome is D  # read a moment ago
    assert waited == [2.0]


def test_an_empty_story_says_nothing() -> None:
    assert Story().verdict(OURS, SINCE, NOW)[0] is U


def test_a_mail_bounces_to_its_own_delivery(relay: SmtpStandIn) -> None:
    token = "k" * 40
    mail = replace(LETTER, blanks={**LETTER.blanks, "verp": token})
    with channel(relay, bounces="bounces@news.example") as letters:
        letters.run(ListLane([mail]))
    with channel(relay) as letters:
        letters.run(ListLane([mail]))
    assert [one.sender for one in relay.mails] == [f"bounces+{token}@news.example", "news@courier.example"]


def test_a_bounces_address_that_leaves_no_room_is_refused(relay: SmtpStandIn) -> None:
    with pytest.raises(ValueError, match="bounces"):
        channel(relay, bounces=f"{'b' * 24}@news.example")

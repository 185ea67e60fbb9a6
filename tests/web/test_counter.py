"""A reader's own way through the pages, over real HTTP: ask, confirm, choose, move, take along, go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from syndicator.app import App
from syndicator.errors import NotFound, Refused
from syndicator.model import Article, ArticleId, Consent, EditionId, Language
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.services.desk import Newsletter
from syndicator.services.frontdesk import Rack
from syndicator.storage import archive, ledger, readers, wishes
from syndicator.web.pages import serving

SARA = "sara@readers.example"
TOPICS = """
[newsletters.evening.topics.breaking]
titles = { en = "Breaking", ckb = "بەپەلە", ar = "عاجل" }
stories = { sections = ["Breaking", "بەپەلە", "عاجل"] }

[newsletters.evening.topics.business]
titles = { en = "Business", ckb = "ئابووری", ar = "اقتصاد" }
stories = { sections = ["Business", "ئابووری", "اقتصاد"] }

[newsletters.noon]
channel = "letters"
timetable = "0 12 * * *"
titles = { en = "Noon digest", ckb = "پوختەی نیوەڕۆ", ar = "نشرة الظهر" }
"""


@dataclass
class Clock:
    time: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


class Visitor:
    """A person with a browser and a mailbox."""

    def __init__(self, sandbox: Sandbox, app: App, clock: Clock, base: str) -> None:
        self.sandbox, self.app, self.clock, self.base = sandbox, app, clock, base
        self.http = httpx.Client(base_url=base)

    def fields(self, **more: object) -> dict[str, object]:
        """The form as it was shown, filled in by hand a little later."""
        shown = self.http.get("/subscribe", params={"language": more.get("language", "en")}).text
        told = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown))
        self.clock.time += timedelta(seconds=5)
        return {**told, "address": SARA, "newsletter": "evening", **more}

    def ask(self, **more: object) -> httpx.Response:
        return self.http.post("/subscribe", data=self.fields(**more))

    def mails(self) -> list[str]:
        """Delivers what waits; who got something."""
        self.app.gate.preflight.look()
        self.app.deliver("letters")
        return [mail.recipient for mail in self.sandbox.smtp.mails]

    def link(self, purpose: str) -> str:
        """The path of the newest link of this purpose in a mail."""
        self.mails()
        for mail in reversed(self.sandbox.smtp.mails):
            if found := re.search(rf"{self.base}(/{purpose}/\S+)", mail.part("plain")):
                return found[1]
        raise AssertionError(purpose)

    def join(self, **more: object) -> None:
        self.ask(**more)
        assert self.http.post(self.link("confirm")).status_code == 200

    def stands(self, address: str = SARA, newsletter: str = "evening") -> Consent | None:
        with self.app.database.read() as connection:
            who = readers.find(connection, address)
            return readers.standing_of(connection, who.id, newsletter) if who else None

    def digest(self) -> str:
        """Sends a digest; its edition."""
        self.clock.time += timedelta(hours=1)
        self.app.look()
        self.sandbox.newsroom.publish()
        self.app.look()
        (edition,) = self.app.compile(["evening"]).editions[-1:]
        self.app.deliver("letters")
        return edition


@pytest.fixture
def visitor_with(tmp_path: Path) -> Iterator[Callable[[str], Visitor]]:
    """A visitor of a newsroom whose evening digest begins with these lines of its configuration."""
    clock = Clock()
    with ExitStack() as open_:
        sandbox = open_.enter_context(Sandbox(now=clock.now))

        def made(evening: str) -> Visitor:
            path = sandbox.configure(tmp_path)
            told = path.read_text("utf-8").replace("[newsletters.evening]", evening)
            path.write_text(told + TOPICS, "utf-8")
            app = open_.enter_context(App.opened(path, {}, now=clock.now))
            visitor = Visitor(sandbox, app, clock, open_.enter_context(serving(app)))
            open_.enter_context(visitor.http)
            return visitor

        yield made


@pytest.fixture
def visitor(visitor_with: Callable[[str], Visitor]) -> Visitor:
    return visitor_with("[newsletters.evening]")


def test_nobody_is_a_reader_before_the_button_in_the_mail_is_pressed(visitor: Visitor) -> None:
    assert visitor.ask(language="ckb").status_code == 200
    assert visitor.stands() is Consent.ASKED
    link = visitor.link("confirm")
    (mail,) = visitor.sandbox.smtp.mails
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["List-Unsubscribe"] is None
    assert "پشتڕاستی بکەرەوە" in str(mail.message["Subject"])
    done = visitor.http.post(link)
    assert "بەخێربێیت" in done.text
    assert visitor.stands() is Consent.GIVEN
    with visitor.app.database.read() as connection:
        (letter,) = ledger.listed(connection, state=None, channel="letters", edition=None, limit=9)
        found = ledger.report(connection, str(letter["edition"]))
    assert (found.states, found.faults) == ({"sent": 1}, ())


def test_100_scanners_that_open_a_confirmation_change_nothing_and_one_press_does(visitor: Visitor) -> None:
    visitor.ask()
    link = visitor.link("confirm")
    for _ in range(50):
        assert visitor.http.get(link).status_code == 200
        visitor.http.head(link)
    assert visitor.stands() is Consent.ASKED
    visitor.http.post(link)
    assert visitor.stands() is Consent.GIVEN


def test_100_scanners_that_open_an_unsubscribe_link_change_nothing_and_one_press_does(
    visitor: Visitor,
) -> None:
    visitor.join()
    link = visitor.digest() and visitor.link("unsubscribe")
    for _ in range(50):
        assert visitor.http.get(link).status_code == 200
        visitor.http.head(link)
    assert visitor.stands() is Consent.GIVEN
    assert httpx.post(visitor.base + link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert visitor.stands() is Consent.WITHDRAWN


def test_the_links_of_earlier_versions_still_work(visitor: Visitor) -> None:
    visitor.join()
    link = visitor.digest() and visitor.link("unsubscribe")
    assert visitor.http.post(link.replace("/unsubscribe/", "/leave/")).status_code == 200
    assert visitor.stands() is Consent.WITHDRAWN


def test_a_confirmation_works_once_and_for_two_days(visitor: Visitor) -> None:
    visitor.ask()
    link = visitor.link("confirm")
    visitor.http.post(link)
    again = visitor.http.post(link)
    assert (again.status_code, "used up" in again.text) == (404, True)
    visitor.ask(address="noor@readers.example")
    late = visitor.link("confirm")
    visitor.clock.time += timedelta(hours=49)
    assert visitor.http.post(late).status_code == 404
    assert visitor.stands("noor@readers.example") is Consent.ASKED


def test_proof_says_when_from_where_and_which_words(visitor: Visitor) -> None:
    visitor.join()
    with visitor.app.database.read() as connection:
        proof = connection.execute(text("SELECT proof FROM subscriptions")).scalar_one()
        version, words = connection.execute(text("SELECT version, text FROM wordings")).one()
    assert re.fullmatch(
        rf"asked 2026-03-01 09:00 UTC from 127\.0\.0\.0/24; words {version}; "
        r"confirmed 2026-03-01 09:00 UTC from 127\.0\.0\.0/24",
        proof,
    )
    assert words in visitor.http.get("/subscribe?language=en").text


def test_known_and_unknown_addresses_get_the_same_answer(visitor: Visitor) -> None:
    visitor.app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    visitor.app.suppress("gone@readers.example", "bounced", by="t")
    answers = set()
    for address in (SARA, "new@readers.example", "gone@readers.example", SARA):
        told = visitor.ask(address=address)
        answers.add((told.status_code, told.text.replace(address, "ADDRESS")))
    assert len(answers) == 1
    assert sorted(visitor.mails()) == ["new@readers.example", SARA]  # once, and that it comes already
    assert visitor.stands() is Consent.GIVEN
    assert "/preferences/" in visitor.link("preferences")


# Nobody is bombed from here


def test_a_form_that_a_machine_filled_in_sends_nothing(visitor: Visitor) -> None:
    told = visitor.ask(website="https://spam.example")
    assert "Look into your mailbox" in told.text  # it need not know
    quick = visitor.fields(address="quick@readers.example")
    visitor.clock.time -= timedelta(seconds=4)
    told = visitor.http.post("/subscribe", data=quick)
    assert (told.status_code, "press the button once more" in told.text) == (422, True)
    for stamp in ("x", "1.MQ.AAAA", str(quick["stamp"])[:-2]):
        assert visitor.http.post("/subscribe", data=quick | {"stamp": stamp}).status_code == 422
    old = visitor.fields()
    visitor.clock.time += timedelta(hours=25)
    assert visitor.http.post("/subscribe", data=old).status_code == 422
    assert visitor.mails() == []


def test_one_confirmation_an_address_a_day(visitor: Visitor) -> None:
    for _ in range(3):
        visitor.ask()
    assert visitor.mails() == [SARA]
    visitor.clock.time += timedelta(hours=25)
    visitor.ask(address="SARA@readers.example")
    assert visitor.mails() == [SARA] * 2


def test_caps_of_a_network_a_domain_and_altogether(visitor: Visitor) -> None:
    def asked(number: int, place: str, domain: str = "a.example") -> int:
        headers = {"x-forwarded-for": place}  # as the proxy on this machine says
        fields = visitor.fields(address=f"r{number}@{domain}")
        return visitor.http.post("/subscribe", data=fields, headers=headers).status_code

    assert {asked(number, f"198.51.100.{number}") for number in range(10)} == {200}
    assert asked(10, "198.51.100.99") == 429  # one network
    assert asked(11, "2001:db8:1:2::1") == 200
    visitor.clock.time += timedelta(hours=2)
    caps = visitor.app.circulation.front._caps
    object.__setattr__(caps, "domain", 2)
    assert [asked(20 + n, f"203.0.{n}.1", "victim.example") for n in range(3)] == [200, 200, 429]
    object.__setattr__(caps, "altogether", 3)
    assert [asked(30 + n, f"203.1.{n}.1", f"d{n}.example") for n in range(2)] == [200, 429]


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "sara@readers.example\r\nBcc: all@readers.example"},
        {"address": "sara@readers.example, all@readers.example"},
        {"address": "nobody"},
        {"newsletter": "nowhere"},
        {"newsletter": []},
    ],
)
def test_header_injection_and_other_nonsense_in_the_form_is_refused(
    visitor: Visitor, wrong: dict[str, object]
) -> None:
    told = visitor.ask(**wrong)
    assert (told.status_code, 'role="alert"' in told.text) == (422, True)
    assert visitor.mails() == []


def test_a_stranger_changes_nothing_of_a_confirmed_reader(visitor: Visitor) -> None:
    visitor.join(language="ckb")
    visitor.clock.time += timedelta(hours=25)
    visitor.ask(language="ar", newsletter=["evening", "noon"])
    with visitor.app.database.read() as connection:
        sara = readers.find(connection, SARA)
    assert (sara and sara.language, visitor.stands(), visitor.stands(newsletter="noon")) == (
        "ckb",
        Consent.GIVEN,
        Consent.ASKED,
    )
    visitor.http.post(visitor.link("confirm"))
    assert visitor.stands(newsletter="noon") is Consent.GIVEN


def test_who_asked_and_never_confirmed_is_forgotten(visitor: Visitor) -> None:
    visitor.ask()
    visitor.mails()
    visitor.clock.time += timedelta(days=33)
    visitor.app.circulation.front.sweep()
    assert visitor.stands() is None


# Choosing


def prefer(visitor: Visitor, path: str, **more: object) -> httpx.Response:
    told: dict[str, object] = {"newsletter": "evening", "language": "en", "rest": ""}
    return visitor.http.post(path, data=told | more)


def own(visitor: Visitor, address: str = SARA) -> str:
    """The address of a reader's preferences page, as each mail has it."""
    with visitor.app.database.read() as connection:
        reader = readers.find(connection, address)
    assert reader
    return f"/preferences/{visitor.app.circulation.front.preferences_token(reader)}"


def test_topics_narrow_a_digest_and_readers_of_the_same_choice_share_a_post(visitor: Visitor) -> None:
    for name in ("one", "two", "all"):
        visitor.join(address=f"{name}@readers.example")
    for name in ("one", "two"):
        prefer(visitor, own(visitor, f"{name}@readers.example"), **{"topic:evening": "business"})
    edition = visitor.digest()
    mails = {m.recipient: m.part("plain") for m in visitor.sandbox.smtp.mails if m.message["List-Id"]}
    assert {name: ("Rain closes" in text, "pomegranates" in text) for name, text in mails.items()} == {
        "one@readers.example": (False, True),
        "two@readers.example": (False, True),
        "all@readers.example": (True, True),
    }
    with visitor.app.database.read() as connection:
        report = ledger.report(connection, edition)
        posts = connection.execute(
            text("SELECT variant FROM (SELECT DISTINCT post AS variant FROM deliveries)")
        )
        variants = [
            str(one).removeprefix(f"{edition}:letters:") for one in posts.scalars() if "digest" in one
        ]
    assert (report.states, report.faults) == ({"sent": 3}, ())
    assert sorted(variants) == ["en:0", "en:0+business"]


def test_who_chose_topics_that_have_no_story_gets_nothing_and_the_report_says_why(visitor: Visitor) -> None:
    visitor.join()
    prefer(visitor, own(visitor), **{"topic:evening": "business"})
    visitor.app.look()
    visitor.sandbox.newsroom.publish(2)  # none of business
    visitor.app.look()
    newsletter = visitor.app.newsletters["evening"]
    only_breaking = replace(newsletter, topics={**newsletter.topics, "breaking": lambda article: True})
    visitor.app.desk.digests.plan(only_breaking, visitor.clock.now())
    with visitor.app.database.read() as connection:
        report = ledger.report(connection, ledger.latest(connection, 1)[0])
    assert (report.reasons, report.faults) == ({"excluded": {"no-stories-in-topics": 1}}, ())


def test_at_most_one_a_day_or_a_week(visitor: Visitor) -> None:
    for often in ("every", "daily", "weekly"):
        address = f"{often}@readers.example"
        visitor.join(address=address)
        prefer(visitor, own(visitor, address), **{"frequency:evening": often})
    got: list[list[str]] = []
    for hours in (0, 2, 22, 24 * 5, 24 * 2):
        visitor.clock.time += timedelta(hours=hours)
        before = len(visitor.sandbox.smtp.mails)
        edition = EditionId(f"digest:evening:{visitor.clock.now().isoformat()}")
        story = visitor.app.desk.digests.plan(visitor_newsletter(visitor), visitor.clock.now())
        assert story.editions == (edition,)
        got.append(sorted({m.split("@")[0] for m in visitor.mails()[before:]}))
        with visitor.app.database.read() as connection:
            assert ledger.report(connection, edition).faults == ()
    assert got == [
        ["daily", "every", "weekly"],
        ["every"],
        ["daily", "every"],
        ["daily", "every"],
        ["daily", "every", "weekly"],
    ]


def visitor_newsletter(visitor: Visitor) -> Newsletter:
    """The evening digest, with a story of this hour."""
    now = visitor.clock.now()
    article = Article(
        id=ArticleId(f"story-{now:%Y%m%d%H}"),
        revision=1,
        url=f"https://news.example/{now:%Y%m%d%H}",
        language=Language("en"),
        headline=f"What happened by {now:%H:%M}",
        body=("Much.",),
        published_at=now,
        fingerprint=now.isoformat(),
    )
    with visitor.app.database.write() as connection:
        archive.record(connection, article, source="s", now=now, fresh=True)
    return visitor.app.newsletters["evening"]


FLASHES = """[newsletters.evening]
flash = { sections = ["Breaking", "بەپەلە", "عاجل"] }
breaking = false
zone = "reader"
"""


@pytest.fixture
def alert(visitor_with: Callable[[str], Visitor]) -> Visitor:
    """The evening digest has flashes, for who asks for them, and comes at its hour where a reader lives."""
    return visitor_with(FLASHES)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Breaking news at once, each in a mail of its own"),
        ("ckb", "هەواڵی بەپەلە یەکسەر، هەریەکەیان لە نامەیەکی جیاوازدا"),
        ("ar", "الأخبار العاجلة فوراً، كل خبر في رسالة مستقلة"),
    ],
)
def test_a_reader_is_asked_whether_breaking_news_shall_come_too(
    alert: Visitor, language: str, words: str
) -> None:
    shown = alert.http.get("/subscribe", params={"language": language}).text
    assert (words in shown, 'name="breaking" value="evening">' in shown) == (
        True,
        True,
    )  # not ticked: breaking = false
    alert.join(language=language)
    alert.join(language=language, address="noor@readers.example", breaking="evening")
    assert [wish(alert, address).breaking for address in (SARA, "noor@readers.example")] == [False, True]
    page = alert.http.get(own(alert)).text
    assert (words in page, 'name="breaking" value="evening" checked' in page) == (True, False)
    prefer(alert, own(alert), flashes="evening", breaking="evening")
    assert wish(alert).breaking is True
    assert 'name="breaking" value="evening" checked' in alert.http.get(own(alert)).text
    prefer(alert, own(alert))  # a form of an earlier version, which did not ask
    assert wish(alert).breaking is True
    prefer(alert, own(alert), flashes="evening")
    assert wish(alert).breaking is False


def test_a_newsletter_without_flashes_does_not_ask(visitor: Visitor) -> None:
    visitor.join()
    for path in ("/subscribe", own(visitor)):
        shown = visitor.http.get(path).text
        assert ('name="breaking"' in shown, 'name="zone"' in shown) == (False, False)
    assert wish(visitor).breaking is None


def test_a_stranger_does_not_change_what_a_reader_said_of_breaking_news(alert: Visitor) -> None:
    alert.join()
    alert.clock.time += timedelta(hours=25)
    alert.ask(breaking="evening")
    assert wish(alert).breaking is False


def test_a_reader_says_where_they_live(alert: Visitor) -> None:
    alert.join(language="ckb")
    shown = alert.http.get(own(alert)).text
    assert '<option value="" selected>بەغدا</option>' in shown  # the newsroom's, and first
    assert shown.count("بەغدا") == 1
    assert '<option value="Europe/Berlin">بەرلین</option>' in shown
    prefer(alert, own(alert), zone="Europe/Berlin")
    assert '<option value="Europe/Berlin" selected>Berlin</option>' in alert.http.get(own(alert)).text
    assert prefer(alert, own(alert), zone="Mars/Olympus").status_code == 422
    prefer(alert, own(alert))
    with alert.app.database.read() as connection:
        reader = readers.find(connection, SARA)
    assert reader
    assert reader.timezone == "Europe/Berlin"


def wish(visitor: Visitor, address: str = SARA) -> wishes.Choice:
    with visitor.app.database.read() as connection:
        reader = readers.find(connection, address)
        assert reader
        return wishes.choices(connection, reader.id)["evening"]


def test_silence_for_a_while_and_its_end(visitor: Visitor) -> None:
    visitor.join()
    path = own(visitor)
    assert "March 31, 2026" in prefer(visitor, path, rest="30").text
    newsletter = visitor_newsletter(visitor)
    visitor.app.desk.digests.plan(newsletter, visitor.clock.now())
    with visitor.app.database.read() as connection:
        report = ledger.report(connection, ledger.latest(connection, 1)[0])
    assert (report.reasons, report.faults) == ({"excluded": {"reader-paused": 1}}, ())
    prefer(visitor, path, rest="0")
    visitor.clock.time += timedelta(hours=1)
    newsletter = visitor_newsletter(visitor)
    assert visitor.app.desk.digests.plan(newsletter, visitor.clock.now()).deliveries == 1
    assert len(visitor.mails()) == 2


def test_language_newsletters_and_topics_are_chosen_on_one_page(visitor: Visitor) -> None:
    visitor.join()
    path = own(visitor)
    told = prefer(visitor, path, language="ckb", newsletter=["evening", "noon"])
    assert "پاشەکەوت کرا" in told.text
    assert visitor.stands(newsletter="noon") is Consent.GIVEN
    prefer(visitor, path, newsletter="noon")
    assert visitor.stands() is Consent.WITHDRAWN
    for wrong in ({"language": "de"}, {"newsletter": "x"}, {"topic:evening": "x"}, {"rest": "x"}):
        assert prefer(visitor, path, **wrong).status_code == 422


# Moving, taking along, going


def test_a_new_address_is_confirmed_at_both_and_links_of_old_mails_still_work(visitor: Visitor) -> None:
    visitor.join()
    old = visitor.digest() and visitor.link("unsubscribe")
    mail = {"mail": "move"}
    assert "on its way" in visitor.http.post(own(visitor), data=mail).text
    move = visitor.link("move")
    assert visitor.http.post(move, data={"address": "nobody"}).status_code == 422
    visitor.http.post(move, data={"address": "new@readers.example"})
    assert visitor.http.post(move, data={"address": "other@readers.example"}).status_code == 404  # once
    assert visitor.sandbox.smtp.mails[-1].recipient != "new@readers.example"
    arrive = visitor.link("arrive")
    assert visitor.sandbox.smtp.mails[-1].recipient == "new@readers.example"
    visitor.http.get(arrive)
    assert visitor.stands() is Consent.GIVEN
    assert "new@readers.example" in visitor.http.post(arrive).text
    assert visitor.stands() is Consent.WITHDRAWN
    assert visitor.stands("new@readers.example") is Consent.GIVEN
    visitor.app.memory.recall(visitor.app.database, visitor.clock.now())  # as after a restart
    assert visitor.stands("new@readers.example") is Consent.GIVEN
    visitor.http.post(old)
    assert visitor.stands("new@readers.example") is Consent.WITHDRAWN


def test_one_cannot_move_onto_somebody_else(visitor: Visitor) -> None:
    visitor.join()
    visitor.join(address="noor@readers.example")
    visitor.http.post(own(visitor), data={"mail": "move"})
    before = len(visitor.mails())
    told = visitor.http.post(visitor.link("move"), data={"address": "noor@readers.example"})
    assert (told.status_code, len(visitor.mails())) == (200, before)


def test_a_reader_takes_their_data_along_once(visitor: Visitor) -> None:
    visitor.join()
    visitor.http.post(own(visitor), data={"mail": "export"})
    link = visitor.link("export")
    assert visitor.http.get(link).headers["content-type"].startswith("text/html")
    told = visitor.http.post(link)
    assert told.headers["content-disposition"].startswith("attachment")
    assert told.json()["reader"]["address"] == SARA
    assert "confirmed" in told.json()["subscriptions"][0]["proof"]
    assert visitor.http.post(link).status_code == 404


def test_a_reader_who_is_forgotten_comes_back_by_no_list_but_by_themselves(visitor: Visitor) -> None:
    visitor.join()
    visitor.http.post(own(visitor), data={"mail": "erase"})
    link = visitor.link("erase")
    visitor.http.get(link)
    assert visitor.stands() is Consent.GIVEN
    assert "You are forgotten" in visitor.http.post(link).text
    assert visitor.stands() is None
    assert visitor.http.post(link).status_code == 404
    with pytest.raises(Refused, match="asked to be erased"):
        visitor.app.subscribe([Wish(address=SARA, language="en", newsletter="evening", proof="p")], "evening")
    visitor.clock.time += timedelta(hours=25)
    visitor.join()
    visitor.app.memory.recall(visitor.app.database, visitor.clock.now())
    assert visitor.stands() is Consent.GIVEN


def test_links_are_mailed_not_more_than_once_in_a_while(visitor: Visitor) -> None:
    visitor.join()
    for _ in range(3):
        visitor.http.post(own(visitor), data={"mail": "export"})
    assert len(visitor.mails()) == 2
    assert visitor.http.post(own(visitor), data={"mail": "lottery"}).status_code == 422


def test_tokens_do_only_what_they_are_for(visitor: Visitor) -> None:
    visitor.join()
    leave = (visitor.digest() and visitor.link("unsubscribe")).split("/")[2]
    preferences = own(visitor).split("/")[2]
    for path in (
        f"/preferences/{leave}",
        f"/unsubscribe/{preferences}",
        f"/erase/{preferences}",
        f"/confirm/{leave}",
    ):
        assert visitor.http.post(path).status_code == 404, path
    assert visitor.stands() is Consent.GIVEN


# What a browser may do


def test_the_form_stands_in_a_frame_of_the_newsrooms_site_only_where_it_is_made_for_it(
    visitor: Visitor,
) -> None:
    plain = visitor.http.get("/subscribe").headers["content-security-policy"]
    framed = visitor.http.get("/subscribe?embed").headers["content-security-policy"]
    assert "frame-ancestors 'none'" in plain
    assert f"frame-ancestors 'self' {visitor.app.settings.newsroom.url}" in framed
    for page in (visitor.http.get("/subscribe"), visitor.http.get(own_after(visitor))):
        assert "style-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in page.headers
        assert len(page.content) < 50_000
        assert not re.search(r"<script|style=| on\w+=", page.text)


def own_after(visitor: Visitor) -> str:
    visitor.join()
    return own(visitor)


def test_pages_speak_the_readers_language(visitor: Visitor) -> None:
    for header, lang, way in [
        ("ckb-IQ,en;q=0.5", "ckb", "rtl"),
        ("de, ar;q=0.8, en;q=0.2", "ar", "rtl"),
        ("de;q=x", "en", "ltr"),
    ]:
        told = visitor.http.get("/subscribe", headers={"accept-language": header}).text
        assert f'<html lang="{lang}" dir="{way}">' in told


def test_ready_is_said_of_a_schema_that_fits(visitor: Visitor) -> None:
    assert visitor.http.get("/readyz").text == "ready\n"
    with visitor.app.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    told = visitor.http.get("/readyz")
    assert (told.status_code, "schema 0001" in told.text) == (503, True)


def test_a_form_that_is_too_long_is_not_read(visitor: Visitor) -> None:
    assert visitor.http.post("/subscribe", content=b"a=" + b"x" * 20_000).status_code == 422
    assert visitor.http.post("/subscribe", content=b"\xff\xfe").status_code == 422


def test_a_form_on_another_site_leads_to_ours_and_asks_for_nothing_by_itself(visitor: Visitor) -> None:
    pasted = visitor.app.circulation.form("evening", "ckb")
    assert '<form method="post"' in pasted
    assert 'lang="ckb" dir="rtl"' in pasted
    assert not re.findall(r"<script|style=|<link|<img|on\w+=", pasted)
    (action,) = re.findall(r'action="([^"]+)"', pasted)
    assert action.startswith(f"{visitor.base}/subscribe")
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', pasted)) | {"address": SARA}
    elsewhere = {"origin": "https://blog.example", "sec-fetch-site": "cross-site"}
    shown = visitor.http.post(action.removeprefix(visitor.base), data=fields, headers=elsewhere)
    assert shown.status_code == 200
    assert "access-control-allow-origin" not in shown.headers
    assert visitor.mails() == []  # neither a robot nor a forged form gets further than this
    assert f'value="{SARA}"' in shown.text
    assert re.search(r'value="evening" checked', shown.text)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    visitor.clock.time += timedelta(seconds=3)
    visitor.http.post("/subscribe", data={**hidden, "address": SARA, "newsletter": "evening"})
    assert visitor.mails() == [SARA]


def test_forms_that_cannot_be(visitor: Visitor) -> None:
    form = visitor.app.circulation.form
    assert 'lang="en"' in form("evening")
    with pytest.raises(NotFound, match="did you mean 'evening'"):
        form("evenin")
    with pytest.raises(Refused, match="evening has no language 'fr'; it has: en, ckb, ar"):
        form("evening", "fr")


def test_who_confirms_gets_the_last_edition_in_their_language_once(visitor: Visitor) -> None:
    racks: dict[str, Rack] = visitor.app.circulation.front.racks  # type: ignore[assignment]
    racks["evening"] = replace(racks["evening"], welcome=timedelta(hours=12))
    visitor.join(address="first@readers.example")
    assert visitor.mails().count("first@readers.example") == 1  # the confirmation: nothing went out before
    edition = visitor.digest()
    visitor.join(language="en")
    assert visitor.mails().count(SARA) == 2
    last = {mail.recipient: mail for mail in visitor.sandbox.smtp.mails}
    first, welcome = last["first@readers.example"], last[SARA]
    assert str(welcome.message["Subject"]) == str(first.message["Subject"])
    assert SARA in welcome.part("plain")
    with visitor.app.database.read() as connection:
        (name,) = welcomes(visitor)
        assert ledger.report(connection, name).faults == ()
        assert ledger.report(connection, edition).candidates == {"letters": 1}  # that edition is as it was
    visitor.clock.time += timedelta(days=2)
    visitor.http.post(visitor.link("unsubscribe"))
    visitor.join()  # comes back
    assert welcomes(visitor) == [name]
    visitor.join(address="arab@readers.example", language="ar")
    assert visitor.mails().count("arab@readers.example") == 2
    assert "نشرة المساء" in str(visitor.sandbox.smtp.mails[-1].message["Subject"])


def welcomes(visitor: Visitor) -> list[str]:
    with visitor.app.database.read() as connection:
        return [*connection.execute(text("SELECT id FROM editions WHERE id LIKE 'welcome:%'")).scalars()]

"""What readers choose, and take back, on the page of preferences: over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from syndicator.errors import Refused
from syndicator.model import Article, ArticleId, Consent, EditionId, Language
from syndicator.services.audience import Wish
from syndicator.services.desk import Newsletter
from syndicator.storage import archive, ledger, readers, wishes
from tests.web.visitor import SARA, Visitor, own


def prefer(visitor: Visitor, path: str, **more: object) -> httpx.Response:
    told: dict[str, object] = {"newsletter": "evening", "language": "en", "rest": ""}
    return visitor.http.post(path, data=told | more)


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

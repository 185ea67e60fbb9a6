"""A reader's own way through the pages, over real HTTP: ask, confirm, choose, move, take along, go."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from syndicator.errors import NotFound, Refused
from syndicator.model import Consent
from syndicator.services.audience import Wish
from syndicator.services.frontdesk import Rack
from syndicator.storage import ledger, readers
from tests.web.visitor import SARA, Visitor, own


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

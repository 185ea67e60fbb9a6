"""One mail with one fault at a time."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from syndicator.inspection import Severity, Specimen, inspect, merged
from syndicator.inspection.findings import error, warning
from syndicator.inspection.letters import CLIPPED, links

LEAVE = "https://news.courier.org/unsubscribe/1.abc"
ADDRESS = "Salim Street 12, Sulaimani"
HTML = (
    '<!doctype html><html lang="ckb" dir="rtl"><body><table dir="rtl"><tr><td><h2><a href="https://courier.org/a">'
    'باران</a></h2><img src="/i.png" alt="ڕێگا" width="600"><p>ڕێگای ئەزمەڕ داخرا</p>'
    f'<a href="{LEAVE}">وازهێنان</a> {ADDRESS}</td></tr></table></body></html>'
)
PLAIN = f"باران\nhttps://courier.org/a\nڕێگای ئەزمەڕ داخرا\n{LEAVE}\n{ADDRESS}\n"
HEADERS = {
    "From": "Courier <news@courier.org>",
    "To": "nobody@reader.invalid",
    "Subject": "پوختەی ئێوارە",
    "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
    "Message-ID": "<1@courier.org>",
    "List-Id": "<evening.courier.org>",
    "List-Unsubscribe": f"<{LEAVE}>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def mail(*, html: str = HTML, plain: str = PLAIN, **headers: str | None) -> Specimen:
    """A mail that is right but for what is told; header names with ``_`` for ``-``, None takes one out."""
    told = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    message = EmailMessage(policy=SMTP)
    for name, value in told.items():
        if value is not None:
            message[name] = value
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return Specimen(raw=message.as_bytes(), language="ckb", leave_url=LEAVE, postal_address=ADDRESS)


def found(one: Specimen) -> list[tuple[str, str]]:
    return [(finding.check, str(finding.severity)) for finding in inspect(one)]


def test_a_mail_that_is_right_has_no_finding() -> None:
    assert found(mail()) == []


@pytest.mark.parametrize(
    ("broken", "check", "severity"),
    [
        (mail(Subject=None), "subject", "error"),
        (mail(Subject="x" * 101), "subject", "warning"),
        (mail(Subject="{{ title }}"), "subject", "warning"),
        (mail(From="Courier"), "from", "error"),
        (mail(From="a@courier.org, b@courier.org"), "from", "error"),
        (mail(Date=None), "headers", "error"),
        (mail(Message_ID=None), "headers", "error"),
        (mail(List_Unsubscribe=None), "list-unsubscribe", "error"),
        (mail(List_Unsubscribe="<mailto:leave@courier.org>"), "list-unsubscribe", "error"),
        (mail(List_Unsubscribe=f"<{LEAVE.replace('https', 'http')}>"), "public-url", "error"),
        (mail(List_Unsubscribe_Post=None), "list-unsubscribe", "error"),
        (mail(List_Id=None), "list-id", "warning"),
        (replace(mail(), signs=True), "dkim", "error"),
        (mail(html=HTML.replace(f'<a href="{LEAVE}">وازهێنان</a>', "")), "leave-link", "error"),
        (mail(html=HTML.replace(">وازهێنان<", "><")), "leave-link", "error"),
        (mail(plain=PLAIN.replace(LEAVE, "")), "leave-link", "error"),
        (mail(html=HTML.replace(ADDRESS, "")), "postal-address", "error"),
        (replace(mail(), postal_address=""), "postal-address", "warning"),
        (mail(html=HTML.replace('alt="ڕێگا"', "")), "image-alt", "warning"),
        (mail(html=HTML.replace('dir="rtl"><body', 'dir="ltr"><body')), "direction", "error"),
        (mail(html=HTML.replace('<table dir="rtl">', "<table>")), "direction", "error"),
        (mail(html=HTML.replace('lang="ckb"', 'lang="en"')), "direction", "warning"),
        (mail(html=HTML.replace("<p>", "<p>" + "word " * 500)), "plain-part", "warning"),
        (mail(html=HTML.replace("<p>", f"<p style='{'x' * CLIPPED}'>")), "size", "error"),
        (mail(html=HTML.replace("<p>", f"<p title='{'ڕ' * 45_000}'>")), "size", "error"),
    ],
)
def test_a_fault_is_found_and_nothing_else_is(broken: Specimen, check: str, severity: str) -> None:
    assert (check, severity) in found(broken)
    assert {name for name, _ in found(broken)} == {check}


def test_an_empty_plain_part() -> None:
    assert ("plain-part", "error") in found(mail(plain="\n"))


def test_a_header_that_stands_twice() -> None:
    twice = replace(mail(), raw=b"Subject: again\r\nList-Unsubscribe: <https://a.org/x>\r\n" + mail().raw)
    said = [finding.what for finding in inspect(twice) if finding.check == "headers"]
    assert said == ["subject stands there 2 times", "list-unsubscribe stands there 2 times"]


def test_lines_that_no_relay_takes() -> None:
    long = mail().raw.replace(b"Message-ID: <", b"Message-ID: <" + b"1" * 1000)
    assert "format" in [name for name, _ in found(replace(mail(), raw=long))]
    assert "format" in [name for name, _ in found(replace(mail(), raw=mail().raw.replace(b"\r\n", b"\n")))]


def test_pictures_that_are_no_content_need_no_words() -> None:
    assert found(mail(html=HTML.replace("<p>", '<img src="x" width="1" alt=""><p>'))) == []


def test_links_are_told_once_and_without_what_is_no_page() -> None:
    hrefs = ("https://a.org/1", "https://a.org/1", "mailto:a@b.c", "\ue000x\ue001")
    told = "".join(f"<a href='{href}'>x</a>" for href in hrefs)
    assert links(told) == ["https://a.org/1"]


def test_what_two_posts_share_is_told_once_and_errors_come_first() -> None:
    mild, grave = warning("a", "w", "x", "i"), error("b", "w", "x", "i")
    assert merged([mild, grave, mild]) == [grave, mild]
    assert grave.severity is Severity.ERROR

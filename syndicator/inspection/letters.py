"""A mail as it would go over the wire, by the rules of RFC 5322, RFC 8058 and those who receive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from functools import cached_property
from types import MappingProxyType

from lxml import etree

from syndicator.text.direction import direction
from syndicator.text.markup import tree

from .findings import Finding, error, warning

CLIPPED = 102_400  # octets of HTML, as text and as encoded: Gmail shows no more, and hides the leave link
SUBJECT_MAX = 100  # characters; mail programs show 40 to 80
LINE_MAX = 998  # octets without CRLF, RFC 5322 §2.1.1
THIN = 0.25  # of the words of the HTML that the plain part has at least
# RFC 5322 §3.6 and RFC 2045: at most once. DKIM-Signature may come again.
SINGULAR = (
    "date from sender reply-to to cc message-id in-reply-to references subject mime-version content-type "
    "content-transfer-encoding list-id list-unsubscribe list-unsubscribe-post"
).split()
NEEDED = "from date message-id mime-version".split()
CLICKED = ("list-unsubscribe", "list-unsubscribe-post")
_ADDRESS = re.compile(r"[^\s<>@,;]+@[^\s<>@,;]+\.[^\s<>@,;]+")
_WEB = re.compile(r"https?://[^\s<>\"\u2066-\u2069]+")
_MISSING = re.compile(r"\?{3}|\[object|\{\{|\}\}|\bNone\b")


@dataclass(frozen=True)
class Specimen:
    """One post's mail to nobody, and what is to be found in it."""

    raw: bytes  # as received: no dots stuffed
    language: str
    leave_url: str
    postal_address: str = ""  # as it is configured
    signs: bool = False  # a DKIM key is configured

    @cached_property
    def head(self) -> Message:
        return message_from_bytes(self.raw)

    @cached_property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, _class=EmailMessage, policy=SMTP)

    @cached_property
    def html(self) -> str:
        return self._part("html")

    @cached_property
    def plain(self) -> str:
        return self._part("plain")

    @cached_property
    def document(self) -> etree._Element:
        return tree(self.html)

    @cached_property
    def seen(self) -> str:
        """What a reader sees of the HTML."""
        return " ".join(" ".join(map(str, self.document.xpath("//text()[not(parent::style)]"))).split())

    def _part(self, kind: str) -> str:
        found = self.mail.get_body((kind,))
        return str(found.get_content()) if found else ""

    def encoded(self, kind: str) -> int:
        """Octets of a part as it travels."""
        found = self.mail.get_body((kind,))
        payload = found.get_payload() if found else ""
        return len(str(payload).encode("utf-8", "surrogateescape"))


Check = Callable[[Specimen], Iterator[Finding]]


def subject(one: Specimen) -> Iterator[Finding]:
    told = " ".join(str(one.mail["Subject"] or "").split())
    if not told:
        yield error("subject", "it is empty", one.language, "mend the template of the subject")
    elif len(told) > SUBJECT_MAX:
        what = f"it has {len(told)} characters, and mail programs show 40 to 80"
        yield warning("subject", what, one.language, "shorten the headline or the template")
    if _MISSING.search(told):
        yield warning("subject", f"{told!r} looks like a gap in the template", one.language, "look at it")


def sender(one: Specimen) -> Iterator[Finding]:
    """RFC 5322 §3.6.2: one From, with one address."""
    told = str(one.mail["From"] or "")
    if len(_ADDRESS.findall(told)) != 1:
        yield error("from", f"{told!r} is not one address", one.language, "write channels.….sender as a@b.c")


def singular_headers(one: Specimen) -> Iterator[Finding]:
    names = [name.lower() for name in one.head]
    for name in SINGULAR:
        if names.count(name) > 1:
            yield error("headers", f"{name} stands there {names.count(name)} times", one.language, _OURS)
    for name in NEEDED:
        if name not in names:
            yield error("headers", f"{name} is missing", one.language, _OURS)


_OURS = "a template or a plug-in of your own writes headers; take that out"


def message_format(one: Specimen) -> Iterator[Finding]:
    longest = max(len(line) for line in one.raw.split(b"\r\n"))
    if longest > LINE_MAX:
        yield error("format", f"a line has {longest} octets, more than {LINE_MAX}", one.language, _OURS)
    if b"\n" in one.raw.replace(b"\r\n", b""):
        yield error("format", "a line does not end with CRLF", one.language, _OURS)


def list_unsubscribe(one: Specimen) -> Iterator[Finding]:
    """RFC 8058 §3.1: an https address, and the word that says one click is enough."""
    told = str(one.mail["List-Unsubscribe"] or "")
    if "http" not in told:
        what, instead = "the header List-Unsubscribe is missing", "send it as a newsletter's edition"
        yield error("list-unsubscribe", what, one.language, instead)
        return
    if "https://" not in told:
        instead = "serve the readers' pages by https and say so in newsroom.public_url"
        yield error("public-url", "List-Unsubscribe is not https, RFC 8058 §3.1", one.language, instead)
    if str(one.mail["List-Unsubscribe-Post"] or "") != "List-Unsubscribe=One-Click":
        what = "List-Unsubscribe-Post is missing, so providers show no button"
        yield error("list-unsubscribe", what, one.language, _OURS)


def one_click_is_signed(one: Specimen) -> Iterator[Finding]:
    """RFC 8058 §4: a DKIM signature covers both headers."""
    if not one.signs:
        return
    covered = {tag.strip().lower() for tag in _signed(one)}
    for name in [name for name in (*CLICKED, "from") if name not in covered]:
        yield error("dkim", f"the signature does not cover {name}", one.language, "tell us: it is our fault")


def _signed(one: Specimen) -> list[str]:
    found = re.search(r"(?:^|;)\s*h=([^;]*)", str(one.head["DKIM-Signature"] or ""))
    return found[1].split(":") if found else []


def list_id(one: Specimen) -> Iterator[Finding]:
    if not re.search(r"<[^<>\s]+\.[^<>\s]+>", str(one.mail["List-Id"] or "")):
        what = "List-Id is missing, so nobody can tell this newsletter from another (RFC 2919)"
        yield warning("list-id", what, one.language, _OURS)


def leave_link(one: Specimen) -> Iterator[Finding]:
    """A link that a person sees, in both parts."""
    links = one.document.xpath("//a[@href]")
    shown = [link for link in links if link.get("href") == one.leave_url and "".join(link.itertext()).strip()]
    if one.html and not shown:
        what, instead = "no link that a person sees leads out of the newsletter", "set reader.leave_url"
        yield error("leave-link", what, f"{one.language}, HTML", instead)
    if one.leave_url not in one.plain:
        what, instead = "the leave link is missing", "set reader.leave_url in digest.txt"
        yield error("leave-link", what, f"{one.language}, plain text", instead)


def postal_address(one: Specimen) -> Iterator[Finding]:
    if not one.postal_address:
        instead = "write newsroom.postal_address; many countries demand it"
        yield warning("postal-address", "there is none", one.language, instead)
        return
    wanted = " ".join(one.postal_address.split())
    for kind, text in (("HTML", one.seen), ("plain text", " ".join(one.plain.split()))):
        if text and wanted not in text:
            instead = "set newsroom.postal_address in the template"
            yield error("postal-address", "the template leaves it out", f"{one.language}, {kind}", instead)


def plain_part(one: Specimen) -> Iterator[Finding]:
    words = len(one.plain.split())
    if not words:
        instead = "mend digest.txt"
        yield error("plain-part", "there is no plain text beside the HTML", one.language, instead)
    elif one.html and words < THIN * len(one.seen.split()):
        what = f"the plain text has {words} words, the HTML {len(one.seen.split())}"
        yield warning("plain-part", what, one.language, "let both say the same: filters compare them")


def image_alt(one: Specimen) -> Iterator[Finding]:
    for image in one.document.xpath("//img"):
        invisible = image.get("width") in {"0", "1"} or image.get("role") == "presentation"
        if not (image.get("alt") or "").strip() and not invisible:
            name = (image.get("src") or "").rsplit("/", 1)[-1][:60]
            what = f"the image {name} says nothing to who does not see it"
            yield warning("image-alt", what, one.language, "give the story's image a text")


def text_direction(one: Specimen) -> Iterator[Finding]:
    """Mail programs throw ``html`` and ``body`` away, so the outermost table says it, too."""
    if not one.html:
        return
    wanted = direction(one.language)
    told = re.search(r"<html\b[^>]*\bdir=[\"']?(\w+)", one.html)
    if (told[1].lower() if told else "ltr") != wanted:
        what = f"html runs {told[1] if told else 'ltr'}, and {one.language} runs {wanted}"
        yield error("direction", what, one.language, "write dir={{ direction }} in the template")
    tables = [table.get("dir") for table in one.document.xpath("//table")[:1]]
    if wanted == "rtl" and tables and tables != [wanted]:
        what = "the outermost table says no dir, and Gmail drops the one of html"
        yield error("direction", what, one.language, "write dir={{ direction }} there, too")
    lang = re.search(r"<html\b[^>]*\blang=[\"']?([\w-]+)", one.html)
    if not lang or lang[1].split("-")[0] != one.language.split("-")[0]:
        instead = "write lang={{ language }} in the template"
        yield warning("direction", "html does not name its language", one.language, instead)


def size(one: Specimen) -> Iterator[Finding]:
    largest = max(len(one.html.encode()), one.encoded("html"))
    if largest > CLIPPED:
        what = f"the HTML has {largest:,} octets; Gmail clips at {CLIPPED:,}, and hides the leave link"
        yield error("size", what, one.language, "lower the newsletter's maximum or shorten the template")


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            subject, sender, singular_headers, message_format, list_unsubscribe, one_click_is_signed, list_id,
            leave_link, postal_address, plain_part, image_alt, text_direction, size,
        )
    }
)  # fmt: skip


def inspect(one: Specimen) -> Iterator[Finding]:
    for check in CHECKS.values():
        yield from check(one)


def links(html: str, plain: str = "") -> list[str]:
    """Where a post leads, each address once; a reader's own links and what is no web address are left out."""
    found = [str(link) for link in tree(html).xpath("//a/@href")] + _WEB.findall(plain)
    return [
        one for one in dict.fromkeys(found) if one.startswith(("http://", "https://")) and one.isprintable()
    ]

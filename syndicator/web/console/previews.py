"""Posts as readers will see them, by the very code that sends, and with what an editor is typing."""

from __future__ import annotations

import hashlib
import html
import re
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from syndicator.errors import NotFound, Refused, TemplateError
from syndicator.model import BLANK_END, BLANK_START, Article, Checked, Post, Summary
from syndicator.services.desk import Desk, Door
from syndicator.text.markup import safe
from syndicator.text.measure import UNITS, x_links
from syndicator.text.telegram import shown

from .doors import HOME, Visit
from .pictures import Pictures
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

LINK = re.compile(r"https?://\S+")
LINK_SHOWN = 30  # characters of a link, as X shows it
DRAFTS_MAX = 500
# Nothing in a mail acts here: no script, no form, no picture from elsewhere, no address of its own.
MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")


class Draft(NamedTuple):
    """What an editor is typing; empty: nothing of their own."""

    summary: str = ""
    headline: str = ""


NOTHING = Draft()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One post as its readers see it."""

    channel: str
    kind: str  # "telegram", "x", "mail", another
    text: Markup
    raw: str = ""  # as it is written, in the channel's markup
    count: int = 0
    limit: int | None = None
    unit: str = ""
    links: int = 0  # what its links count
    pictures: tuple[str, ...] = ()  # what stands in each

    @property
    def full(self) -> bool:
        return self.limit is not None and self.count > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A channel, or a newsletter on it, with what it would carry of a story."""

    channel: str
    kind: str
    newsletter: str = ""
    posts: Sequence[Seen] = ()
    summary: str = ""
    sources: frozenset[int] = frozenset()  # sentences of the story that it says
    fault: str = ""
    cost: str = ""
    subject: str = ""
    address: str = ""  # of the mail, to be framed
    without: bool = False  # its next edition will not have the story


class Previews:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._pictures = Pictures(newsroom)
        self._drafts: OrderedDict[tuple[int, str], Draft] = OrderedDict()
        self.routes: list[Route] = [
            rooms.way("/stories/{story:str}/mails", show=self._mails),
            rooms.way("/stories/{story:str}/picture", show=self._picture),
            rooms.way("/stories/{story:str}/mail/{newsletter:str}", show=self._mail),
            rooms.way("/newsletters/{newsletter:str}/mail/{language:str}", show=self._digest),
        ]

    def of(self, article: Article, draft: Draft = NOTHING, *, session: int = 0) -> list[Preview]:
        """On every channel that speaks its language, in the words of the draft."""
        self._keep(session, article.id, draft)
        desk = self._desk(draft)
        return [
            self._public(desk, article, door)
            for name, door in self._newsroom.doors.items()
            if article.language in door.languages and not self._addressed(name)
        ]

    def mails(self, article: Article, session: int) -> list[Preview]:
        """In the newsletters that speak its language, in the words of the last draft."""
        draft = self._drafts.get((session, article.id), NOTHING)
        return [
            self._mailed(article, draft, name)
            for name, newsletter in self._newsroom.newsletters.items()
            if article.language in newsletter.languages
        ]

    def _mailed(self, article: Article, draft: Draft, name: str) -> Preview:
        """The next edition of a newsletter, where it will have the story."""
        channel = self._newsroom.newsletters[name].door.id
        placed = [one for one in self._newsroom.newsstand.outline(name) if one.article == article.id]
        if not placed or placed[0].why:
            why = placed[0].why if placed else ""
            return Preview(channel=channel, kind="mail", newsletter=name, without=True, fault=why)
        stamp = hashlib.sha256("\0".join(draft).encode()).hexdigest()[:12]
        address = f"{HOME}/stories/{article.id}/mail/{name}?v={stamp}"
        return Preview(channel=channel, kind="mail", newsletter=name, address=address)

    def findings(self, article: Article, text: str) -> Sequence[Checked]:
        """What the gate says of an editor's words."""
        return self._newsroom.summaries.looked_at(article, text).checked if text else ()

    def _desk(self, draft: Draft) -> Desk:
        def summarise(article: Article, door: Door) -> Summary:
            space = self._newsroom.wiring.space(door.id)
            return self._newsroom.summaries.drafted(article, draft.summary, space)

        if draft == NOTHING:
            return self._newsroom.desk
        return self._newsroom.desk.drafting(summarise if draft.summary else None, draft.headline)

    def _addressed(self, channel: str) -> bool:
        return bool(self._newsroom.wiring.channels[channel].factory.capabilities.addressed)

    def _public(self, desk: Desk, article: Article, door: Door) -> Preview:
        kind = self._newsroom.settings.channels[door.id].kind
        try:
            ((edition, _, posts, _),) = desk.preview([article.id], [door], again=True)
        except (Refused, TemplateError) as error:
            return Preview(channel=door.id, kind=kind, fault=str(error))
        summary = edition.stories[0].summary
        costs = [self._newsroom.cashier.told(door.id, post) for post in posts]
        return Preview(
            channel=door.id,
            kind=kind,
            posts=[self.seen(post) for post in posts],
            summary=summary.text,
            sources=frozenset(number for one in summary.checked for number in one.sources),
            cost=", ".join(f"{one['cost']} {one['currency']}" for one in costs if "cost" in one),
        )

    def seen(self, post: Post) -> Seen:
        """A post as its readers see it."""
        kind = self._newsroom.settings.channels[post.channel].kind
        limits = self._newsroom.wiring.limits(post.channel)
        telegram = limits.markup == "telegram"
        plain = shown(post.text) if telegram else post.text
        return Seen(
            channel=post.channel,
            kind=kind,
            text=Markup(safe(post.text)) if telegram else linked(post.text),  # noqa: S704 - cleaned, or escaped
            raw=post.text,
            count=UNITS[limits.unit](plain),
            limit=limits.text,
            unit=limits.unit,
            links=x_links(post.text) if limits.unit == "x-weighted" else 0,
            pictures=post.alts or tuple("" for _ in post.media),
        )

    def framed(self, visit: Visit, post: Post) -> Response:
        """A mail by itself, where nothing in it can act; ``dark``: as a mail program shows it by night."""
        text = post.html or f"<pre>{html.escape(post.text)}</pre>"
        text = self._pictures.inlined(text.replace(BLANK_START, "(").replace(BLANK_END, ")"))
        if visit.said("dark"):
            text = DARK.sub("@media all", text)
        return HTMLResponse(text, headers=FRAME)

    def _mails(self, visit: Visit) -> Response:
        """Beside the page: an edition that is made up takes longer than all the rest of it."""
        article = self._newsroom.ledger.story(visit.placed("story"))
        mails = self.mails(article, visit.session.id)
        return self._setting.page(visit, "mails.html", story=article, mails=mails)

    def _picture(self, visit: Visit) -> Response:
        article = self._newsroom.ledger.story(visit.placed("story"))
        kind, _, data = self._pictures.data(article.image or "").removeprefix("data:").partition(";base64,")
        return Response(b64decode(data), media_type=kind)

    def _mail(self, visit: Visit) -> Response:
        article = self._newsroom.ledger.story(visit.placed("story"))
        draft = self._drafts.get((visit.session.id, article.id), NOTHING)
        newsletter = self._newsroom.newsstand.called(visit.placed("newsletter"))
        made, faults = self._desk(draft).digests.preview(newsletter)
        for edition, post in made:
            if any(one.article.id == article.id for one in edition.stories):
                return self.framed(visit, post)
        why = "; ".join(faults) or f"the next edition of {newsletter.name} will not have this story"
        return framed_note(why)

    def _digest(self, visit: Visit) -> Response:
        name, language = visit.placed("newsletter"), visit.placed("language")
        made, faults = self._newsroom.newsstand.preview(name)
        for _, post in made:
            if post.language == language:
                return self.framed(visit, post)
        if not faults:
            raise NotFound("{name} has no stories in {language} now", name=name, language=language)
        return framed_note("; ".join(faults))

    def _keep(self, session: int, article: str, draft: Draft) -> None:
        """What is typed, for the frame of a mail to be drawn with; the last ones only."""
        self._drafts[session, article] = draft
        self._drafts.move_to_end((session, article))
        while len(self._drafts) > DRAFTS_MAX:
            self._drafts.popitem(last=False)


def framed_note(why: str) -> Response:
    page = (
        '<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark"><p dir="auto">'
    )
    return HTMLResponse(f"{page}{html.escape(why)}</p>", headers=FRAME)


FRAME: dict[str, Any] = {"content-security-policy": MAIL_POLICY, "x-frame-options": "SAMEORIGIN"}


def linked(text: str) -> Markup:
    """Plain text with its links as X shows them."""
    pieces, at = [], 0
    for link in LINK.finditer(text):
        told = link[0].split("://", 1)[1]
        told = told if len(told) < LINK_SHOWN else told[: LINK_SHOWN - 1] + "…"
        pieces.append(html.escape(text[at : link.start()]))
        pieces.append(f'<a href="{html.escape(link[0])}" rel="noreferrer" dir="ltr">{html.escape(told)}</a>')
        at = link.end()
    return Markup("".join(pieces) + html.escape(text[at:]))  # noqa: S704 - each piece is escaped

"""Edition + template + limits → posts that fit exactly, in the direction of their language. Pure.

A template is looked for as ``KIND/EDITION.LANGUAGE.EXT``, then ``KIND/EDITION.EXT``, then as the flash of that
kind, then the same in the folder for its markup (``email``, ``telegram``, ``file``). Words come from
``words/LANGUAGE.po``.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_timezone_location

from .composing import EARLIER
from .editing import edition_name
from .errors import TemplateError
from .model import ChannelId, Edition, EditionKind, Limits, Post, Story, blank
from .press import Press, Read, locale_of
from .text.colour import NIGHT, PAPER, readable, stands_out_on
from .text.direction import direction
from .text.links import tagged
from .text.measure import UNITS, encoded, fit
from .text.sentences import split
from .text.telegram import Refusal, in_pieces, refusal, shown
from .text.threads import pieces

LETTERS = (EditionKind.CONFIRM, EditionKind.LETTER)
AROUND = 5_000  # octets of a mail besides its parts: a head with a signature, boundaries, what is filled for a reader
READER = ("name", "address", "leave_url", "preferences_url", "own_url")  # what is filled for each reader
# Unicode's locale data knows how a day is written in Sorani for the long form only.
_DAYS = {("ckb", "full"): "EEEE، dی MMMMی y", ("ckb", "medium"): "dی MMMMی y"}
_FOLDERS = {"html": "email", "telegram": "telegram", "plain": "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Masthead:
    """The newsroom as its readers see it."""

    name: str
    url: str
    accent: str
    zone: ZoneInfo
    postal_address: str = ""
    archive_url: str = ""  # where old mails can be read; empty: nowhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The channel a post is written for."""

    id: ChannelId
    kind: str
    limits: Limits
    newsletter: str = ""  # named in List-Id where readers subscribe to one
    titles: Mapping[str, str] = field(default_factory=dict)  # the newsletter's, by language
    sender: str = ""  # the newsletter's own, before the @ in From
    sender_names: Mapping[str, str] = field(default_factory=dict)  # in From, by language
    images: bool = True  # whether stories have their pictures
    archive_url: str = ""  # where the newsletter's editions can be read; empty: nowhere
    own_hours: bool = False  # it is due at another moment where another reader lives
    marks: Mapping[str, str] = field(default_factory=dict)  # utm_... of its links
    links: Callable[[Edition], bool] = lambda edition: True  # whether a post leads to its story
    click: Callable[[str, str], str] | None = None  # a counted link for an edition's story
    picture: Callable[[str], str] | None = None  # a counted picture for an edition


class Renderer:
    """Writes the posts of one newsroom. ``read`` finds templates: the newsroom's own first, file by file."""

    def __init__(self, masthead: Masthead, read: Read) -> None:
        self._masthead = masthead
        self._read = read
        self._newsroom = {
            "name": masthead.name,
            "url": masthead.url,
            "accent": masthead.accent,
            "on_accent": stands_out_on(masthead.accent),
            "accent_on_light": readable(masthead.accent, PAPER),
            "accent_on_dark": readable(masthead.accent, NIGHT),
            "postal_address": masthead.postal_address,
        }
        self._press = Press(read)
        self.sentences = self._press.sentences

    def write(self, edition: Edition, outlet: Outlet) -> list[Post]:
        """The edition's post on this channel. Raises :exc:`TemplateError` with file and line, or what cannot fit."""
        post = Post(
            id=f"{edition.id}:{outlet.id}:{edition.language}:0",
            edition=edition.id,
            channel=outlet.id,
            language=edition.language,
            variant=edition.language,
            text="",
            articles={story.article.id: story.article.revision for story in edition.stories},
        )
        match outlet.limits.markup:
            case "html":
                return [self._letter(post, edition, outlet)]
            case _ if words := _own_words(edition):
                texts = _in_own_words(words, outlet, edition.language)
            case "telegram":
                texts = self._telegram_thread(edition, outlet)
            case _:
                texts = self._thread(edition, outlet)
        pictures = _pictures(edition, outlet)
        first = replace(post, text=texts[0], media=tuple(pictures), alts=tuple(pictures.values()))
        return [
            first,
            *(replace(post, id=f"{post.id[:-1]}{n}", part=n, text=texts[n]) for n in range(1, len(texts))),
        ]

    def _thread(self, edition: Edition, outlet: Outlet) -> list[str]:
        """One post, or the fullest version that so many carry as the channel may take for one story."""
        limit, most = outlet.limits.text, outlet.limits.parts
        if limit and most > 1:
            for version in _shorter(edition):
                written = self._render(version, outlet, "txt")
                texts = pieces(written, limit, UNITS[outlet.limits.unit], edition.language)
                if 0 < len(texts) <= most:
                    return texts
        return [self._fitted(edition, outlet, "txt", str)]

    def _telegram_thread(self, edition: Edition, outlet: Outlet) -> list[str]:
        limit, most = outlet.limits.text, outlet.limits.parts
        if limit and most > 1:
            for version in _shorter(edition):
                texts = in_pieces(self._render(version, outlet, "html"), limit, edition.language)
                if 0 < len(texts) <= most:
                    return texts
        return [self._for_telegram(edition, outlet)]

    def _for_telegram(self, edition: Edition, outlet: Outlet) -> str:
        """What Telegram takes: its own parser's words are here before anything is sent."""
        try:
            written = self._fitted(edition, outlet, "html", shown)
            said = refusal(written)
        except Refusal as error:
            said = str(error)
        if said:
            name, file = self._found(edition, outlet, "html")
            raise TemplateError(f"{file}: Telegram would refuse what {name} writes: {said}")
        return written

    def _letter(self, post: Post, edition: Edition, outlet: Outlet) -> Post:
        """The mail with as many stories, from the first, as programs show whole; the others are on the web."""
        limit, stories = outlet.limits.octets, edition.stories
        whole = self._mail(post, edition, outlet)
        if limit is None or _octets(whole) <= limit:
            return whole

        def cut(number: int) -> Post:
            return self._mail(
                post, replace(edition, stories=stories[:number]), outlet, more=len(stories) - number
            )

        many = bisect_left(range(1, len(stories)), 1, key=lambda number: _octets(cut(number)) > limit)
        if many:
            return cut(many)
        for version in _shorter(replace(edition, stories=stories[:1])):
            mail = self._mail(post, version, outlet, more=len(stories) - 1)
            if _octets(mail) <= limit:
                return mail
        name, file = self._found(edition, outlet, "html")
        message = f"{file}: what {name} writes cannot fit {outlet.id}: {limit} octets at most; shorten it"
        raise TemplateError(message)

    def _mail(self, post: Post, edition: Edition, outlet: Outlet, more: int = 0) -> Post:
        context = self._context(edition, outlet, more)
        counted = self._context(edition, outlet, more, counted=True) if outlet.click else context
        return replace(
            post,
            subject=edition.subject
            or " ".join(self._render(edition, outlet, "subject.txt", context).split()),
            sender=outlet.sender,
            sender_name=outlet.sender_names.get(edition.language, ""),
            text=self._render(edition, outlet, "txt", context),
            html=_with_picture(self._render(edition, outlet, "html", counted), edition, outlet),
            headers=_headers(self._masthead, outlet, edition),
        )

    def _fitted(self, edition: Edition, outlet: Outlet, ending: str, seen: Callable[[str], str]) -> str:
        """The fullest version that the channel carries."""
        limit, measure = outlet.limits.text, UNITS[outlet.limits.unit]
        for version in _shorter(edition):
            written = self._render(version, outlet, ending)
            if limit is None or measure(seen(written)) <= limit:
                return written
        return self._with_cut_headlines(edition, outlet, ending, seen)

    def _with_cut_headlines(
        self, edition: Edition, outlet: Outlet, ending: str, seen: Callable[[str], str]
    ) -> str:
        """Without summaries it is too long still: cut the headlines, which a template may use more than once."""
        limit, measure = outlet.limits.text or 0, UNITS[outlet.limits.unit]
        bare = _retold(edition, 0)
        budget = min(max(measure(story.article.headline) for story in bare.stories), limit)
        while budget > 0:
            if not fit(bare.stories[0].article.headline, budget, measure):
                break
            written = self._render(_cut(bare, budget, measure), outlet, ending)
            over = measure(seen(written)) - limit
            if over <= 0:
                return written
            budget -= max(1, min(over, budget // 2))
        name, file = self._found(edition, outlet, ending)
        message = f"{file}: what {name} writes cannot fit {outlet.id}: {limit} {outlet.limits.unit} at most; shorten it"
        raise TemplateError(message)

    def page(self, name: str, language: str, **told: Any) -> str:
        """A page for readers, in their language. Raises :exc:`TemplateError`."""
        if not self._read(name):
            raise TemplateError(f"the template {name} is missing")
        context = {
            "newsroom": self._newsroom,
            "language": language,
            "direction": direction(language),
            **told,
        }
        return self._press.written(name, language, context, escape=not name.endswith((".txt", ".css")))

    def name_of(self, language: str) -> str:
        """A language as its speakers call it."""
        return locale_of(language).get_display_name() or language

    def templates_of(self, outlet: Outlet) -> dict[str, str]:
        """The templates that write a channel's posts, by name: what stands in them."""
        folders = dict.fromkeys((outlet.kind, _FOLDERS[outlet.limits.markup]))
        names = (
            f"{folder}/{kind}.{ending}"
            for folder in folders
            for kind in ("flash", "digest", "correction")
            for ending in ("html", "txt", "subject.txt")
        )
        return {name: found[0] for name in names if (found := self._read(name))}

    def city(self, zone: str, language: str) -> str:
        """The city that a zone is called after; in English where neither Unicode nor our words have another."""
        name = get_timezone_location(ZoneInfo(zone), locale=locale_of(language), return_city=True)
        return self._press.words(language).gettext(name)

    def day(self, moment: datetime, language: str) -> str:
        """A day with its weekday, in the newsroom's zone and the reader's words."""
        return _dated(moment.astimezone(self._masthead.zone), "full", language)

    def moment(self, moment: datetime, language: str) -> str:
        """A day in the newsroom's zone and the reader's words."""
        return format_date(moment.astimezone(self._masthead.zone), "long", locale=locale_of(language))

    def _render(
        self, edition: Edition, outlet: Outlet, ending: str, context: Mapping[str, Any] | None = None
    ) -> str:
        name, _ = self._found(edition, outlet, ending)
        context = context or self._context(edition, outlet)
        written = self._press.written(name, edition.language, context, escape=ending == "html").strip()
        return written + "\n" if ending == "html" and outlet.limits.markup == "html" else written

    def _found(self, edition: Edition, outlet: Outlet, ending: str) -> tuple[str, str]:
        tried = [*_names(edition, outlet, ending)]
        for name in tried:
            if found := self._read(name):
                return name, found[1]
        raise TemplateError(f"no template for {outlet.id}; write one of: {', '.join(tried)}")

    def _context(
        self, edition: Edition, outlet: Outlet, more: int = 0, *, counted: bool = False
    ) -> dict[str, Any]:
        """What a template may use: plain data, listed in templates/README.md. ``counted``: links lead through us."""
        language = edition.language
        stories = [self.story(story, edition.due_at, language) for story in edition.stories]
        for story, one in zip(stories, edition.stories, strict=True):
            by_us = outlet.click(edition.id, one.article.id) if counted and outlet.click else ""
            story["url"] = by_us or tagged(story["url"], outlet.marks)
        if not outlet.links(edition):
            stories = [story | {"url": ""} for story in stories]
        if not outlet.images:
            stories = [story | {"image": ""} for story in stories]
        return {
            "newsroom": self._newsroom,
            "edition": {
                "kind": str(edition.kind),
                "correction": edition.correction,
                "retracted": edition.retracted,
                "title": edition.title,
                "preheader": edition.preheader,
                "date": self.day(edition.due_at, language),
                "web_url": _on_the_web(edition, outlet),
            },
            "language": language,
            "direction": direction(language),
            "channel": outlet.id,
            "newsletter": outlet.newsletter,
            **self.arranged(edition, stories),
            "more": more,
            "reader": {name: blank(name) for name in READER},
            "purpose": edition.id.partition(":")[0],
        }

    def arranged(self, edition: Edition, stories: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The edition's stories as templates have them: all, the first, and the others under their headings."""
        return {
            "stories": stories,
            "lead": stories[0] if stories else None,
            "sections": _sections(stories[1:], _headings(edition)[1:]),
        }

    def story(self, story: Story, due_at: datetime, language: str) -> dict[str, Any]:
        """A story as templates have it, told at this moment."""
        article, zone = story.article, self._masthead.zone
        published = article.published_at.astimezone(zone)
        locale = locale_of(language)
        same_day = published.date() == due_at.astimezone(zone).date()
        return {
            "headline": article.headline,
            "summary": story.summary.text,
            "url": _web(article.url, self._masthead.url),
            "image": _web(article.image, "") if article.image else "",
            "image_alt": article.image_alt or "",
            "image_credit": article.image_credit or "",
            "caption": article.caption or "",
            "contributors": article.contributors or "",
            "versions": [
                {"language": other, "url": found}
                for other, url in article.versions
                if other != article.language and (found := _web(url, ""))
            ],
            "dateline": article.dateline or "",
            "credits": list(article.credits),
            "author": article.author or "",
            "section": article.section or "",
            "topics": sorted(article.topics),
            "unix": int(article.published_at.timestamp()),
            "published": (
                format_time(published, "short", locale=locale)
                if same_day
                else _dated(published, "medium", language)
            ),
        }


def _own_words(edition: Edition) -> str:
    """An editor's own, in place of a template's: of one story, about which nothing else has to be said."""
    words = edition.stories[0].text if len(edition.stories) == 1 else ""
    return words if edition.correction is None and not edition.retracted else ""


def _in_own_words(words: str, outlet: Outlet, language: str) -> list[str]:
    """As many posts as the channel may take for one story. Raises :exc:`TemplateError` with the network's own count."""
    limits, telegram = outlet.limits, outlet.limits.markup == "telegram"
    measure = UNITS[limits.unit]
    try:
        count = measure(shown(words) if telegram else words)
    except Refusal as error:
        raise TemplateError(f"{outlet.id}: Telegram would refuse it: {error}") from error
    if limits.text is None or count <= limits.text:
        if said := refusal(words) if telegram else None:
            raise TemplateError(f"{outlet.id}: Telegram would refuse it: {said}")
        return [words]
    if count <= 2 * limits.text * limits.parts:  # else it cannot fit, however much space a cut may save
        cut = in_pieces if telegram else partial(pieces, measure=measure)
        many = cut(words, limits.text, language=language)
        if 0 < len(many) <= limits.parts:
            return many
    raise TemplateError(f"{outlet.id} takes {limits.text} {limits.unit}, and this has {count}")


def _pictures(edition: Edition, outlet: Outlet) -> dict[str, str]:
    """Addresses of the stories' pictures with what stands in them, as many as the channel carries."""
    found = {}
    for article in (story.article for story in edition.stories):
        if article.image and _web(article.image, ""):
            found[article.image] = article.image_alt or article.caption or ""
    return dict([*found.items()][: outlet.limits.media if outlet.images else 0])


def _names(edition: Edition, outlet: Outlet, ending: str) -> Iterator[str]:
    """Where a template may stand, nearest first."""
    kinds = [str(edition.kind)]
    if edition.kind in LETTERS:
        kinds = [str(EditionKind.LETTER)]
    elif edition.kind is not EditionKind.DIGEST:
        kinds += ["flash"] * (edition.kind is not EditionKind.FLASH)
        kinds += ["digest"] * bool(outlet.newsletter)
    folders = [*dict.fromkeys((outlet.kind, _FOLDERS[outlet.limits.markup]))]
    if outlet.newsletter:
        folders.insert(0, f"{outlet.kind}/{outlet.newsletter}")
    for folder in folders:
        for kind in kinds:
            yield f"{folder}/{kind}.{edition.language}.{ending}"
            yield f"{folder}/{kind}.{ending}"


def _shorter(edition: Edition) -> Iterator[Edition]:
    """The edition with all of its summaries, then with a sentence less, and at last with none."""
    longest = max(len(_sentences(story)) for story in edition.stories)
    yield edition
    for most in range(longest - 1, -1, -1):
        yield _retold(edition, most)


def _retold(edition: Edition, most: int) -> Edition:
    """At most so many sentences a story, from the first."""
    stories = tuple(
        replace(story, summary=replace(story.summary, text=" ".join(_sentences(story)[:most])))
        for story in edition.stories
    )
    return replace(edition, stories=stories)


def _cut(edition: Edition, budget: int, measure: Callable[[str], int]) -> Edition:
    """No headline is longer than this."""
    stories = (
        replace(one, article=replace(one.article, headline=fit(one.article.headline, budget, measure)))
        for one in edition.stories
    )
    return replace(edition, stories=tuple(stories))


def _sentences(story: Story) -> Sequence[str]:
    return split(story.summary.text, story.article.language)


def _headers(masthead: Masthead, outlet: Outlet, edition: Edition) -> Mapping[str, str]:
    """Whose list it is and leaving by one click (RFC 2919, RFC 2369, RFC 8058); and the edition's own date, so that a
    reader's mail can be made again to the last octet. A letter is of no list, and says that no person wrote it."""
    if edition.kind in LETTERS:
        return {"Auto-Submitted": "auto-generated"}
    if not outlet.newsletter:
        return {}
    host = urlsplit(masthead.url).hostname or "localhost"
    told = {
        "Date": blank("date")
        if outlet.own_hours
        else format_datetime(edition.due_at.astimezone(masthead.zone)),
        "Content-Language": edition.language,
        "List-Id": f"{_phrase(outlet.titles.get(edition.language, ''))}<{outlet.newsletter}.{host}>",
        "List-Unsubscribe": f"<{blank('leave_url')}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"{edition.id.replace(':', '.')}:{outlet.newsletter}:{edition.kind}:{_sender_id(host)}",
        "Precedence": "bulk",  # for auto-responders older than List-Id
    }
    if archive := outlet.archive_url or masthead.archive_url:
        told["List-Archive"] = f"<{archive}>"
    if (
        edition.kind is EditionKind.DIGEST
    ):  # by the timetable; what an editor pushes is no robot's (RFC 3834 §5)
        told["Auto-Submitted"] = "auto-generated"
    return told


def _phrase(title: str) -> str:
    """A list's name before its identifier: in quotes where it is ASCII, else for encoded words."""
    title = " ".join(title.split())
    if not title or not title.isascii():
        return title and f"{title} "
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" '


def _with_picture(html: str, edition: Edition, outlet: Outlet) -> str:
    """The picture that tells of an opened mail, where the newsroom wants one."""
    if outlet.picture is None or edition.kind in LETTERS:
        return html
    told = f'<img src="{outlet.picture(edition.id)}" alt="" width="1" height="1" style="display:block">'
    return html.replace("</body>", f"{told}</body>", 1)


def _sender_id(host: str) -> str:
    """Gmail's name for who sends: 5 to 15 characters, always the same."""
    return hashlib.sha256(host.encode()).hexdigest()[:12]


def _dated(moment: datetime, form: str, language: str) -> str:
    return format_date(moment, _DAYS.get((language, form), form), locale=locale_of(language))


def _octets(mail: Post) -> int:
    """Of the mail as it is encoded, a little more rather than less."""
    return AROUND + encoded(mail.text) + encoded(mail.html or "")


def _headings(edition: Edition) -> list[tuple[str, str]]:
    """Name and heading of each story's section: the newsletter's, where it has any, else the source's."""
    ours = edition.headings
    return [
        (story.under, ours.get(story.under, ""))
        if ours or story.under == EARLIER
        else ("", story.article.section or "")
        for story in edition.stories
    ]


def _sections(
    stories: Sequence[Mapping[str, Any]], headings: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Neighbours of one section under its heading; the newsroom's order stays."""
    runs = groupby(zip(stories, headings, strict=True), key=lambda pair: pair[1])
    return [
        {"name": name, "title": title, "stories": [story for story, _ in run]} for (name, title), run in runs
    ]


def _on_the_web(edition: Edition, outlet: Outlet) -> str:
    """Where this edition can be read by everybody; empty: nowhere."""
    name = edition_name(edition.id) if outlet.newsletter else ""
    return f"{outlet.archive_url}{name}?language={edition.language}" if outlet.archive_url and name else ""


def _web(url: str, instead: str) -> str:
    """A link that a reader may follow: http and https only, whatever a feed says."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:  # such as "http://["
        return instead
    return url if scheme in {"http", "https"} else instead

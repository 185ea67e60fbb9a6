"""Whatever a feed says: in mails, previews, the archive and its feeds it is text, and nothing of it acts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from lxml import html

from syndicator.channels.email import EmailChannel
from syndicator.model import ArticleId, Edition, EditionKind
from syndicator.rendering import Renderer
from syndicator.text import feeds
from tests.test_rendering import ARCHIVE, MAIL, MASTHEAD, edition, read

CORPUS = Path(__file__).parents[1] / ".." / "shared" / "corpora" / "hostile"
OURS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '" style="background:url(javascript:alert(1))" x="',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://courier.example.com",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    'https://courier.example.com/"onclick="alert(1)',
    "https://courier.example.com/'><script>alert(1)</script>",
    "http://[",
    "https://[::1",
    "//evil.example/x",
    "--><script>alert(1)</script><!--",
    "<![endif]--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "{{ newsroom.__class__ }}{% for a in b %}",
    "%(day)s %s %n",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<bdi><iframe srcdoc='<script>alert(1)</script>'>",
    "<form action=//evil.example><button>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "\u202egnirts desrever\u2066",
    "a\r\nBcc: everybody@example.com\r\n\r\nb",
]
TAGS = set(
    "html head meta title style link body table tr td div span p h1 h2 h3 a bdi img main header nav article section "
    "strong ul li".split()
)
ATTRIBUTES = set(
    "lang dir charset name content class style role width height cellpadding cellspacing border align href src alt rel "
    "type title hreflang aria-current aria-label aria-hidden".split()
)


def corpus() -> list[str]:
    if not CORPUS.is_dir():
        pytest.skip("needs the hostile corpus beside the project")
    found = [one for one, _ in json.loads((CORPUS / "bleach_xss_data.json").read_text("utf-8"))]
    found += json.loads((CORPUS / "blns" / "blns.json").read_text("utf-8"))
    for file in (CORPUS / "payloadsallthethings").glob("*.txt"):
        found += file.read_text("utf-8", errors="replace").splitlines()
    return [one for one in dict.fromkeys(found) if one.strip()]


def hostile(vectors: Sequence[str], language: str = "ckb") -> Edition:
    """An edition in which every field of every story is a vector."""
    told = edition(language, EditionKind.DIGEST)
    stories = []
    for number, vector in enumerate(vectors):
        article = replace(
            told.stories[0].article,
            id=ArticleId(f"a{number}"),
            url=vector,
            headline=vector,
            section=vector,
            author=vector,
            credits=(vector, "Reuters"),
            image=vector,
            image_alt=vector,
            caption=vector,
            dateline=vector,
        )
        summary = replace(told.stories[0].summary, text=vector)
        stories.append(replace(told.stories[0], article=article, summary=summary))
    return replace(told, stories=tuple(stories), title=vectors[0])


def shown(told: Edition) -> Iterator[str]:
    """Everything that people see of it: the mail, its page in the archive, its entry in the feeds."""
    renderer = Renderer(MASTHEAD, read())
    (post,) = renderer.write(told, replace(MAIL, archive_url=ARCHIVE))
    yield post.html or ""
    assert "\n" not in (post.subject or "")
    assert "\r" not in (post.subject or "")
    stories = [
        renderer.story(story, told.due_at, told.language)
        | {"corrected": "1", "headline_now": story.article.headline[::-1], "retracted": ""}
        for story in told.stories
    ]
    page = {"newsletter": "morning", "title": told.title, "date": told.title, "open": True, "languages": []}
    page |= {"flash": False, "changed": len(stories)}
    arranged = renderer.arranged(told, stories)
    yield renderer.page("pages/edition.html", told.language, embedded=False, **page, **arranged)
    content = renderer.page("pages/entry.html", told.language, **arranged)
    yield content
    day = datetime(2026, 3, 1, tzinfo=UTC)
    title = renderer.page("pages/entry.txt", told.language, **page | {"flash": True}, **arranged)
    entry = feeds.Entry(
        id="e", title=title, url=ARCHIVE, summary=told.title, content=content, published=day, changed=day
    )
    feed = feeds.Feed(title=told.title, home=ARCHIVE, address=ARCHIVE, language="ckb", entries=(entry,))
    top = ElementTree.fromstring(feeds.rss(feed))  # noqa: S314 - our own
    (encoded,) = top.iter(f"{{{feeds.CONTENT}}}encoded")
    yield encoded.text or ""
    yield json.loads(feeds.json_feed(feed))["items"][0]["content_html"]


def acts(markup: str) -> list[str]:
    """What is in it that our own templates do not write."""
    found = []
    for element in html.document_fromstring(markup).iter():
        if not isinstance(element.tag, str):
            if (
                element.tag is html.etree.Comment
                and "[if mso]" not in element.text
                and "endif" not in element.text
            ):
                found.append(f"comment {element.text}")
            continue
        found += [] if element.tag in TAGS else [element.tag]
        for name, value in element.attrib.items():
            found += [] if name in ATTRIBUTES else [name]
            if name in {"href", "src"}:
                followed = urlsplit(value).scheme in {"http", "https"} or value.startswith(
                    ("/archive/", "/subscribe")
                )
                ours = value == "/style.css" or value.startswith("\ue000")
                found += [] if followed or ours else [value]
            if name == "style" and ("url(" in value or "expression" in value):
                found.append(value)
    return found


@pytest.mark.parametrize("language", ["en", "ckb"])
def test_what_we_thought_of_ourselves(language: str) -> None:
    for number in range(len(OURS)):
        for page in shown(hostile([*OURS[number:], *OURS[:number]][:6], language)):
            assert acts(page) == []


def test_what_others_collected() -> None:
    vectors = corpus()
    assert len(vectors) > 1000
    for at in range(0, len(vectors), 40):
        for page in shown(hostile(vectors[at : at + 40])):
            assert acts(page) == []


def test_text_stays_what_it_was() -> None:
    (mail, page, *_) = shown(hostile(["<b>a & b</b>"]))
    for markup in (mail, page):
        (headline,) = html.document_fromstring(markup).xpath("//h2/a")
        assert headline.text_content() == "<b>a & b</b>"


def test_a_head_cannot_be_broken_into() -> None:
    told = hostile(["a\r\nBcc: everybody@example.com\r\n\r\nb"])
    (post,) = Renderer(MASTHEAD, read()).write(told, replace(MAIL, limits=EmailChannel.limits))
    assert all(
        "\n" not in value and "\r" not in value for value in [post.subject or "", *post.headers.values()]
    )

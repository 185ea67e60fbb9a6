"""A post as WordPress' REST API has it (``wp/v2/posts``), with what was embedded in it."""

from __future__ import annotations

import re
from typing import Any

from syndicator.model import Item, Language

from .reading import inner, moment, rows, word

FIELDS = (
    "id,guid,link,status,date_gmt,modified_gmt,title,content,author,featured_media,categories,tags,"
    "lang,wpml_translations,"  # of plug-ins for several languages, where there are some
    "_links,_embedded"  # without the links nothing is embedded
)
EMBED = "author,wp:featuredmedia,wp:term"
_SHORTCODE = re.compile(
    r"\[/?(?:audio|caption|embed|gallery|playlist|video)\b[^\[\]]*\]"
)  # no reader sees them
_NO_SECTION = "uncategorized"  # where WordPress puts what was put nowhere


def item(post: dict[str, Any], *, source: str, language: str | None) -> Item | None:
    """None for a post that is not for everybody: no address, behind a password, or not published."""
    url, status = word(post, "link"), word(post, "status")
    if not url.startswith(("http://", "https://")) or inner(post, "content", "protected") is True:
        return None
    if status not in {"publish", ""}:
        return None
    media = inner(post, "_embedded", "wp:featuredmedia", 0)
    language = language or word(post, "lang") or None
    section, topics = _terms(post)
    return Item(
        source=source,
        key=key(post),
        url=url,
        html=word(post, "content", "rendered"),
        headline=word(post, "title", "rendered"),
        published_at=moment(word(post, "date_gmt")),
        updated_at=moment(word(post, "modified_gmt")),
        language=Language(language) if language else None,
        author=word(post, "_embedded", "author", 0, "name") or None,
        section=section,
        topics=topics,
        image=word(media, "source_url") or None,
        image_alt=word(media, "alt_text") or None,
        image_credit=word(media, "media_details", "image_meta", "credit") or None,
        caption=word(media, "caption", "rendered") or None,
        versions=tuple(
            (word(one, "locale").partition("_")[0], word(one, "href"))
            for one in rows(post, "wpml_translations")
            if word(one, "locale") and word(one, "href")
        ),
    )


def key(post: dict[str, Any]) -> str:
    """What the site's feed names it by, too: a newsroom may go from one to the other, and no story is new by it."""
    return word(post, "guid", "rendered") or word(post, "guid") or word(post, "id")


def _terms(post: dict[str, Any]) -> tuple[str | None, tuple[str, ...]]:
    """Its first category is the section; other categories and the tags are topics."""
    groups = inner(post, "_embedded", "wp:term")
    terms = [term for group in groups if isinstance(group, list) for term in rows(group)] if groups else []
    named = [
        (word(term, "taxonomy"), word(term, "name")) for term in terms if word(term, "slug") != _NO_SECTION
    ]
    categories = [name for taxonomy, name in named if taxonomy == "category" and name]
    others = [name for taxonomy, name in named if taxonomy != "category" and name]
    return next(iter(categories), None), tuple(dict.fromkeys([*categories, *others]))


def key_of_call(told: dict[str, Any]) -> str:
    return word(told, "post", "guid") or word(told, "post", "ID") or word(told, "post_id")


def item_of_call(told: dict[str, Any], *, language: str | None) -> Item | None:
    """A post as plug-ins send it: a row of the table of posts, and around it what belongs to it. None without an
    address."""
    post, url = inner(told, "post"), word(told, "post_permalink")
    if not url.startswith(("http://", "https://")):
        return None
    categories, tags = (_named(told, taxonomy) for taxonomy in ("category", "post_tag"))
    return Item(
        source="",
        key=key_of_call(told),
        url=url,
        html=_SHORTCODE.sub("", word(post, "post_content")),
        headline=word(post, "post_title"),
        published_at=moment(word(post, "post_date_gmt")),
        updated_at=moment(word(post, "post_modified_gmt")),
        language=Language(language) if language else None,
        author=word(told, "author", "display_name") or None,
        section=next(iter(categories), None),
        topics=tuple(dict.fromkeys([*categories, *tags])),
        image=word(told, "post_thumbnail") or None,
    )


def _named(told: dict[str, Any], taxonomy: str) -> list[str]:
    terms = inner(told, "taxonomies", taxonomy)
    listed = terms.values() if isinstance(terms, dict) else terms if isinstance(terms, list) else ()
    return [name for one in listed if word(one, "slug") != _NO_SECTION and (name := word(one, "name"))]

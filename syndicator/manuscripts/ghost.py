"""A post as Ghost has it, in its Content API and in its webhooks."""

from __future__ import annotations

from typing import Any

from syndicator.model import Item, Language

from .reading import inner, moment, rows, word

FIELDS = "id,title,html,url,published_at,updated_at,feature_image,feature_image_alt,feature_image_caption,visibility"


def item(post: dict[str, Any], *, source: str, language: str | None) -> Item | None:
    """None for a post that is not for everybody: its text is cut short, or must not leave the site."""
    url = word(post, "url")
    if not url.startswith(("http://", "https://")) or not is_public(post):
        return None
    tags = tuple(name for tag in rows(post, "tags") if (name := word(tag, "name")) and name[0] != "#")
    return Item(
        source=source,
        key=word(post, "id"),  # the guid of its feed, too
        url=url,
        html=word(post, "html"),
        headline=_escaped(word(post, "title")),
        published_at=moment(word(post, "published_at")),
        updated_at=moment(word(post, "updated_at")),
        language=Language(language) if language else None,
        author=word(post, "authors", 0, "name") or word(post, "primary_author", "name") or None,
        section=next(iter(tags), None),  # Ghost's primary tag is its first public one
        topics=tags,
        image=word(post, "feature_image") or None,
        image_alt=word(post, "feature_image_alt") or None,
        caption=word(post, "feature_image_caption") or None,  # HTML
    )


def is_public(post: dict[str, Any]) -> bool:
    """Whether everybody may read the whole of it."""
    return word(post, "visibility") in {"public", ""} and inner(post, "access") is not False


def _escaped(title: str) -> str:
    """Ghost's titles are text, an item's headline is HTML."""
    return title.replace("&", "&amp;").replace("<", "&lt;")

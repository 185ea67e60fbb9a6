"""What the configuration says of one site's pages: where the story stands on them, and what on them is none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from lxml.cssselect import CSSSelector

from syndicator.errors import SourceError
from syndicator.tables import RecipeTable
from syndicator.text import chrome

from .blocks import blocks
from .told import Found, joined, moment, shown


def recipe_for(url: str, recipes: Mapping[str, RecipeTable]) -> tuple[str, RecipeTable] | None:
    """The recipe of the address's host, or of the nearest domain above it."""
    host = urlsplit(url).hostname or ""
    fitting = [name for name in recipes if host == name or host.endswith(f".{name}")]
    return (name := max(fitting, key=len), recipes[name]) if fitting else None


def without_dropped(tree: Any, recipe: RecipeTable) -> None:
    for element in _chosen(tree, recipe.drop):
        if element.getparent() is not None:
            element.drop_tree()  # keeps the text that follows the element


def told_by(tree: Any, url: str, found: Found, recipe: RecipeTable) -> Found:
    """What the page says, with what the recipe finds in its place."""
    image = next(iter(_chosen(tree, recipe.image)), None)
    said: dict[str, Any] = {
        "headline": _text(tree, recipe.title),
        "authors": chrome.authors(map(shown, _chosen(tree, recipe.byline))),
        "published_at": _date(tree, recipe),
        "section": _text(tree, recipe.section),
        "topics": tuple(filter(None, map(shown, _chosen(tree, recipe.tags)))),
        "image": joined(url, _source(image)) if image is not None else None,
        "image_alt": image.get("alt") if image is not None else None,
        "caption": _text(tree, recipe.caption),
    }
    return replace(found, **{name: value for name, value in said.items() if value})


def body(tree: Any, url: str, name: str, recipe: RecipeTable) -> tuple[str, ...]:
    """The paragraphs of the parts that the recipe names. Raises :exc:`SourceError` where a page has none of them."""
    lines = [block.text for part in _chosen(tree, recipe.body) for block in blocks(part)]
    if not lines:
        raise SourceError(
            f"{url}: nothing on the page is {recipe.body!r}; mend body in [recipes.{name!r}], or take it out"
        )
    return tuple(lines)


def _date(tree: Any, recipe: RecipeTable) -> datetime | None:
    for element in _chosen(tree, recipe.date):
        for said in (element.get("datetime"), element.get("content"), shown(element)):
            if found := moment(said, recipe.timezone):
                return found
    return None


def _text(tree: Any, selector: str) -> str | None:
    return next((found for one in _chosen(tree, selector) if (found := shown(one))), None)


def _source(image: Any) -> str:
    return str(image.get("src") or image.get("data-src") or image.get("content") or "")


def _chosen(tree: Any, selector: str) -> list[Any]:
    return list(_compiled(selector)(tree)) if selector else []


@lru_cache(500)
def _compiled(selector: str) -> CSSSelector:
    return CSSSelector(selector, translator="html")

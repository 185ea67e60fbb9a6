"""Whether two stories of different languages look like one: the same picture, the same figures. Pure."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from syndicator.model import Article
from syndicator.text.words import words

WINDOW = timedelta(hours=36)
_FIGURES = 2  # in common; a year or a single number is in common by chance


def resemblance(one: Article, other: Article) -> str:
    """Why they may be the same story in two languages; empty where nothing says so. It is a guess, never more."""
    if one.language == other.language or abs(one.published_at - other.published_at) > WINDOW:
        return ""
    if not one.image or not other.image or _picture(one.image) != _picture(other.image):
        return ""
    shared = sorted((_figures(one) & _figures(other)) | (_latin(one) & _latin(other)))
    if len(shared) < _FIGURES:
        return ""
    return f"the same picture, and in both texts: {', '.join(shared[:6])}"


def _picture(url: str) -> str:
    """Its address, whatever asks for a size or a format of it."""
    return urlsplit(url).path.casefold()


def _told(article: Article) -> list[str]:
    return words(" ".join((article.headline, *article.body)))


def _figures(article: Article) -> set[str]:
    return {word for word in _told(article) if word.isdecimal() and len(word) > 1}


def _latin(article: Article) -> set[str]:
    """Names that every language writes in Latin letters, such as NATO in an Arabic text. Of a text that is Latin
    altogether each word may be one, so that of two such texts nothing is said."""
    told = _told(article)
    found = {word for word in told if word.isascii() and word.isalpha() and len(word) > 2}
    return found if len(found) < len(told) / 2 or article.language == "en" else set()

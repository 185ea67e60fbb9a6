"""Marks on links."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.links import tagged

MARKS = {"source": "evening mail", "medium": "email"}
WORDS = st.text(st.characters(categories=["L", "N"], include_characters="-_.~%+=/"), max_size=12)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://a.org/x", "https://a.org/x?utm_source=evening%20mail&utm_medium=email"),
        (
            "https://a.org/x?b=1&b=%D8%A7#top",
            "https://a.org/x?b=1&b=%D8%A7&utm_source=evening%20mail&utm_medium=email#top",
        ),
        ("https://a.org/x?utm_source=own", "https://a.org/x?utm_source=own&utm_medium=email"),
        ("https://a.org", "https://a.org?utm_source=evening%20mail&utm_medium=email"),
        ("mailto:a@b.c", "mailto:a@b.c"),
    ],
)
def test_a_link_keeps_what_it_had(url: str, wanted: str) -> None:
    assert tagged(url, MARKS) == wanted


@given(path=WORDS, query=WORDS, fragment=WORDS)
def test_twice_is_once_and_nothing_is_lost(path: str, query: str, fragment: str) -> None:
    url = f"https://a.org/{path}?{query}#{fragment}"
    once = tagged(url, MARKS)
    assert tagged(once, MARKS) == once
    before, after = urlsplit(url), urlsplit(once)
    assert after.query.startswith(before.query)
    assert (after.path, after.fragment) == (before.path, before.fragment)
    assert parse_qs(after.query)["utm_medium"] == ["email"]


def test_without_marks_a_link_is_as_it_was() -> None:
    assert tagged("https://a.org/x?", {}) == "https://a.org/x?"

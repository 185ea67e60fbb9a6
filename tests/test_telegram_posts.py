"""Whatever a story says, Telegram takes its post: two parsers that share nothing agree on it.

``SYNDICATOR_EXAMPLES=10000`` tries as many stories.
"""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator.model import ArticleId, EditionKind, Language, Story, Summary
from syndicator.rendering import Renderer
from syndicator.sandbox import entities
from syndicator.sandbox.telegram import TEXT_MAX, refused_for_format
from syndicator.text.telegram import read, refusal
from tests.test_rendering import MASTHEAD, TG, edition, remembering

EXAMPLES = int(os.environ.get("SYNDICATOR_EXAMPLES", "300"))

WORDS = st.sampled_from(
    [
        *"Rain closes the road باران ڕێگاکەی داخست المطر يغلق الطريق هەولێر\u200cیەکان 20% ﷺ 🇮🇶".split(),
        *("Straßenbahn" * 40, "ئازادی" * 90, "https://n.example/" + "a" * 300, "e\u0301" * 30),
        *("👩\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈"),
    ]
)
HOSTILE = st.sampled_from(
    [
        *"< > </b> <b> <br> <a href=' \" ' & &amp; &lt &#xD800; &#0; &nbsp; </ <> <span> <!-- ]]> *_`[ \\".split(),
        *("<tg-time unix=1 format=x>", "{{ 7 * 7 }}", "{% raw %}", "<![CDATA[", "tg://user?id=1", "http://["),
        *("\x00", "\t", "\r\n", "\u2028", "\ue000", "\ufffc", "\ufeff", "\u0333", "\u030a"),
        *("\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u200f\u200f", "\u200e", "\u200b"),
    ]
)
ENTITIES = st.sampled_from("&quot; &Or; &laquo; &#65; &#x41 &copy &; &#; &#12345678; &ltx &#x41x".split())
TEXTS = st.lists(st.one_of(WORDS, HOSTILE, ENTITIES, st.text(max_size=12)), min_size=1, max_size=25).map(
    " ".join
)
SHORT = st.one_of(HOSTILE, ENTITIES, st.text(max_size=12))
URLS = st.one_of(
    st.just("https://courier.example.com/en/rain"),
    SHORT.map(lambda text: f"https://courier.example.com/{text}"),
    SHORT,
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stories=st.lists(st.tuples(TEXTS, TEXTS, URLS, st.lists(SHORT, max_size=2)), min_size=1, max_size=4),
    language=st.sampled_from(["en", "ckb", "ar"]),
    parts=st.integers(1, 3),
)
def test_telegram_takes_whatever_a_story_says(
    stories: list[tuple[str, str, str, list[str]]], language: str, parts: int
) -> None:
    told = [_story(number, story, language) for number, story in enumerate(stories)]
    whole = replace(edition(language, kind=EditionKind.PUSH), stories=tuple(told))
    outlet = replace(TG, limits=replace(TG.limits, parts=parts))
    for post in Renderer(MASTHEAD, remembering()).write(whole, outlet):
        assert refusal(post.text) is None
        assert refused_for_format(post.text, TEXT_MAX) is None
        seen, (text, found) = read(post.text), entities.parse(post.text)
        assert seen.text == text
        assert {(e.kind, e.offset, e.length) for e in seen.entities} == {
            (e.kind, e.offset, e.length) for e in found
        }


def _story(number: int, told: tuple[str, str, str, list[str]], language: str) -> Story:
    headline, summary, url, credits_ = told
    (one,) = edition(language).stories
    article = replace(
        one.article,
        id=ArticleId(str(number)),
        headline=headline,
        url=url,
        credits=tuple(credits_),
        language=Language(language),
    )
    return Story(article=article, summary=Summary(article=article.id, text=summary, method="extract"))

"""Whatever strangers write: a story, nothing, or one clear error; never anything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicator.errors import Refused, SourceError
from syndicator.hooks.ghost import GhostHook
from syndicator.hooks.published import PublishedHook
from syndicator.hooks.wordpress import WordPressHook
from syndicator.manuscripts import ghost, own, wordpress
from syndicator.model import Item
from syndicator.ports import Answer, Harvest, World
from syndicator.sources.ghost import GhostSource
from syndicator.sources.sitemap import parsed
from syndicator.sources.websub import announced
from syndicator.sources.wordpress import WordPressSource
from tests.lanes import WORLD

NOW = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = st.sampled_from(
    "id guid link url status date_gmt modified_gmt title content rendered protected author featured_media categories "
    "tags _embedded wp:term wp:featuredmedia source_url posts meta pagination pages post current previous visibility "
    "published_at updated_at html text headline topics type data name slug ID post_id post_status".split()
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
    ["publish", "published", "public", "2026-03-01T09:00:00", "https://a.example/1", "story.published", "999999-01-01"]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=30,
)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
OBJECTS = st.dictionaries(KEYS, TREES, max_size=12)


@PATIENT
@given(OBJECTS)
def test_posts(told: dict[str, object]) -> None:
    for read in (wordpress.item, ghost.item):
        found = read(told, source="site", language=None)
        assert found is None or (isinstance(found, Item) and found.url.startswith("http"))
    found = wordpress.item_of_call(told, language=None)
    assert found is None or found.url.startswith("http")
    assert isinstance(wordpress.key_of_call(told), str)


@PATIENT
@given(TREES)
def test_manuscripts(told: object) -> None:
    try:
        own.of(told)
    except own.Unreadable as error:
        assert str(error)


@PATIENT
@given(
    st.text()
    | st.text().map("---\nheadline: x\n{}\n---\ny".format)
    | st.text().map('{{"headline": {}'.format)
)
def test_files(text: str) -> None:
    for read in (own.from_json, own.from_markdown):
        try:
            read(text)
        except own.Unreadable as error:
            assert error.line >= 1


@PATIENT
@given(st.binary() | st.binary().map(b"<urlset>".__add__) | st.binary().map(b"\x1f\x8b\x08".__add__))
def test_sitemaps_and_hubs(body: bytes) -> None:
    answer = Answer(status=200, url="https://a.example/", headers={"link": body.decode("latin-1")}, body=body)
    announced(answer)
    try:
        parsed(answer)
    except SourceError as error:
        assert "https://a.example/" in str(error)


@PATIENT
@given(st.lists(TREES, min_size=1, max_size=3))
def test_interfaces(told: list[object]) -> None:
    coming = iter(told)

    class Site:
        def get(self, url: str, headers: object = None) -> Answer:
            body = json.dumps(next(coming, told[0])).encode()
            return Answer(status=200, url=url, headers={"x-wp-totalpages": "9"}, body=body)

    world = World(now=lambda: NOW, rng=Random(1), wait=lambda _: False, web=Site())
    site = {"url": "https://a.example"}
    for source in (
        WordPressSource(WordPressSource.Settings.model_validate(site), world, name="site"),
        GhostSource(GhostSource.Settings.model_validate(site | {"key": "k"}), world, name="site"),
    ):
        checkpoint = None
        for _ in range(3):
            found = source.fetch(checkpoint)
            assert isinstance(found, Harvest)
            checkpoint = found.checkpoint


@PATIENT
@given(TREES, st.text(max_size=40), st.binary(max_size=40))
def test_calls_that_are_not_signed(told: object, signature: str, raw: bytes) -> None:
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": "1",
        "webhook-signature": signature,
        "x-ghost-signature": signature,
    }
    for kind in (PublishedHook, WordPressHook, GhostHook):
        hook = kind(kind.Settings.model_validate({"secret": "whsec_c2VjcmV0"}), WORLD)
        for body in (json.dumps(told).encode(), raw):
            with pytest.raises(Refused):
                hook.read(headers, body)

"""Moments and spans as people of each language say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syndicator.rendering import Renderer
from syndicator.web.console.times import Times
from tests.test_rendering import MASTHEAD, read

ERBIL = ZoneInfo("Asia/Baghdad")
NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def times(language: str) -> Times:
    words = Renderer(MASTHEAD, read()).sentences("console", language)
    return Times(NOW, ERBIL, language, words)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["just now", "1 minute ago", "11 minutes ago", "in 2 hours", "28 Feb 10:00", "3 Mar 12:00"]),
        (
            "ckb",
            [
                "هەر ئێستا",
                "پێش 1 خولەک",
                "پێش 11 خولەک",
                "دوای 2 کاتژمێر",
                "28ی شوبات 10:00",
                "3ی ئازار 12:00",
            ],
        ),
        (
            "ar",
            ["قبل لحظات", "قبل دقيقة", "قبل 11 دقيقة", "بعد ساعتين", "28 فبراير 10:00", "3 مارس 12:00"],
        ),
    ],
)
def test_near_moments_are_told_by_their_distance_and_others_by_the_clock(
    language: str, told: list[str]
) -> None:
    away = [timedelta(0), -timedelta(minutes=1), -timedelta(minutes=11), timedelta(hours=2)]
    away += [-timedelta(days=1, hours=2), timedelta(days=2)]
    assert [times(language).when(NOW + one).striptags() for one in away] == told


def test_what_lasts_until_a_moment_is_told_by_the_clock_however_near_it_is() -> None:
    assert times("en").exactly(NOW + timedelta(minutes=30)).striptags() == "12:30"
    assert times("en").exactly(NOW + timedelta(minutes=30)) == (
        '<time datetime="2026-03-01T09:30:00+00:00" title="1 Mar 2026 12:30:00">12:30</time>'
    )
    assert times("ckb").day(NOW) == "یەکشەممە 1ی ئازار"


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ["1 second", "3 minutes", "2 hours"]),
        ("ckb", ["1 چرکە", "3 خولەک", "2 کاتژمێر"]),
        ("ar", ["ثانية واحدة", "3 دقائق", "ساعتان"]),
    ],
)
def test_how_long_something_takes(language: str, told: list[str]) -> None:
    spans = [timedelta(seconds=1), timedelta(seconds=170), timedelta(minutes=110)]
    assert [times(language).span(one) for one in spans] == told

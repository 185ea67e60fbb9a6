"""A newsroom's rules put to a story."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from syndicator import editing
from syndicator.model import Article, ArticleId, Language
from syndicator.settings import Filter
from syndicator.tables import Rule

BAGHDAD = ZoneInfo("Asia/Baghdad")


def article(name: str = "a", hour: int = 9, **changes: object) -> Article:
    told: dict[str, object] = {
        "id": ArticleId(name),
        "revision": 1,
        "url": "https://courier.example/a",
        "language": Language("en"),
        "headline": "Rain closes the Azmar road",
        "body": ("Cars wait at Goizha.",),
        "published_at": datetime(2026, 3, 1, hour, tzinfo=UTC),
        "section": "Weather",
        "author": "Dana Karim",
        "topics": frozenset({"roads"}),
    }
    return Article(**{**told, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, True),
        ({"languages": ["en", "ar"]}, True),
        ({"languages": ["ckb"]}, False),
        ({"sections": ["weather"]}, True),
        ({"sections": ["sport"]}, False),
        ({"authors": ["dana karim"]}, True),
        ({"authors": ["else"]}, False),
        ({"topics": ["Roads"]}, True),
        ({"topics": ["rail"]}, False),
        ({"keywords": ["goizha"]}, True),
        ({"keywords": ["Goiz"]}, False),
        ({"sections": ["weather"], "keywords": ["snow"]}, False),
    ],
)
def test_rules(rule: dict[str, object], *, expected: bool) -> None:
    assert editing.matches(Rule.model_validate(rule), article()) is expected


def test_a_keyword_in_sorani_is_a_whole_word() -> None:
    told = article(headline="باران ڕێگاکەی داخست")
    assert editing.matches(Rule(keywords=("باران",)), told)
    assert not editing.matches(Rule(keywords=("بارا",)), told)


def test_an_article_without_section_matches_no_section() -> None:
    assert not editing.matches(Rule(sections=("Weather",)), article(section=None))


def test_flash_rules() -> None:
    assert editing.flash_rule(told=False) is None
    always, never = editing.flash_rule(told=True), editing.flash_rule(Rule(sections=("Sport",)))
    assert always
    assert never
    assert always(article())
    assert not never(article())


def test_filters_say_what_never_goes_out_where() -> None:
    filters = {
        "no-weather": Filter(channels=("x",), drop=Rule(sections=("Weather",))),
        "english": Filter(keep=Rule(languages=("en",))),
    }  # fmt: skip
    assert not editing.filtered(filters, "x")(article())
    assert editing.filtered(filters, "tg")(article())
    assert not editing.filtered(filters, "tg")(article(language=Language("ar")))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-01T19:59:00Z", None),  # 22:59 in Baghdad
        ("2026-03-01T20:00:00Z", "2026-03-02T03:30:00Z"),
        ("2026-03-02T03:29:00Z", "2026-03-02T03:30:00Z"),
        ("2026-03-02T03:30:00Z", None),
    ],
)
def test_quiet_hours_end_in_the_newsrooms_zone(now: str, until: str | None) -> None:
    moment = editing.quiet_until((time(23), time(6, 30)), BAGHDAD, None)
    told = datetime.fromisoformat(now)
    assert moment(told, article()) == (datetime.fromisoformat(until) if until else told)


def test_silent_hours() -> None:
    night = editing.in_hours((time(22), time(7)), ZoneInfo("Asia/Baghdad"))
    assert [night(datetime(2026, 3, 1, hour, tzinfo=UTC)) for hour in (3, 4, 18, 19)] == [
        True,
        False,
        False,
        True,
    ]
    assert not editing.in_hours(None, ZoneInfo("Asia/Baghdad"))(datetime(2026, 3, 1, 22, tzinfo=UTC))


def test_quiet_hours_within_a_day_and_none() -> None:
    now = datetime(2026, 3, 1, 10, tzinfo=UTC)
    noon = editing.quiet_until((time(12), time(14)), BAGHDAD, None)
    assert noon(now, article()) == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert editing.quiet_until(None, BAGHDAD, None)(now, article()) == now


def test_what_is_urgent_goes_out_at_night() -> None:
    moment = editing.quiet_until((time(23), time(6, 30)), BAGHDAD, Rule(keywords=("earthquake",)))
    night = datetime(2026, 3, 1, 22, tzinfo=UTC)
    assert moment(night, article(headline="Earthquake shakes Halabja")) == night
    assert moment(night, article()) > night


@pytest.mark.parametrize(
    "name",
    ["", "x", "20260301", "20260301T250000Z", "20261301T000000Z", "20260301T100000", "20260301T100000Z\n"],
)
def test_what_is_no_slots_name(name: str) -> None:
    assert editing.slot_called(name) is None


def test_the_first_rule_that_fits_is_a_storys_rank() -> None:
    rules = [Rule(sections=("Sport",)), Rule(keywords=("Goizha",)), Rule(sections=("Weather",))]
    assert editing.rank(rules, article()) == 1
    assert editing.rank(rules, article(section="Business", body=())) == 3

"""Posts from templates: exact, in the right direction, and never half a sentence."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.ext import babel_extract

from syndicator.channels.email import EmailChannel
from syndicator.channels.email.letter import Letter
from syndicator.errors import TemplateError
from syndicator.model import (
    Article,
    ArticleId,
    ChannelId,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Limits,
    Post,
    Story,
    Summary,
    blank,
)
from syndicator.press import Read
from syndicator.rendering import Masthead, Outlet, Renderer
from syndicator.settings import ZONES
from syndicator.text.measure import UNITS
from syndicator.text.telegram import refusal, shown

OURS = Path(__file__).parents[1] / "templates"
MASTHEAD = Masthead(
    name="The Courier & Co",
    url="https://courier.example.com",
    accent="#0b6e4f",
    zone=ZoneInfo("Asia/Baghdad"),
    postal_address="Salim Street 1, Sulaimani",
)
X = Outlet(id=ChannelId("x"), kind="x", limits=Limits(text=280, unit="x-weighted", markup="plain"))
TG = Outlet(id=ChannelId("tg"), kind="telegram", limits=Limits(text=4096, unit="utf16", markup="telegram"))
MAIL = Outlet(id=ChannelId("letters"), kind="email", limits=Limits(), newsletter="morning")
TEXT = {
    "en": (
        "Rain closes the Azmar road",
        "Rain closed the road on Monday. Crews cleared it by noon. Buses ran late.",
    ),
    "ckb": (
        "باران ڕێگای ئەزمەڕ دادەخات",
        "باران ڕۆژی دووشەممە ڕێگاکەی داخست. کرێکاران تا نیوەڕۆ پاکیان کردەوە.",
    ),
    "ar": ("المطر يغلق طريق أزمر", "أغلق المطر الطريق يوم الاثنين. نظفته الفرق قبل الظهر."),
}


def read(*folders: Path) -> Read:
    def find(name: str) -> tuple[str, str] | None:
        for folder in (*folders, OURS):
            if (folder / name).is_file():
                return (folder / name).read_text("utf-8"), str(folder / name)
        return None

    return find


def edition(language: str = "en", kind: EditionKind = EditionKind.FLASH, **changes: object) -> Edition:
    headline, summary = TEXT[language]
    article = Article(
        id=ArticleId("a"),
        revision=1,
        url="https://courier.example.com/en/rain",
        language=Language(language),
        headline=headline,
        body=(summary,),
        published_at=datetime(2026, 3, 1, 6, tzinfo=UTC),
        credits=("Reuters",),
    )
    article = replace(article, **changes)  # type: ignore[arg-type]
    story = Story(article=article, summary=Summary(article=article.id, text=summary, method="extract"))
    return Edition(
        id=EditionId("digest:morning:2026-03-01T07:00:00+00:00" if kind is EditionKind.DIGEST else "flash:a"),
        kind=kind,
        language=Language(language),
        due_at=datetime(2026, 3, 1, 7, tzinfo=UTC),
        stories=(story,),
        title="Morning",
    )


def write(told: Edition, outlet: Outlet, *folders: Path) -> str:
    (post,) = Renderer(MASTHEAD, read(*folders)).write(told, outlet)
    return post.text


def test_a_template_may_lead_to_the_same_story_in_another_language(tmp_path: Path) -> None:
    own = tmp_path / "telegram"
    own.mkdir()
    told = "{% for v in stories[0].versions %}{{ v.language }} {{ v.url }} {% endfor %}{{ stories[0].image_credit }}"
    (own / "flash.html").write_text(told, "utf-8")
    versions = (
        ("ckb", "https://courier.example.com/ckb/baran"),
        ("en", "https://courier.example.com/en/rain"),
    )
    post = write(edition(versions=(*versions, ("ar", "javascript:x")), image_credit="AFP"), TG, tmp_path)
    assert post == "ckb https://courier.example.com/ckb/baran AFP"


def test_a_flash_on_telegram() -> None:
    assert write(edition(headline="Rain & <snow>"), TG) == (
        "<b>Rain &amp; &lt;snow&gt;</b>\n\nRain closed the road on Monday. Crews cleared it by noon. "
        "Buses ran late.\n\n"
        '<i>Reuters</i> · <a href="https://courier.example.com/en/rain">Read the whole story</a>'
    )


def test_what_telegram_would_refuse_is_told_with_its_file(tmp_path: Path) -> None:
    own = tmp_path / "telegram" / "flash.html"
    own.parent.mkdir()
    own.write_text("{{ stories[0].headline }}<br>x")
    said = r"flash\.html: Telegram would refuse what telegram/flash\.html writes: Unsupported start tag \"br\" at byte"
    with pytest.raises(TemplateError, match=said):
        write(edition(), TG, tmp_path)
    own.write_text("{% for _ in stories[0].headline * 5 %}<b>x</b>{% endfor %}")
    with pytest.raises(TemplateError, match="130 entities, of which only the first 100"):
        write(edition(), TG, tmp_path)


def test_a_long_story_is_a_thread_on_telegram() -> None:
    long = replace(edition(), stories=tuple(_with(edition(), "It is a sentence & no more. " * 30)))
    thread = replace(TG, limits=replace(TG.limits, text=400, parts=4, media=1))
    posts = Renderer(MASTHEAD, remembering()).write(long, thread)
    assert [post.part for post in posts] == [0, 1, 2]
    assert posts[0].text.startswith("<b>Rain closes the Azmar road</b>\n\nIt is a sentence &amp; no more.")
    assert posts[-1].text.endswith("Read the whole story</a>")
    assert sum(post.text.count("no more.") for post in posts) == 30
    assert [refusal(post.text, 400) for post in posts] == [None] * 3
    brief = replace(thread, limits=replace(thread.limits, parts=1))
    (short,) = Renderer(MASTHEAD, remembering()).write(long, brief)
    assert UNITS["utf16"](shown(short.text)) <= 400


def test_a_moment_that_telegram_shows_in_each_readers_own_time(tmp_path: Path) -> None:
    own = tmp_path / "telegram" / "flash.html"
    own.parent.mkdir()
    own.write_text('<tg-time unix="{{ lead.unix }}" format="t">{{ lead.published }}</tg-time>')
    assert write(edition(), TG, tmp_path) == '<tg-time unix="1772344800" format="t">9:00\u202fAM</tg-time>'


def test_a_flash_on_x_fits_exactly_by_whole_sentences() -> None:
    long = replace(
        edition(), stories=tuple(_with(edition(), "A sentence of forty-one letters stands here. " * 9))
    )
    text = write(long, X)
    assert UNITS["x-weighted"](text) <= 280
    assert text.count("stands here.") == 5
    assert text.endswith("here.\n\nhttps://courier.example.com/en/rain")


def _with(told: Edition, summary: str) -> list[Story]:
    (story,) = told.stories
    return [replace(story, summary=replace(story.summary, text=summary.strip()))]


def test_a_headline_that_is_too_long_is_cut_at_a_word() -> None:
    text = write(edition(headline="weather " * 60), X)
    headline, link = text.split("\n\n")
    assert headline.endswith("weather…")
    assert link.startswith("https://")
    assert 270 < UNITS["x-weighted"](text) <= 280


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=400), st.text(max_size=600), st.sampled_from(["en", "ckb", "ar"]))
def test_whatever_a_story_says_it_fits(headline: str, summary: str, language: str) -> None:
    told = edition(language, headline=headline.strip() or "x")
    told = replace(told, stories=tuple(_with(told, summary)))
    renderer = Renderer(MASTHEAD, remembering())
    (on_x,) = renderer.write(told, X)
    (on_telegram,) = renderer.write(told, replace(TG, limits=replace(TG.limits, text=120)))
    assert UNITS["x-weighted"](on_x.text) <= 280
    assert UNITS["utf16"](shown(on_telegram.text)) <= 120


def remembering() -> Read:
    kept: dict[str, tuple[str, str] | None] = {}
    find = read()

    def remembered(name: str) -> tuple[str, str] | None:
        if name not in kept:
            kept[name] = find(name)
        return kept[name]

    return remembered


def test_a_foreign_first_word_does_not_turn_the_message_round() -> None:
    text = write(edition("ckb", headline="ESTA: باران ڕێگاکە دادەخات"), X)
    assert text.startswith("\u200fESTA")


@pytest.mark.parametrize(("language", "way"), [("en", "ltr"), ("ckb", "rtl"), ("ar", "rtl")])
def test_a_digest_mail_in_three_languages(language: str, way: str) -> None:
    (post,) = Renderer(MASTHEAD, read()).write(edition(language, EditionKind.DIGEST), MAIL)
    assert post.html
    assert f'<html lang="{language}" dir="{way}">' in post.html
    assert "The Courier &amp; Co" in post.html
    assert TEXT[language][0] in post.text
    assert post.subject == f"{'' if way == 'ltr' else chr(0x200F)}Morning: {TEXT[language][0]}"
    assert post.headers["List-Id"].endswith("<morning.courier.example.com>")
    assert post.headers["List-Unsubscribe"] == f"<{blank('leave_url')}>"
    assert post.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert blank("leave_url") in post.text
    assert blank("leave_url") in post.html
    assert ("Leave with one click" in post.text) is (language == "en")
    assert "Salim Street 1" in post.html


def test_the_head_of_a_newsletter(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    for ending in ("subject.txt", "txt", "html"):
        (tmp_path / f"email/push.{ending}").write_text("{{ edition.title }}", "utf-8")
    titles = {"en": 'The "Morning"', "ckb": "پوختەی بەیانی"}
    outlet = replace(MAIL, titles=titles)
    masthead = replace(MASTHEAD, archive_url="https://courier.example.com/archive")

    def headers(language: str, kind: EditionKind = EditionKind.DIGEST) -> Mapping[str, str]:
        (post,) = Renderer(masthead, read(tmp_path)).write(edition(language, kind), outlet)
        return post.headers

    english, sorani = headers("en"), headers("ckb")
    assert english["List-Id"] == '"The \\"Morning\\"" <morning.courier.example.com>'
    assert sorani["List-Id"] == "پوختەی بەیانی <morning.courier.example.com>"
    assert english["List-Archive"] == "<https://courier.example.com/archive>"
    assert sorani["Content-Language"] == "ckb"
    assert parsedate_to_datetime(english["Date"]) == edition("en").due_at
    assert english["Precedence"] == "bulk"
    assert english["Auto-Submitted"] == "auto-generated"
    assert "Auto-Submitted" not in headers("en", EditionKind.PUSH)
    campaign, newsletter, kind, sender = english["Feedback-ID"].split(":")
    assert (newsletter, kind) == ("morning", "digest")
    assert 5 <= len(sender) <= 15
    assert campaign
    assert sender == sorani["Feedback-ID"].split(":")[3]


ARCHIVE = "https://news.example.com/archive/morning/"


def long_edition(language: str, many: int, sentences: int) -> Edition:
    """Each story with a number in its headline and address, and with so many sentences."""
    told = edition(language, EditionKind.DIGEST)
    (story,) = told.stories
    headline, summary = TEXT[language]
    words = " ".join([summary] * sentences)
    stories = [
        replace(
            story,
            article=replace(
                story.article,
                headline=f"{headline} {number}",
                url=f"https://courier.example.com/{number}",
                section=("News", "Sport")[number % 4 > 1],
            ),
            summary=replace(story.summary, text=words),
        )
        for number in range(many)
    ]
    return replace(told, stories=tuple(stories))


def wire(post: Post) -> bytes:
    """With values as long as they get."""
    told = {"leave_url": "l" * 200, "preferences_url": "p" * 200, "own_url": "o" * 200, "address": "a" * 254}
    values = told | {"name": "Sara", "message_id": "<1@n.example>", "verp": "v" * 40}
    return Letter(post, sender="news@n.example", sender_name="هەواڵ", date="x").written(values, "s@x.example")


@pytest.mark.parametrize("sentences", [1, 20, 60])
@pytest.mark.parametrize("language", ["en", "ckb", "ar"])
def test_a_mail_is_never_so_large_that_programs_cut_it_off(language: str, sentences: int) -> None:
    outlet = replace(MAIL, archive_url=ARCHIVE, limits=EmailChannel.limits)
    (post,) = Renderer(MASTHEAD, remembering()).write(long_edition(language, 20, sentences), outlet)
    assert post.html
    assert len(wire(post)) <= 100_000
    kept = post.text.count("https://courier.example.com/")
    assert [f"https://courier.example.com/{number}" in post.html for number in range(20)] == [
        number < kept for number in range(20)
    ]
    assert kept == 20 if sentences == 1 else 0 < kept <= 20
    if kept < 20:
        assert len(wire(post)) > 92_000 * kept / (kept + 1)  # one more would be too much
        assert (
            str(20 - kept)
            in post.text.partition(f"{ARCHIVE}20260301T070000Z?language={language}\n\n--")[0][-80:]
        )


def test_one_story_that_is_too_large_has_fewer_sentences() -> None:
    outlet = replace(MAIL, limits=EmailChannel.limits)
    (post,) = Renderer(MASTHEAD, read()).write(long_edition("ckb", 2, 600), outlet)
    assert 80_000 < len(wire(post)) <= 100_000
    assert (
        "https://courier.example.com\n" in post.text
    )  # without an archive the rest is on the newsroom's site


def test_a_template_that_makes_every_mail_too_large(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "digest.html").write_text("{{ 'x' * 200000 }}", "utf-8")
    with pytest.raises(TemplateError, match=r"digest\.html writes cannot fit letters: 100000 octets at most"):
        Renderer(MASTHEAD, read(tmp_path)).write(
            long_edition("en", 3, 1), replace(MAIL, limits=EmailChannel.limits)
        )


def test_sections_stand_under_their_headings() -> None:
    (post,) = Renderer(MASTHEAD, read()).write(long_edition("en", 6, 1), MAIL)
    assert re.findall(r"<h([12])|>(News|Sport)</h2>|road (\d)<", post.html or "") == [
        ("1", "", ""),
        ("2", "", ""),
        ("", "", "0"),
        *[("2", "", ""), ("", "News", ""), ("", "", "1")],
        *[("2", "", ""), ("", "Sport", ""), ("", "", "2"), ("", "", "3")],
        *[("2", "", ""), ("", "News", ""), ("", "", "4"), ("", "", "5")],
    ]
    assert "\nSport\n────────\n\nRain closes the Azmar road 2\n" in post.text


def test_a_newsletter_has_its_own_name_and_subject(tmp_path: Path) -> None:
    (tmp_path / "email" / "morning").mkdir(parents=True)
    (tmp_path / "email" / "morning" / "digest.ckb.subject.txt").write_text("{{ lead.headline }}", "utf-8")
    outlet = replace(MAIL, sender="morning", sender_names={"ckb": "کوریەری بەیانی"}, archive_url=ARCHIVE)
    (sorani,) = Renderer(MASTHEAD, read(tmp_path)).write(edition("ckb", EditionKind.DIGEST), outlet)
    (english,) = Renderer(MASTHEAD, read(tmp_path)).write(edition("en", EditionKind.DIGEST), outlet)
    assert sorani.subject == TEXT["ckb"][0]
    assert english.subject == f"Morning: {TEXT['en'][0]}"
    assert english.headers["List-Archive"] == f"<{ARCHIVE}>"
    heads = [message_from_bytes(wire(post), policy=policy.default)["From"] for post in (sorani, english)]
    assert [str(one.addresses[0]) for one in heads] == [
        "کوریەری بەیانی <morning@n.example>",
        "هەواڵ <morning@n.example>",
    ]


def test_a_mail_without_pictures() -> None:
    told = edition("en", EditionKind.DIGEST, image="https://courier.example.com/p.png", caption="A wet road")
    with_one, without = (
        Renderer(MASTHEAD, read()).write(told, replace(MAIL, images=images))[0].html or ""
        for images in (True, False)
    )
    assert '<img src="https://courier.example.com/p.png" alt="A wet road" width="600"' in with_one
    assert "<img" not in without


def test_every_sentence_is_in_every_language() -> None:
    used: set[str] = set()
    for file in OURS.rglob("*.*"):
        if file.suffix in {".html", ".txt", ".words"} and "console" not in file.parts:
            source = io.BytesIO(file.read_bytes())
            found = babel_extract(source, ["_", "ngettext"], [], {"trim_blocks": "true"})
            used |= {message[0] if isinstance(message, tuple) else message for _, _, message, _ in found}
    assert len(used) > 60
    renderer = Renderer(MASTHEAD, read())
    for language in ("ckb", "ar"):
        catalog = read_po(
            io.StringIO((OURS / "words" / f"{language}.po").read_text("utf-8")), locale=language
        )
        written = {
            message.id[0] if isinstance(message.id, tuple) else message.id
            for message in catalog
            if message.id and all(message.string if isinstance(message.string, tuple) else [message.string])
        }
        assert used - written == set()
        assert written - used - {renderer.city(zone, "en") for zone in ZONES} == set()
        assert not any(renderer.city(zone, language).isascii() for zone in ZONES)


def test_a_day_is_written_as_its_readers_do() -> None:
    renderer, day = Renderer(MASTHEAD, read()), datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert renderer.day(day, "ckb") == "یەکشەممە، 1ی ئازاری 2026"
    assert renderer.day(day, "ar") == "الأحد، 1 مارس 2026"
    assert renderer.day(day, "en") == "Sunday, March 1, 2026"


def test_a_link_that_is_no_web_address_is_not_handed_on() -> None:
    assert "javascript" not in write(edition(url="javascript:alert(1)"), TG)


def test_a_newsrooms_own_template_wins_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "telegram").mkdir()
    (tmp_path / "telegram" / "flash.ckb.html").write_text("<b>{{ stories[0].headline }}</b>", "utf-8")
    assert write(edition("ckb"), TG, tmp_path) == f"<b>{TEXT['ckb'][0]}</b>"
    assert "Read the whole story" in write(edition("en"), TG, tmp_path)


def test_a_push_and_a_foreign_kind_fall_back() -> None:
    push = replace(edition(), kind=EditionKind.PUSH)
    assert "Rain closes" in write(push, TG)
    assert "Rain closes" in write(push, replace(X, kind="bluesky"))
    assert "Rain closes" in write(push, replace(TG, kind="matrix"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("one\n{% if %}", r"flash\.txt, line 2: "),
        ("one\n\n{{ storys }}", r"flash\.txt, line 3: 'storys' is undefined"),
        ("{{ stories[0].headlin }}", r"flash\.txt, line 1: .*has no attribute 'headlin'"),
        ("{{ stories[9].headline }}", r"flash\.txt, line 1: "),
        ("{{ 1 / 0 }}", r"flash\.txt, line 1: ZeroDivisionError"),
        ("{{ stories.__class__.mro() }}", r"flash\.txt, line 1: .*unsafe"),
        ("{{ 'a' | attr('upper') }}", r"flash\.txt, line 1: No filter named 'attr'"),
        ("{% for a in range(9) %}{% endfor %}", r"flash\.txt, line 1: 'range' is undefined"),
        ("{{ 'x' * 3000000 }}", r"flash\.txt: it writes more than"),
        (
            "{{ 'too long ' * 90 }}",
            r"flash\.txt: what x/flash\.txt writes cannot fit x: 280 x-weighted at most",
        ),
    ],
)
def test_template_with_an_error_or_a_result_that_cannot_fit(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "flash.txt").write_text(source, "utf-8")
    with pytest.raises(TemplateError, match=said):
        write(edition(), X, tmp_path)


def test_words_that_are_no_po_file(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "ckb.po").write_text("msgid nonsense", "utf-8")
    with pytest.raises(TemplateError, match=r"ckb\.po"):
        write(edition("ckb"), TG, tmp_path)


def test_no_template_at_all() -> None:
    with pytest.raises(TemplateError, match=r"write one of: telegram/flash\.en\.html"):
        Renderer(MASTHEAD, lambda name: None).write(edition(), TG)


def test_a_language_that_babel_does_not_know_is_dated_in_english() -> None:
    told = replace(edition(kind=EditionKind.DIGEST), language=Language("xx"))
    assert "Sunday, March 1, 2026" in write(told, MAIL)


def test_the_documented_variables_are_those_there_are() -> None:
    documented = set(
        re.findall(r"`((?:newsroom|edition|story|reader)\.\w+)`", (OURS / "README.md").read_text("utf-8"))
    )
    context = Renderer(MASTHEAD, read())._context(edition(), MAIL)
    there = {f"{name}.{key}" for name in ("newsroom", "edition", "reader") for key in context[name]}
    assert documented == there | {f"story.{key}" for key in context["stories"][0]}


def test_a_page_whose_template_is_missing() -> None:
    with pytest.raises(TemplateError, match=r"the template pages/none\.html is missing"):
        Renderer(MASTHEAD, read()).page("pages/none.html", "en")


def test_a_headline_that_grows_in_the_template_is_cut_until_it_fits(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "flash.txt").write_text(
        "{{ stories[0].headline }} | {{ stories[0].headline }}", "utf-8"
    )
    text = write(edition(headline="weather " * 60), X, tmp_path)
    assert 240 < UNITS["x-weighted"](text) <= 280


def test_a_channel_without_a_limit_takes_everything() -> None:
    free = Outlet(id=ChannelId("f"), kind="file", limits=Limits(markup="plain"))
    assert "weather " * 30 in write(edition(headline="weather " * 60), free)


@pytest.mark.parametrize(
    ("language", "rest"), [("en", "More news"), ("ar", "أخبار أخرى"), ("ckb", "هەواڵی تر")]
)
def test_a_digest_has_the_headings_of_the_newsletters_sections(language: str, rest: str) -> None:
    (story,) = edition(language).stories
    places = ("lead", "sport", "sport", "rest")
    told = replace(
        edition(language, EditionKind.DIGEST),
        stories=tuple(replace(story, under=under) for under in places),
        headings={"sport": "Sport & games"},
    )
    (post,) = Renderer(MASTHEAD, read()).write(told, MAIL)
    assert post.html
    assert post.html.count("Sport &amp; games</h2>") == 1
    assert post.html.count(f"{rest}</h2>") == 1
    assert post.text.count("Sport & games") == 1
    assert post.text.index(story.article.headline) < post.text.index("Sport &")  # the lead stands above them


def test_a_story_may_take_a_thread() -> None:
    told = edition("en")
    long = replace(told.stories[0].summary, text="Rain closed the road on Monday, and nobody came. " * 12)
    told = replace(told, stories=(replace(told.stories[0], summary=long),))
    three = replace(X, limits=replace(X.limits, parts=3))
    posts = Renderer(MASTHEAD, read()).write(told, three)
    assert [post.part for post in posts] == [0, 1, 2]
    assert [post.id[-1] for post in posts] == ["0", "1", "2"]
    assert all(UNITS["x-weighted"](post.text) <= 280 for post in posts)
    assert posts == Renderer(MASTHEAD, read()).write(told, three)  # the same bytes each time
    (alone,) = Renderer(MASTHEAD, read()).write(told, X)
    assert len(alone.text) < sum(len(post.text) for post in posts)


def test_pictures_come_with_what_stands_in_them() -> None:
    told = edition("en")
    article = replace(
        told.stories[0].article, image="https://c.example/a.jpg", image_alt="A road under water"
    )
    told = replace(told, stories=(replace(told.stories[0], article=article),))
    (post,) = Renderer(MASTHEAD, read()).write(told, replace(X, limits=replace(X.limits, media=4)))
    assert (post.media, post.alts) == (("https://c.example/a.jpg",), ("A road under water",))
    (bare,) = Renderer(MASTHEAD, read()).write(told, X)
    assert bare.media == ()

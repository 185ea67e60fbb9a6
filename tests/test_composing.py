"""How an edition is made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syndicator.composing import LEAD, REST, Layout, Marks, Placed, Section, compose, copies
from syndicator.model import Article, ArticleId, Language

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def story(name: str, section: str = "", minutes: int = 0, body: str = "") -> Article:
    return Article(
        id=ArticleId(name),
        revision=1,
        url=f"https://news.example/{name}",
        language=Language("en"),
        headline=name,
        body=(body or name,),
        published_at=NOON + timedelta(minutes=minutes),
        section=section,
    )


def section(name: str, at_most: int = 100, at_least: int = 0) -> Section:
    return Section(name=name, has=lambda one: one.section == name, at_most=at_most, at_least=at_least)


def told(placed: list[Placed]) -> str:
    return " ".join(f"{one.under}:{one.article.id}" for one in placed)


POLITICS = [story(f"p{n}", "politics", n) for n in range(4)]
SPORT = [story(f"s{n}", "sport", n) for n in range(2)]
OTHERS = [story("x", "weather", 9)]
ALL = POLITICS + SPORT + OTHERS
SECTIONS = Layout(sections=[section("politics", 2), section("sport")])


def test_a_flat_edition_is_the_newest_stories() -> None:
    assert told(compose(POLITICS, Layout(maximum=3))) == "lead:p3 rest:p2 rest:p1"


def test_sections_have_room_for_so_many_and_the_rest_stands_at_the_end() -> None:
    assert told(compose(ALL, SECTIONS)) == "lead:p3 politics:p2 sport:s1 sport:s0 rest:x"


def test_the_lead_by_rule() -> None:
    assert told(compose(ALL, replace(SECTIONS, lead="newest"))).startswith("lead:x politics:p3")
    sport_first = replace(SECTIONS, lead="priority", rank=lambda one: int(one.section != "sport"))
    assert told(compose(ALL, sport_first)) == "lead:s1 politics:p3 politics:p2 sport:s0 rest:x"


def test_the_order_by_rule() -> None:
    assert told(compose(SPORT + OTHERS, replace(SECTIONS, order="oldest"))) == "lead:s0 sport:s1 rest:x"
    by_name = replace(SECTIONS, order="priority", rank=lambda one: int(one.id != "p0"))
    assert told(compose(POLITICS, by_name)) == "lead:p0 politics:p3"


def test_a_section_that_is_too_thin_has_no_place_of_its_own() -> None:
    thin = replace(SECTIONS, sections=[section("politics", 2), section("sport", at_least=3)])
    assert told(compose(ALL, thin)) == "lead:p3 politics:p2 rest:x rest:s1 rest:s0"


def test_places_are_kept_for_a_section_where_newer_stories_would_take_them() -> None:
    busy = Layout(sections=[section("politics", 9, 1), section("sport", 9, 2)], maximum=4, lead="first")
    late = [story(f"p{n}", "politics", 100 + n) for n in range(9)]
    assert told(compose(late + SPORT, busy)) == "lead:p8 politics:p7 sport:s1 sport:s0"


def test_without_a_rest_only_sections_are_carried() -> None:
    bare = replace(SECTIONS, rest=Section(name=REST, has=lambda one: True, at_most=0))
    assert "x" not in told(compose(ALL, bare))
    assert told(compose(ALL, bare, Marks(lead=("x",)))).startswith("lead:x")  # but an editor may


def test_an_editor_has_the_last_word() -> None:
    marks = Marks(lead=("s0",), order=("p0", "p1"))
    assert told(compose(ALL, SECTIONS, marks)) == "lead:s0 politics:p0 politics:p1 sport:s1 rest:x"
    assert told(compose(ALL, SECTIONS, Marks(order=("p0",)))).startswith("lead:p0 politics:p3")
    assert told(compose(POLITICS, Layout(maximum=1), Marks(order=("p0",)))) == "lead:p0"


def test_no_story_makes_no_edition() -> None:
    assert compose([], SECTIONS) == []


layouts = st.builds(
    lambda most, least, maximum, order, lead: Layout(
        sections=[section("politics", max(most, least), least), section("sport", 3, 1)],
        maximum=maximum,
        order=order,
        lead=lead,
        rank=lambda one: len(one.id),
    ),
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(1, 12),
    st.sampled_from(["newest", "oldest", "priority"]),
    st.sampled_from(["first", "newest", "priority"]),
)
newsrooms = st.lists(
    st.builds(story, st.text("abc", min_size=1, max_size=3), st.sampled_from(["politics", "sport", "weather"]),
              st.integers(0, 50)),
    unique_by=lambda one: one.id, max_size=20,
)  # fmt: skip
orders = st.builds(
    Marks, lead=st.just(("a",)), order=st.lists(st.sampled_from(["b", "cc"]), unique=True).map(tuple)
)


@given(newsrooms, layouts, st.one_of(st.just(Marks()), orders))
def test_every_edition_keeps_its_quotas(articles: list[Article], layout: Layout, marks: Marks) -> None:
    placed = compose(articles, layout, marks)
    names = [one.article.id for one in placed]
    assert len(names) == len(set(names)) <= layout.maximum
    assert set(names) <= {one.id for one in articles}
    assert [one.under for one in placed[:1]] == [LEAD] * bool(articles)
    order = [LEAD, *(one.name for one in layout.sections), REST]
    assert sorted(order.index(one.under) for one in placed) == [order.index(one.under) for one in placed]
    for one in layout.sections:
        assert sum(each.under == one.name for each in placed) <= one.at_most
    assert compose(list(reversed(articles)), layout, marks) == placed  # however they come in


LONG = "the mayor of Halabja opened the new bridge on Sunday and promised a second one within two years of building"


def test_of_copies_the_newest_goes_out_and_the_other_is_named() -> None:
    old, new = story("old", body=LONG), story("new", minutes=5, body=LONG + ", a paper said")
    (found,) = copies([old, new, story("else")], [], 0.4, Layout(), Marks())
    assert (found.article, found.of, found.likeness > 0.9) == (old, new, True)
    assert found.why.endswith("is in new “new”")


def test_a_copy_of_what_was_carried_does_not_go_out() -> None:
    (found,) = copies([story("new", minutes=5, body=LONG)], [story("old", body=LONG)], 0.4, Layout(), Marks())
    assert found.of.id == "old"


def test_what_an_editor_wants_is_nobodys_copy() -> None:
    old, new = story("old", body=LONG), story("new", minutes=5, body=LONG)
    (found,) = copies([old, new], [], 0.4, Layout(), Marks(lead=("old",)))
    assert found.article is new
    assert copies([new], [old], 0.4, Layout(), Marks(order=("new",))) == []


def test_other_languages_and_a_threshold_of_nought_compare_nothing() -> None:
    here, there = story("a", body=LONG), replace(story("b", body=LONG), language=Language("ckb"))
    assert copies([here, there], [], 0.4, Layout(), Marks()) == []
    assert copies([here, replace(here, id=ArticleId("c"))], [], 0, Layout(), Marks()) == []

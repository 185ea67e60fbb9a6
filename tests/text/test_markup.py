import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.text.markup import escape_telegram, paragraphs, plain, safe
from syndicator.text.telegram import read


def test_blocks_are_paragraphs_and_what_acts_is_silent() -> None:
    page = "<div>One <b>two</b><br>three<script>x()</script> four<p>five&nbsp;six</p>seven<!-- c -->eight</div>nine"
    assert paragraphs(page) == ("One two", "three four", "five six", "seveneight", "nine")


def test_an_embedded_post_is_not_the_story() -> None:
    assert paragraphs('<p>a</p><blockquote class="twitter-tweet"><p>b</p></blockquote><p>c</p>') == ("a", "c")


def test_a_headline_with_entities_is_one_line() -> None:
    assert plain("Rain &amp; <i>snow</i>\n today") == "Rain & snow today"
    assert plain("Rain  today") == "Rain today"
    assert paragraphs(" ") == ()
    assert paragraphs("<>") == ("<>",)


def test_nesting_deeper_than_python_likes() -> None:
    assert paragraphs("<p>first</p>" + "<div>" * 5000 + "deep" + "</div>" * 5000)[0] == "first"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_telegram_reads_back_what_was_escaped(text: str) -> None:
    assert read(f"<b>{escape_telegram(text)}</b>").text == text


def test_nothing_that_acts_survives() -> None:
    assert safe('<p onclick="x()">a<script>b</script><a href="javascript:c">d</a></p>') == (
        '<p>a<a rel="noopener noreferrer">d</a></p>'
    )


@pytest.mark.parametrize("nothing", ["<!DOCTYPE html>", "<html></html>", "<!-- x -->", "<"])
def test_markup_with_nothing_in_it(nothing: str) -> None:
    assert paragraphs(nothing) in {(), ("<",)}

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator import tokens

KEYS = tokens.Keys({1: b"first key", 2: b"second key"})
OLD = tokens.Keys({1: b"first key"})


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3))
def test_a_token_gives_its_facts_back(facts: list[str]) -> None:
    assert tokens.verify(KEYS, "leave", tokens.sign(KEYS, "leave", *facts)) == tuple(facts)


def test_a_token_does_only_what_it_is_for() -> None:
    assert tokens.verify(KEYS, "erase", tokens.sign(KEYS, "leave", "7")) is None


def test_links_in_old_mails_keep_working_after_a_rotation() -> None:
    assert tokens.verify(KEYS, "leave", tokens.sign(OLD, "leave", "7")) == ("7",)
    assert tokens.verify(OLD, "leave", tokens.sign(KEYS, "leave", "7")) is None


@pytest.mark.parametrize("forged", ["", ".", "1", "1.Nw.AAAA", "x.Nw.sig", "²..", "1.Nw.ئە"])
def test_a_forged_token_is_nobodys(forged: str) -> None:
    assert tokens.verify(KEYS, "leave", forged) is None


def test_the_same_delivery_has_the_same_message_id() -> None:
    first = tokens.message_id(KEYS, "digest:daily:1:mail:7:0", "news.example")
    assert first == tokens.message_id(KEYS, "digest:daily:1:mail:7:0", "news.example")
    assert first != tokens.message_id(KEYS, "digest:daily:1:mail:8:0", "news.example")
    assert first.startswith("<")
    assert first.endswith("@news.example>")

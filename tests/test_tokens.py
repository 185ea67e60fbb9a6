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


@given(st.integers(0, 2**63 - 1), st.text(max_size=80))
def test_a_return_path_leads_back_to_its_delivery_whatever_the_case(delivery: int, key: str) -> None:
    token = tokens.return_path(KEYS, delivery, key)
    assert len(f"{'b' * 23}+{token}") <= 64
    assert token.isalnum()
    for seen in (token, token.upper(), token.title()):
        assert tokens.bounced(KEYS, seen, {delivery: key}.get) == delivery


def test_a_return_path_of_an_older_key_still_leads_back() -> None:
    token = tokens.return_path(OLD, 7, "e:c:7:0")
    assert tokens.bounced(KEYS, token, lambda _: "e:c:7:0") == 7
    assert tokens.bounced(OLD, tokens.return_path(KEYS, 7, "e:c:7:0"), lambda _: "e:c:7:0") is None


@given(st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_forged_return_path_leads_nowhere(at: int, letter: str) -> None:
    token = tokens.return_path(KEYS, 7, "e:c:7:0")
    forged = token[:at] + letter + token[at + 1 :]
    assert tokens.bounced(KEYS, forged, lambda _: "e:c:7:0") == (7 if forged == token else None)


@pytest.mark.parametrize("forged", ["", "a", "ئە", "0189", "=" * 40, "a" * 39, "a" * 48, "\0" * 40])
def test_what_is_no_return_path_leads_nowhere(forged: str) -> None:
    assert tokens.bounced(KEYS, forged, lambda _: "e:c:7:0") is None


def test_a_number_that_another_delivery_has_after_a_restore_leads_nowhere() -> None:
    token = tokens.return_path(KEYS, 7, "digest:a:c:7:0")
    assert tokens.bounced(KEYS, token, lambda _: "digest:b:c:9:0") is None
    assert tokens.bounced(KEYS, token, lambda _: None) is None

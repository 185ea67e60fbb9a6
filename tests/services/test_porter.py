"""Who lets programs in, and what it remembers of their orders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from syndicator.errors import Refused, Unproven
from syndicator.services.porter import Porter
from syndicator.storage.database import Database


class Lodge:
    def __init__(self, database: Database) -> None:
        self.time = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.porter = Porter(
            database,
            now=lambda: self.time,
            chance=Random(1).randbytes,
            per_minute=3,
            channels=["tg-en", "mail"],
            languages=["en", "ckb"],
        )


@pytest.fixture
def lodge(database: Database) -> Lodge:
    return Lodge(database)


def test_a_key_has_its_limits_and_its_end(lodge: Lodge) -> None:
    end = lodge.time + timedelta(days=1)
    limits = {"channels": ["mail"], "languages": ["ckb", "en"]}
    token = lodge.porter.issue("crm", ["push", "articles:read"], by="dana", until=end, **limits)
    one = lodge.porter.admit(token, place="here")
    assert (one.channels, one.languages, one.until) == (("mail",), ("ckb", "en"), end)
    assert one.scopes == ("articles:read", "push")
    lodge.time = end
    with pytest.raises(Unproven):
        lodge.porter.admit(token, place="here")


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"channels": ["fax"]}, "there is no channel 'fax'; there are: tg-en, mail"),
        ({"languages": ["de"]}, "there is no language 'de'"),
        ({"until": datetime(2026, 3, 1, 11, tzinfo=UTC)}, "opens nothing"),
    ],
)
def test_a_key_that_could_open_nothing_is_not_made(
    lodge: Lodge, limits: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        lodge.porter.issue("crm", ["push"], by="dana", **limits)  # type: ignore[arg-type]
    assert lodge.porter.listed() == []


def test_what_is_left_of_a_minute(lodge: Lodge) -> None:
    token = lodge.porter.issue("crm", ["push"], by="dana")
    lodge.time += timedelta(seconds=18)
    lodge.porter.admit(token, place="here")
    assert lodge.porter.allowance("crm") == (3, 2, 42)


def test_an_order_is_one_programs_to_do_however_many_ask(lodge: Lodge) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: lodge.porter.begin("crm", "o1", "f"), range(24)))
    assert found.count(None) == 1
    assert {one.status for one in found if one} == {None}
    assert lodge.porter.begin("shop", "o1", "f") is None  # another program's names are its own


def test_an_answer_is_kept_for_a_day(lodge: Lodge) -> None:
    assert lodge.porter.begin("crm", "o1", "f") is None
    lodge.porter.answered("crm", "o1", 200, '{"name":"سارا"}')
    lodge.time += timedelta(hours=24)
    lodge.porter.sweep()
    found = lodge.porter.begin("crm", "o1", "f")
    assert found is not None
    assert (found.status, found.body, found.fingerprint) == (200, '{"name":"سارا"}', "f")
    lodge.time += timedelta(seconds=1)
    assert lodge.porter.begin("crm", "o1", "g") is None


def test_what_was_released_may_be_begun_again_but_not_what_was_answered(lodge: Lodge) -> None:
    lodge.porter.begin("crm", "o1", "f")
    lodge.porter.release("crm", "o1")
    assert lodge.porter.begin("crm", "o1", "f") is None
    lodge.porter.answered("crm", "o1", 204, "")
    lodge.porter.release("crm", "o1")
    found = lodge.porter.begin("crm", "o1", "f")
    assert found is not None
    assert found.status == 204

"""Codes of the second factor, against the test values of RFC 6238 and by rules."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicator.services.people import codes
from tests.people.house import GOOD, HOME, House

RFC = b"12345678901234567890"
MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda told: datetime.fromtimestamp(told, UTC))
SECRETS = st.binary(min_size=20, max_size=20)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
     (20000000000, "353130")],
)  # fmt: skip
def test_the_values_of_the_standard(seconds: int, expected: str) -> None:
    """Appendix B of RFC 6238 has eight digits; apps show the last six of them."""
    assert codes.code(RFC, codes.step_of(datetime.fromtimestamp(seconds, UTC))) == expected


@given(SECRETS, MOMENTS, st.integers(-4, 4))
def test_a_code_counts_one_step_around_its_own_and_not_beyond(secret: bytes, now: datetime, off: int) -> None:
    told = codes.code(secret, codes.step_of(now) + off)
    found = codes.matching(secret, told, now)
    if abs(off) <= codes.DRIFT:
        assert found is not None
        assert codes.code(secret, found) == told
    elif found is not None:  # one in a million each
        assert codes.code(secret, found) == told


@given(SECRETS, MOMENTS, st.text(max_size=12))
def test_what_is_no_code_fits_nothing(secret: bytes, now: datetime, told: str) -> None:
    found = codes.matching(secret, told, now)
    assert (found is not None) == (
        told in {codes.code(secret, codes.step_of(now) + off) for off in (-1, 0, 1)}
    )


@given(SECRETS, MOMENTS, st.integers(0, 90))
def test_of_steps_that_were_used_none_comes_again(secret: bytes, now: datetime, seconds: int) -> None:
    """A later clock never takes a code for an earlier step than it took before."""
    step = codes.matching(secret, codes.code(secret, codes.step_of(now)), now)
    later = now + timedelta(seconds=seconds)
    again = codes.matching(secret, codes.code(secret, codes.step_of(later)), later)
    assert step is not None
    assert again is not None
    assert again >= step


def test_what_an_app_reads() -> None:
    address = codes.address(RFC, person="ara", issuer="Zagros & Söhne: هەواڵ")
    told = parse_qs(urlsplit(address).query)
    assert base64.b32decode(told["secret"][0]) == RFC
    assert told["issuer"] == ["Zagros & Söhne: هەواڵ"]
    drawn = codes.picture(address)
    ElementTree.fromstring(drawn)  # noqa: S314 - it is our own
    assert not re.search(r"style=|<script|\son\w+=|href", drawn)


def test_a_sheet_is_ten_codes_of_eighty_bit() -> None:
    sheet = codes.sheet(Random(1).randbytes)
    assert len(set(sheet)) == 10
    for one in sheet:
        assert len(base64.b32decode(codes.bare(one).upper())) == 10
        assert not codes.is_of_the_app(codes.bare(one))


def test_a_clock_that_is_a_minute_wrong_is_not_believed(house: House) -> None:
    house.add()
    secret, _ = house.with_factor()
    half = house.sign_in(password=GOOD)
    from syndicator.services.people.nouns import Wrong

    for steps in (-2, 2):
        with pytest.raises(Wrong):
            house.reception.second(half.token, house.code(secret, steps), place=HOME["place"])
    house.reception.second(half.token, house.code(secret, 1), place=HOME["place"])

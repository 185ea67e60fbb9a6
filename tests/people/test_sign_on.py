"""Signing on elsewhere, with a provider on loopback; and providers, browsers and strangers who would cheat."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from syndicator.errors import Refused
from syndicator.net.asking import Limits
from syndicator.net.web import GuardedWeb
from syndicator.sandbox.oidc import OidcStandIn
from syndicator.services.people import person
from syndicator.services.people.nouns import Opened, Wrong
from syndicator.storage.database import Database
from tests.lanes import NOW
from tests.people.house import HOME, House

DANA = {"sub": "248", "email": "Dana@zagros.example", "email_verified": True}


class Elsewhere:
    """A newsroom whose people sign on with a provider, and a browser that goes there and comes back."""

    def __init__(self, database: Database, provider: OidcStandIn, web: GuardedWeb, **console: Any) -> None:
        self.provider = provider
        told = {"issuer": provider.url, "client_id": "syndicator", "client_secret": provider.client_secret}
        self.house = House(database, ask=web.ask, oidc=told, **console)
        provider.now = self.house.now
        self.sign_on = self.house.people.sign_on

    def go(self, following: str = "/console") -> tuple[str, dict[str, str]]:
        """What the browser has with it when it comes back, and what the address says."""
        address, brought = self.sign_on.begin(following)
        answer = httpx.get(address, follow_redirects=False)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        assert (
            f"{back.scheme}://{back.netloc}{back.path}" == "https://news.zagros.example/console/sign-on/back"
        )
        return brought, {name: told[0] for name, told in parse_qs(back.query).items()}

    def come(self, brought: str, query: dict[str, str]) -> Opened:
        return self.sign_on.finish(brought, query, **HOME)[0]

    def whole(self, **claims: Any) -> Opened:
        self.provider.claims = DANA | claims
        return self.come(*self.go())

    def invite(self, name: str = "dana", email: str | None = "dana@zagros.example") -> None:
        self.house.people.invite(person(name, "editor"), by="ara", email=email)


@pytest.fixture
def elsewhere(database: Database) -> Iterator[Elsewhere]:
    with OidcStandIn(now=lambda: NOW) as provider:
        own = [urlsplit(provider.url).netloc]
        with GuardedWeb(private_allowed=own, limits=Limits()) as web:
            yield Elsewhere(database, provider, web)


def test_who_was_invited_by_their_address_joins_by_signing_on(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    opened = elsewhere.whole()
    inside = elsewhere.house.reception.inside(opened.token)
    assert inside is not None
    assert (inside.person.name, inside.session.way, inside.session.waits_for) == ("dana", "sign-on", "")
    assert elsewhere.house.people.called("dana").joined_at
    assert elsewhere.house.people.called("dana").invited_until is None  # the link is of no use any more
    assert ("dana", "person joined", "dana") in elsewhere.house.audited()


def test_from_then_on_the_subject_counts_and_not_the_address(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.whole()
    assert elsewhere.whole(email="other@x.example").person.name == "dana"
    with pytest.raises(Wrong, match="none of ours"):
        elsewhere.whole(sub="999")  # somebody else whom the provider gave this address later


def test_where_they_were_going_comes_back_with_them(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.provider.claims = DANA
    brought, query = elsewhere.go("/console/stories")
    assert elsewhere.sign_on.finish(brought, query, **HOME)[1] == "/console/stories"


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "sara@zagros.example"},
        {"email": ""},
        {"email": None},
    ],
)
def test_an_address_that_is_not_verified_or_not_ours_is_nobody(
    elsewhere: Elsewhere, claims: dict[str, Any]
) -> None:
    elsewhere.invite()
    elsewhere.invite("lana", email=None)
    with pytest.raises(Wrong, match="none of ours"):
        elsewhere.whole(**claims)
    assert elsewhere.house.people.called("dana").joined_at is None


def test_who_was_ended_does_not_come_back_by_signing_on(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.whole()
    elsewhere.house.people.end("dana", by="operator")
    with pytest.raises(Wrong):
        elsewhere.whole()


def test_a_password_alone_at_the_provider_is_not_two_factors(database: Database) -> None:
    with OidcStandIn(now=lambda: NOW) as provider:
        with GuardedWeb(private_allowed=[urlsplit(provider.url).netloc], limits=Limits()) as web:
            strict = Elsewhere(database, provider, web, second_factor=["editor"])
            strict.invite()
            assert strict.whole(amr=["pwd"]).session.waits_for == "factor"
            assert strict.whole().session.waits_for == "factor"  # nothing said is a password
            assert strict.whole(amr=["pwd", "otp"]).session.waits_for == ""


def test_an_answer_is_for_the_browser_and_the_moment_that_asked(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.provider.claims = DANA
    brought, query = elsewhere.go()
    other, _ = elsewhere.go()
    wrong = [
        ("", query),
        ("x.y", query),
        (brought[:-4], query),
        (other, query),  # another browser's, or another time: login CSRF
        (brought, query | {"state": "x"}),
        (brought, {"code": query["code"]}),
        (brought, {"state": query["state"]}),
        (brought, query | {"iss": "https://evil.example"}),
    ]
    for one, told in wrong:
        with pytest.raises(Wrong):
            elsewhere.come(one, dict(told))
    elsewhere.house.later(minutes=10)
    with pytest.raises(Wrong):
        elsewhere.come(brought, query)


def test_a_code_works_once(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.provider.claims = DANA
    brought, query = elsewhere.go()
    elsewhere.come(brought, query)
    with pytest.raises(Refused):
        elsewhere.come(brought, query)


def test_a_stolen_code_is_worth_nothing_without_the_verifier(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.provider.claims = DANA
    _, victims = elsewhere.go()
    brought, query = elsewhere.go()
    with pytest.raises(Refused):
        elsewhere.come(brought, query | {"code": victims["code"]})


@pytest.mark.parametrize(
    "alter",
    [
        lambda told: told | {"iss": "https://evil.example"},
        lambda told: told | {"aud": "another"},
        lambda told: told | {"aud": ["syndicator", "another"], "azp": "another"},
        lambda told: told | {"nonce": "x"},
        lambda told: {name: one for name, one in told.items() if name != "nonce"},
        lambda told: told | {"exp": told["iat"] - 120},
        lambda told: {name: one for name, one in told.items() if name != "exp"},
        lambda told: told | {"iat": told["iat"] + 600},
        lambda told: told | {"nbf": told["iat"] + 600},
        lambda told: told | {"sub": ""},
        lambda told: {name: one for name, one in told.items() if name != "sub"},
    ],
)
def test_a_token_that_says_something_else_is_not_believed(elsewhere: Elsewhere, alter: Any) -> None:
    elsewhere.invite()
    elsewhere.provider.alter = alter
    with pytest.raises(Wrong, match="begin again"):
        elsewhere.whole()
    assert ("console", "sign-in refused", "(nobody)") in elsewhere.house.audited()


def test_a_token_that_somebody_else_signed_or_nobody_is_not_believed(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    strange = ECKey.generate_key("P-256")
    public = elsewhere.provider.key.as_pem(private=False)

    def unsigned(claims: dict[str, Any]) -> str:
        told = jwt.encode({"alg": "ES256"}, claims, strange).split(".")
        return f"eyJhbGciOiJub25lIn0.{told[1]}."

    def with_the_public_key_as_a_secret(claims: dict[str, Any]) -> str:
        head = urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
        body = f"{head}.{unsigned(claims).split('.')[1]}"
        made = hmac.digest(public, body.encode(), "sha256")
        return f"{body}.{urlsafe_b64encode(made).rstrip(b'=').decode()}"

    for sign in (
        lambda claims: jwt.encode({"alg": "ES256"}, claims, strange),
        lambda claims: jwt.encode({"alg": "ES256", "kid": elsewhere.provider.key.kid}, claims, strange),
        lambda claims: jwt.encode({"alg": "ES256", "jwk": strange.as_dict(private=False)}, claims, strange),
        with_the_public_key_as_a_secret,
        unsigned,
        lambda claims: "nonsense",
    ):
        elsewhere.provider.sign = sign
        with pytest.raises(Wrong):
            elsewhere.whole()


def test_new_keys_of_the_provider_are_found(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    elsewhere.whole()
    elsewhere.provider.turn_keys()
    elsewhere.house.later(minutes=2)
    assert elsewhere.whole().person.name == "dana"
    assert elsewhere.provider.asked.count("/jwks") == 2


def test_a_token_with_an_unknown_key_does_not_make_us_ask_again_and_again(elsewhere: Elsewhere) -> None:
    elsewhere.invite()
    strange = ECKey.generate_key("P-256", auto_kid=True)
    elsewhere.provider.sign = lambda claims: jwt.encode({"alg": "ES256", "kid": strange.kid}, claims, strange)
    for _ in range(5):
        with pytest.raises(Wrong):
            elsewhere.whole()
    assert elsewhere.provider.asked.count("/jwks") == 1


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://evil.example"}, "calls itself 'https://evil.example'"),
        ({"token_endpoint": None}, "no address to trust"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no address to trust"),
        ({"jwks_uri": "file:///etc/passwd"}, "no address to trust"),
    ],
)
def test_a_provider_that_is_another_one_is_not_asked(
    elsewhere: Elsewhere, metadata: dict[str, Any], why: str
) -> None:
    elsewhere.provider.metadata = metadata
    with pytest.raises(Refused, match=why):
        elsewhere.sign_on.begin()


def test_a_provider_inside_the_network_is_not_asked_unless_it_is_allowed(database: Database) -> None:
    with OidcStandIn(now=lambda: NOW) as provider:
        with GuardedWeb(private_allowed=[], limits=Limits()) as web:
            with pytest.raises(Refused):
                Elsewhere(database, provider, web).sign_on.begin()
    assert provider.asked == []


def test_without_an_issuer_nothing_is_offered(house: House) -> None:
    assert not house.people.sign_on.offered


def test_it_asks_the_provider_once_in_an_hour(elsewhere: Elsewhere) -> None:
    began = time.monotonic()
    for _ in range(20):
        elsewhere.sign_on.begin()
    assert elsewhere.provider.asked.count("/.well-known/openid-configuration") == 1
    assert time.monotonic() - began < 5

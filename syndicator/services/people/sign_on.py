"""Signing on elsewhere: OpenID Connect, by the authorisation code with PKCE, state and nonce.

Whom the provider names must be one of the newsroom's people already: known by the subject, or, the first time, by a
verified address that an admin wrote down. Nobody becomes somebody by signing on.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from threading import Lock
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from syndicator.errors import Refused, SourceError, SyndicatorError, sentence
from syndicator.ports import Answer
from syndicator.settings import Oidc
from syndicator.storage import brakes, people
from syndicator.storage.database import Connection, Database
from syndicator.storage.people import Card
from syndicator.tokens import Keys, seal, unseal

from .nouns import TOKEN_BYTES, Opened, Wrong
from .reception import Reception

ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]  # no secret's
STRONG = frozenset(
    "mfa otp hwk swk pop sc fpt face iris retina vbm".split()
)  # RFC 8176: more than a password
LIVES = timedelta(minutes=10)  # from leaving for the provider to coming back
KEPT = timedelta(hours=1)  # what the provider says of itself
LOOKED = timedelta(minutes=1)  # a key that is not known is looked for this seldom
LEEWAY = 60  # seconds that two clocks may differ
PURPOSE = "sign-on"
UNKNOWN = sentence("whom you signed on as is none of ours; an admin can write your address down")
FAILED = sentence("signing on did not work; begin again")


class Ask(Protocol):
    def __call__(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider says of itself."""

    told: Mapping[str, Any]
    keys: KeySet
    at: datetime


class SignOn:
    def __init__(
        self,
        database: Database,
        *,
        told: Oidc,
        ask: Ask,
        back: str,
        reception: Reception,
        keys: Keys,
        now: Callable[[], datetime],
        chance: Callable[[int], bytes],
    ) -> None:
        """``back``: the address of ours that the provider sends them to."""
        self._database = database
        self._told = told
        self._ask = ask
        self._back = back
        self._reception = reception
        self._keys = keys
        self._now = now
        self._chance = chance
        self._lock = Lock()
        self._provider: Provider | None = None

    @property
    def offered(self) -> bool:
        return bool(self._told.issuer)

    @property
    def shown(self) -> str:
        """What the button says whom they sign on with."""
        return self._told.name or urlsplit(self._told.issuer).hostname or ""

    def begin(self, following: str = "") -> tuple[str, str]:
        """Where the browser goes, and what it brings back with it. Raises :exc:`Refused`."""
        provider = self._known()
        state, nonce, verifier = (self._token() for _ in range(3))
        address = prepare_grant_uri(
            provider.told["authorization_endpoint"],
            client_id=self._told.client_id,
            response_type="code",
            redirect_uri=self._back,
            scope="openid email",
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        way = {"state": state, "nonce": nonce, "verifier": verifier, "next": following}
        way["until"] = (self._now() + LIVES).isoformat()
        return address, seal(self._keys, PURPOSE, json.dumps(way), self._chance)

    def finish(
        self, brought: str, query: Mapping[str, str], *, place: str, browser: str
    ) -> tuple[Opened, str]:
        """The session, and where they wanted to go. Raises :exc:`Wrong`, :exc:`Refused`."""
        way = self._way(brought, query)
        try:
            claims = self._claims(query["code"], way)
        except SyndicatorError as error:
            self._note("(nobody)", "sign-in refused", f"sign-on: {error}")
            raise
        strong = bool(STRONG & set(claims.get("amr") or ()))
        with self._database.write() as connection:
            card = self._whose(connection, claims)
            if card is not None:
                opened = self._reception.open(
                    connection, card, way="sign-on", place=place, browser=browser, strong=strong
                )
        if card is None:
            self._note("(nobody)", "sign-in refused", "sign-on: none of ours")
            raise Wrong(UNKNOWN)
        return opened, str(way["next"])

    def _way(self, brought: str, query: Mapping[str, str]) -> dict[str, str]:
        """What this browser took along, if it is for this answer."""
        told = unseal(self._keys, PURPOSE, brought) if brought else None
        way: dict[str, str] = json.loads(told) if told else {}
        if not way or datetime.fromisoformat(way["until"]) <= self._now():
            raise Wrong(FAILED)
        if not compare_digest(way["state"].encode(), query.get("state", "").encode()) or "code" not in query:
            raise Wrong(FAILED)
        if query.get("iss", self._told.issuer) != self._told.issuer:  # RFC 9207
            raise Wrong(FAILED)
        return way

    def _claims(self, code: str, way: Mapping[str, str]) -> CodeIDToken:
        """What the provider says of them, once it is proven that it does."""
        token = self._exchanged(code, way["verifier"])
        provider = self._known()
        try:
            try:
                found = jwt.decode(token, provider.keys, algorithms=ALGORITHMS)
            except JoseError:
                found = jwt.decode(token, self._known(but=provider).keys, algorithms=ALGORITHMS)
            options: Any = {"iss": {"essential": True, "value": self._told.issuer}}
            options["aud"] = {"essential": True, "value": self._told.client_id}
            params = {"nonce": way["nonce"], "client_id": self._told.client_id}
            claims = CodeIDToken(found.claims, found.header, options, params)
            claims.validate(now=int(self._now().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Wrong(FAILED) from error
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Wrong(FAILED)
        return claims

    def _exchanged(self, code: str, verifier: str) -> str:
        """The ID token for the code."""
        told, headers = self._told, {"accept": "application/json"}
        more = {"code": code, "code_verifier": verifier}
        if told.client_secret is None:
            more["client_id"] = told.client_id
        else:
            pair = f"{quote(told.client_id, safe='')}:{quote(told.client_secret.get_secret_value(), safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"  # RFC 6749 §2.3.1
        body = prepare_token_request("authorization_code", redirect_uri=self._back, **more)
        answer = self._asked(
            "POST", self._known().told["token_endpoint"], content=body.encode(), headers=headers
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Wrong(FAILED)
        return token

    def _whose(self, connection: Connection, claims: Mapping[str, Any]) -> Card | None:
        """By the subject; the first time by an address that the provider has verified."""
        subject, now = f"{self._told.issuer} {claims['sub']}", self._now()
        card = people.known_by(connection, subject=subject)
        if card is not None:
            return card if card.active else None
        email = str(claims.get("email") or "").casefold()
        card = (
            people.known_by(connection, email=email)
            if email and claims.get("email_verified") is True
            else None
        )
        if card is None or card.subject or card.ended_at:
            return None
        joined = card.joined_at or now
        name = card.person.name
        people.change(connection, name, subject=subject, joined_at=joined)
        if not card.joined_at:
            people.void(connection, name)
            brakes.note(connection, who=name, what="person joined", about=name, why="by sign-on", now=now)
        return replace(card, subject=subject, joined_at=joined)

    def _known(self, but: Provider | None = None) -> Provider:
        """What the provider says of itself; ``but``: not this, where it may have changed its keys since."""
        with self._lock:
            found, now = self._provider, self._now()
            age = now - found.at if found else KEPT
            if found is None or age >= KEPT or (found is but and age >= LOOKED):
                self._provider = found = self._discovered(now)
            return found

    def _discovered(self, now: datetime) -> Provider:
        told = self._asked("GET", f"{self._told.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self._told.issuer:
            raise Refused(
                "console.oidc.issuer: it calls itself {told!r}; write it exactly so", told=told.get("issuer")
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if urlsplit(str(told.get(name))).scheme != urlsplit(self._told.issuer).scheme:
                raise Refused(
                    "console.oidc.issuer: its {name} is {told!r}; that is no address to trust",
                    name=name,
                    told=told.get(name),
                )
        try:
            keys = KeySet.import_key_set(self._asked("GET", told["jwks_uri"]))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused("{url}: these are no keys ({error})", url=told["jwks_uri"], error=error) from error
        return Provider(told, keys, now)

    def _asked(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Raises :exc:`Refused`: never the provider's own words, they may hold a secret."""
        try:
            answer = self._ask(method, url, follow=False, **more)
            told = json.loads(answer.body) if answer.status == 200 else None
        except (SourceError, ValueError) as error:
            raise Refused(
                "{host} does not answer as a provider does; try again", host=urlsplit(url).netloc
            ) from error
        if not isinstance(told, dict):
            raise Refused(
                "{host} answers {status}; see whether console.oidc is right",
                host=urlsplit(url).netloc,
                status=answer.status,
            )
        return told

    def _token(self) -> str:
        return urlsafe_b64encode(self._chance(TOKEN_BYTES * 2)).decode()

    def _note(self, about: str, what: str, why: str) -> None:
        with self._database.write() as connection:
            brakes.note(connection, who="console", what=what, about=about, why=why, now=self._now())

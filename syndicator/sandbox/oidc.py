"""An OpenID provider on loopback: whoever comes is signed on at once as whom it was told, with PKCE held."""

from __future__ import annotations

import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from .serving import Request, Response, StandIn

LIVES = 300  # seconds of an ID token


@dataclass
class OidcStandIn(StandIn):
    """``claims`` are those of the next one who comes. ``alter`` may falsify a token's, ``sign`` the token itself."""

    now: Callable[[], datetime]
    client_id: str = "syndicator"
    client_secret: str = "a secret of the stand-in"
    claims: dict[str, Any] = field(default_factory=dict)
    alter: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)  # said instead of what is so
    asked: list[str] = field(default_factory=list)  # paths
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict)  # not exchanged yet

    def __post_init__(self) -> None:
        super().__init__()
        self.turn_keys()

    def turn_keys(self) -> None:
        self.key = ECKey.generate_key("P-256", auto_kid=True)

    def _answer(self, request: Request) -> Response | None:
        self.asked.append(request.path)
        match request.path:
            case "/.well-known/openid-configuration":
                return Response.of(self._described() | self.metadata)
            case "/jwks":
                return Response.of(KeySet([self.key]).as_dict(private=False))
            case "/authorize":
                return self._authorize(request.query)
            case "/token":
                return self._token(request)
            case _:
                return Response.of({"error": "not_found"}, 404)

    def _described(self) -> dict[str, Any]:
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {"issuer": self.url} | {name: f"{self.url}/{path}" for name, path in places.items()}

    def _authorize(self, query: Mapping[str, str]) -> Response:
        wanted = {"response_type": "code", "client_id": self.client_id, "code_challenge_method": "S256"}
        if any(query.get(name) != value for name, value in wanted.items()) or not query.get("code_challenge"):
            return Response.of({"error": "invalid_request"}, 400)
        code = f"code-{len(self.asked)}"
        self.codes[code] = query
        back = urlencode({"code": code, "state": query["state"], "iss": self.url})
        return Response(status=302, headers={"location": f"{query['redirect_uri']}?{back}"})

    def _token(self, request: Request) -> Response:
        told = request.fields
        asked = self.codes.pop(str(told.get("code")), None)
        if not self._is_client(request):
            return Response.of({"error": "invalid_client"}, 401)
        if asked is None or told.get("redirect_uri") != asked["redirect_uri"]:
            return Response.of({"error": "invalid_grant"}, 400)
        challenge = hashlib.sha256(str(told.get("code_verifier")).encode()).digest()
        if urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]:
            return Response.of({"error": "invalid_grant"}, 400)
        token = (self.sign or self.signed)(self._claims(asked))
        return Response.of({"token_type": "Bearer", "access_token": "none of ours", "id_token": token})

    def _is_client(self, request: Request) -> bool:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        name, _, secret = b64decode(pair).decode().partition(":") if scheme == "Basic" else ("", "", "")
        return (unquote(name), unquote(secret)) == (self.client_id, self.client_secret)

    def _claims(self, asked: Mapping[str, str]) -> dict[str, Any]:
        now = int(self.now().timestamp())
        told = {
            "iss": self.url,
            "aud": self.client_id,
            "iat": now,
            "exp": now + LIVES,
            "nonce": asked["nonce"],
        }
        return self.alter(told | self.claims)

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

"""Codes of the second factor: of an app that knows the time (RFC 6238), and of a sheet of paper."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from io import BytesIO
from urllib.parse import quote, urlencode

import segno

STEP = 30  # seconds, RFC 6238 §5.2
DIGITS = 6
DRIFT = 1  # steps that a clock may be wrong, to both sides
SECRET_BYTES = 20  # as RFC 4226 §4 wants it
SHEET = 10  # recovery codes
CODE_BYTES = 10  # 80 bit of each
HALF = 8  # letters between hyphens


def step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def code(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3."""
    made = hmac.digest(secret, step.to_bytes(8), "sha1")
    at = made[-1] & 0x0F
    number = int.from_bytes(made[at : at + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching(secret: bytes, told: str, now: datetime) -> int | None:
    """The step whose code this is, None where it is of none that counts now. All are compared, whichever fits."""
    steps = range(step_of(now) - DRIFT, step_of(now) + DRIFT + 1)
    found = [step for step in steps if hmac.compare_digest(code(secret, step).encode(), told.encode())]
    return max(found, default=None)


def is_of_the_app(told: str) -> bool:
    return len(told) == DIGITS and told.isascii() and told.isdigit()


def bare(told: str) -> str:
    """As it is compared: without what people put between."""
    return "".join(one for one in told.casefold() if one.isalnum())


def spelled(secret: bytes) -> str:
    """As a person types it where no camera is."""
    return base64.b32encode(secret).decode()


def address(secret: bytes, *, person: str, issuer: str) -> str:
    """What apps read: otpauth://totp/…"""
    label = quote(f"{issuer}:{person}", safe=":@")
    return (
        f"otpauth://totp/{label}?{urlencode({'secret': spelled(secret), 'issuer': issuer}, quote_via=quote)}"
    )


def picture(address: str) -> str:
    """The address as a QR code: SVG to stand within a page, black on white, without script or style."""
    drawn = BytesIO()
    made = segno.make(address, error="m", micro=False)
    made.save(
        drawn, kind="svg", xmldecl=False, scale=5, border=4, light="#fff", svgclass="qr", lineclass=None
    )
    return drawn.getvalue().decode()


def sheet(chance: Callable[[int], bytes]) -> Sequence[str]:
    """New recovery codes, as they are shown: once."""
    made = (base64.b32encode(chance(CODE_BYTES)).decode().lower() for _ in range(SHEET))
    return [f"{one[:HALF]}-{one[HALF:]}" for one in made]


def left_without(kept: Iterable[str], used: str) -> list[str] | None:
    """The hashes that are left when this one is used; None where it is none of them. All are compared."""
    told = list(kept)
    fits = [hmac.compare_digest(one, used) for one in told]
    return [one for one, fit in zip(told, fits, strict=True) if not fit] if any(fits) else None

"""What the hooks share: reading JSON that strangers send, and an honest clock."""

from __future__ import annotations

import binascii
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from syndicator.bounces import Kind, Notice, Report, Why, refused
from syndicator.errors import Refused

WINDOW = timedelta(minutes=5)  # a call is no older and no newer than this, as Standard Webhooks has it


def telling(body: bytes) -> dict[str, Any]:
    """The call's JSON object. Raises :exc:`Refused`."""
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Refused("the call is no JSON") from error
    if not isinstance(told, dict):
        raise Refused("the call is no JSON object")
    return told


def inner(told: Any, *path: str) -> Any:
    """A value deep inside, or an empty string where anything on the way is missing."""
    for name in path:
        told = told.get(name, "") if isinstance(told, dict) else ""
    return told


def signed(headers: Mapping[str, str], body: bytes, secret: str, now: datetime) -> str:
    """The id of a call that is signed as Standard Webhooks has it. Raises :exc:`Refused`."""
    number, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    try:
        key = b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = secret.encode()
    made = b64encode(hmac.digest(key, f"{number}.{at}.".encode() + body, "sha256"))
    signatures = headers.get("webhook-signature", "").split()
    given = [one.partition(",")[2].encode() for one in signatures if one.startswith("v1,")]
    if not number or not any(hmac.compare_digest(made, one) for one in given):
        raise Refused("the call is not signed with our secret")
    must_be_fresh(at, now)
    return number


def must_be_fresh(seconds: object, now: datetime) -> None:
    """``seconds`` is a Unix time as text or number. Raises :exc:`Refused`."""
    try:
        at = datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused("the call says no time") from error
    if abs(now - at) > WINDOW:
        raise Refused("the call is too old, or its clock is wrong")


def bounced(address: str, detail: str, *, about: str, permanent: bool) -> Report:
    """A bounce in a provider's words; its word counts where the server's say nothing."""
    notice = refused(detail, address)
    if permanent and notice.reason is Why.OTHER:
        notice = replace(notice, kind=Kind.HARD)
    if not permanent and notice.kind is Kind.HARD:
        notice = replace(notice, kind=Kind.SOFT)
    return Report(notices=(notice,), about=angled(about))


def complained(address: str, *, about: str) -> Report:
    return Report(
        notices=(Notice(kind=Kind.COMPLAINT, reason=Why.COMPLAINT, address=address),), about=angled(about)
    )


def angled(message_id: str) -> str:
    return f"<{message_id.strip('<> ')}>" if message_id.strip("<> ") else ""

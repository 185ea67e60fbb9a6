"""A mail about a mail, read: bounces (RFC 3464 and what came before it), complaints (RFC 5965), auto-replies. Pure."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from flufl.bounce import all_failures

from .reasons import Kind, Why, kind, status_in, why

TEXT_MAX = 20_000  # characters of a body that are looked at
DIAGNOSTIC_MAX = 500  # characters that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What became of one recipient."""

    kind: Kind
    reason: Why
    address: str = ""  # empty where the mail does not say whom it is about
    status: str = ""  # RFC 3463
    diagnostic: str = ""  # the server's own words, shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole mail: its notices, and what leads back to the delivery."""

    notices: tuple[Notice, ...]
    tokens: tuple[str, ...] = ()  # of return paths (VERP), as they stand in its address
    about: str = ""  # Message-ID of the mail it is about
    id: str = ""  # its own Message-ID


def read(raw: bytes) -> Report:
    """What a mail in the bounce box says. Whatever comes in, this raises nothing."""
    message = message_from_bytes(raw)
    original = _original(message)
    return Report(
        notices=tuple(_notices(message, original)) or (Notice(kind=Kind.NONE, reason=Why.OTHER),),
        tokens=tuple(dict.fromkeys(_tokens(message))),
        about=_line(original, "Message-ID"),
        id=_line(message, "Message-ID"),
    )


def refused(detail: str, address: str = "") -> Notice:
    """What a server said at once, in SMTP: a reply, such as ``550 5.1.1 no such user``."""
    return _refused(
        address, status_in(detail) or _reply(detail), detail, "", delayed=detail.lstrip().startswith("4")
    )


def _notices(message: Message, original: Message) -> Iterator[Notice]:
    feedback = _part(message, "message/feedback-report")
    if feedback:
        yield from _complaints(feedback, original)
    elif hotmail := original.get("X-HmXmrOriginalRecipient"):  # its complaints are no reports
        yield Notice(kind=Kind.COMPLAINT, reason=Why.COMPLAINT, address=_typed(str(hotmail)))
    elif status := _part(message, "message/delivery-status"):
        # Some name their recipients only to people.
        yield from list(_statuses(status, _said(message))) or _guesses(message)
    elif _is_auto_reply(message) or _part(message, "message/disposition-notification"):
        yield Notice(kind=Kind.AUTO_REPLY, reason=Why.AUTO_REPLY)
    else:
        yield from _guesses(message)


# Complaints (RFC 5965)


def _complaints(part: Message, original: Message) -> Iterator[Notice]:
    fields = _fields(part)
    match _line(fields, "Feedback-Type").casefold():
        case "not-spam":
            yield Notice(kind=Kind.NONE, reason=Why.DELIVERED)
            return
        case "auth-failure":  # RFC 6591
            said = _line(fields, "Auth-Failure") or "auth-failure"
            yield Notice(kind=Kind.OURS, reason=Why.AUTHENTICATION, diagnostic=said)
            return
    told = fields.get_all("Original-Rcpt-To", []) + fields.get_all("Removal-Recipient", [])
    addresses = _addresses(told) or _addresses(original.get_all("To", []))
    for address in addresses or [""]:
        yield Notice(kind=Kind.COMPLAINT, reason=Why.COMPLAINT, address=address)


# Delivery status (RFC 3464)


def _statuses(part: Message, said: str) -> Iterator[Notice]:
    blocks = list(_blocks(part))
    everyone = [_recipient(block) for block in blocks if _recipient(block)]
    for block in blocks:
        action = _line(block, "Action").split("(")[0].strip().casefold()
        address = _recipient(block)
        if not address and not action:
            continue
        diagnostic = _typed(_line(block, "Diagnostic-Code"))
        if action in {"delivered", "relayed", "expanded"}:
            yield Notice(kind=Kind.NONE, reason=Why.DELIVERED, address=address, diagnostic=diagnostic)
            continue
        status = _status(_line(block, "Status"), diagnostic)
        near = _near(said, address, everyone)
        yield _refused(address, status, diagnostic, near, delayed=action == "delayed")


def _recipient(block: Message) -> str:
    told = block.get("Original-Recipient") or block.get("Final-Recipient") or block.get("X-Actual-Recipient")
    return _typed(str(told or ""))


def _status(told: str, diagnostic: str) -> str:
    """The server's own code says more than a relay's 5.0.0 about it."""
    ours, theirs = status_in(told), status_in(diagnostic)
    if theirs and (not ours or ours.endswith("0.0") or ours[0] == theirs[0]):
        return theirs
    return ours or theirs or _reply(diagnostic)


def _refused(address: str, status: str, diagnostic: str, said: str, *, delayed: bool = False) -> Notice:
    reason = why(status, diagnostic, said)
    return Notice(
        kind=kind(reason, final=not delayed),
        reason=reason,
        address=address,
        status=status,
        diagnostic=(diagnostic or said)[:DIAGNOSTIC_MAX],
    )


# Mails that say it in prose

_DAEMONS = re.compile(
    r"mailer.?daemon|postmaster|mail.?delivery|mail subsystem|bounce|mail administrator", re.I
)
_SUBJECTS = re.compile(
    r"undeliver|deliver\w*.{0,20}(fail|error|problem|status|notif|delay|impossible)"
    r"|fail\w* .{0,20}(deliver|notice|mail)"
    r"|returned (mail|e-?mail)|mail.{0,10}(error|fail|delay|delivery)|non.?deliver"
    r"|could not (be )?(deliver|send)"
    r"|user unknown|warning: |message status",
    re.I,
)


def _guesses(message: Message) -> Iterator[Notice]:
    """flufl.bounce knows the shapes of many servers and whom a bounce is about; the reason is in the words."""
    later, never = _known_shapes(message)
    said = _said(message)
    addresses = (
        sorted({_text(one) for one in {*later, *never}})
        or _addresses(message.get_all("X-Failed-Recipients", []))
        or list(dict.fromkeys(_LISTED.findall(said)))
    )
    if not addresses and not _looks_like_a_bounce(message, said):
        return
    delayed = bool(later) and not never
    for address in addresses or [""]:
        near = _near(said, address, addresses)
        yield _refused(address, status_in(near) or _reply(near), near, "", delayed=delayed)


logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it tells of each mail that it cannot read


def _known_shapes(message: Message) -> tuple[frozenset[bytes], frozenset[bytes]]:
    try:
        later, never = all_failures(message)
    except (
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ):  # it stumbles over some mails without a sender
        return frozenset(), frozenset()
    return frozenset(later), frozenset(never)


def _looks_like_a_bounce(message: Message, said: str) -> bool:
    return bool(
        _DAEMONS.search(_line(message, "From"))
        or _SUBJECTS.search(_line(message, "Subject"))
        or _line(message, "Return-Path") == "<>"
        or (_original(message).keys() and re.search(r"not be delivered|undeliver", said, re.I))
    )


def _near(said: str, address: str, addresses: Sequence[str]) -> str:
    """What is said of one of several: from its first mention to that of another."""
    lines = said.splitlines()
    others = [one.casefold() for one in addresses if one != address]
    first = next((n for n, line in enumerate(lines) if address.casefold() in line.casefold()), None)
    if not others or first is None:
        return said
    told = lines[first : first + 1]
    for line in lines[first + 1 :]:
        if any(other in line.casefold() for other in others):
            break
        told.append(line)
    return "\n".join(told)


_LISTED = re.compile(r"^\s*(?:[45]\d\d )?<?([^\s<>:;,\"]+@[^\s<>:;,\"]+\w)>?\s*?(?::|\.\.\.|$)", re.M)
_REPLY = re.compile(
    r"(?<![\d.:-])([45])[0-5]\d(?=[ -]|$)(?! (bytes|octets|kb|messages|hours|seconds|days))", re.M
)


def _reply(text: str) -> str:
    """An SMTP reply's class as a code, where no better one is told."""
    found = _REPLY.search(text)
    return f"{found[1]}.0.0" if found else ""


_OUT = re.compile(
    r"out of (the )?office|auto(matic|mated)?[ -:]*(reply|response)|vacation|away from|abwesen|on leave", re.I
)


def _is_auto_reply(message: Message) -> bool:
    """RFC 3834, and those that came before it."""
    if _DAEMONS.search(_line(message, "From")):
        return False
    marks = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From", "X-Apple-Action")
    return (
        _line(message, "Auto-Submitted").casefold().startswith("auto-replied")
        or _line(message, "Precedence").casefold() in {"auto_reply", "auto-reply"}
        or any(message.get(mark) for mark in marks)
        or bool(_OUT.search(_line(message, "Subject")))
    )


# Parts and fields

_QUOTE = re.compile(
    r"^.{0,4}-{2,}.{0,40}(copy of (the|your)|original message|unsent message|message (follows|header)|below this line)"
    r"|^--- (the|below)|^>? ?(received|return-path): |^-{3,} ?(the )?header|^message header",
    re.I | re.M,
)


def _said(message: Message) -> str:
    """The words to people, without the mail that came back."""
    for part in _walk(message):
        if part.get_content_maintype() == "text" and part.get_content_subtype() != "rfc822-headers":
            text = _text(part.get_payload(decode=True) or b"", part.get_content_charset())
            if part.get_content_subtype() == "html":
                text = re.sub(r"<[^>]*>", " ", text)
            if text.strip():
                found = _QUOTE.search(text)
                return text[: found.start() if found else TEXT_MAX][:TEXT_MAX]
    return ""


def _original(message: Message) -> Message:
    """The head of the mail that came back; an empty one where it did not."""
    for part in message.walk():
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)
            if isinstance(inner, Message):
                return inner
        if part.get_content_type() == "text/rfc822-headers":
            return message_from_bytes(_bytes(part))
    return Message()


def _walk(message: Message) -> Iterator[Message]:
    """The parts, without those of the mail that came back; a bounce that came in a bounce is read, too."""
    yield message
    if message.get_content_type() == "message/rfc822" and message.is_multipart():
        inner = message.get_payload(0)
        if isinstance(inner, Message) and inner.get_content_type() == "multipart/report":
            yield from _walk(inner)
    elif message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _walk(part)


def _part(message: Message, wanted: str) -> Message | None:
    return next((part for part in _walk(message) if part.get_content_type() == wanted), None)


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields in a delivery status; the standard library parses them as messages, if nothing is odd."""
    inner = part.get_payload()
    if isinstance(inner, list):
        yield from (one for one in inner if isinstance(one, Message))
        return
    for text in re.split(rb"\r?\n\s*\r?\n", _bytes(part)):
        yield message_from_bytes(text.lstrip())


def _fields(part: Message) -> Message:
    inner = part.get_payload()
    if isinstance(inner, list) and inner and isinstance(inner[0], Message):
        return inner[0] if inner[0].keys() else message_from_bytes(inner[0].as_bytes().lstrip())
    return message_from_bytes(_bytes(part).lstrip())


def _bytes(part: Message) -> bytes:
    told = part.get_payload(decode=True)
    return told if isinstance(told, bytes) else b""


def _text(raw: object, charset: str | None = None) -> str:
    if not isinstance(raw, bytes):
        return str(raw)
    try:
        return raw.decode(charset or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _line(message: Message, name: str) -> str:
    """A header on one line, its encoded words read."""
    told = str(message.get(name) or "")
    try:
        words = "".join(_text(text, charset) for text, charset in decode_header(told))
    except ValueError:
        words = told
    return " ".join(words.split())


def _typed(told: str) -> str:
    """``rfc822; a@b.example`` without its type."""
    kind_, semicolon, rest = told.partition(";")
    told = rest if semicolon and re.fullmatch(r"[\w-]+\s*(\(.*\))?", kind_.strip()) else told
    return " ".join(told.split()).strip(" <>")


def _addresses(told: Iterable[object]) -> list[str]:
    found = getaddresses([_typed(str(one)) for one in told])
    return list(dict.fromkeys(address for _, address in found if "@" in address))


_VERP = re.compile(r"\+([a-z2-7]{40})@", re.I)
_TRACES = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Resent-To", "Received")


def _tokens(message: Message) -> Iterator[str]:
    """Tokens of the return path that this mail came to."""
    for name in _TRACES:
        for told in message.get_all(name, []):
            yield from (found.lower() for found in _VERP.findall(str(told)))

"""Telegram's HTML, parsed as its server does: a byte at a time, in its words, with its byte offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAGS = frozenset(
    "a b strong i em s strike del u ins tg-spoiler tg-emoji tg-time span pre code blockquote".split()
)
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SURROGATE = (
    "Text contains invalid Unicode characters after decoding HTML entities, "
    "check for unmatched surrogate code units"
)
MARKS = ("\u200e", "\u200f")  # of a run of them only the last stays
UNSEEN = frozenset("\u200b\u200c\u200d\u200e\u200f\ufeff\u2800\u180e\ufffc")
ENTITIES_MAX = 100  # more are dropped


class CannotParse(ValueError):
    """Says why in Telegram's words, without its ``Bad Request: can't parse entities:`` before."""


@dataclass(frozen=True, slots=True)
class Entity:
    kind: str
    offset: int  # UTF-16 units
    length: int
    url: str = ""  # of a text_link
    more: str = ""  # language of a pre, id of a custom_emoji


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int  # UTF-16 units, of the text so far
    byte: int  # where the tag stands, in bytes of UTF-8


class _Reader:
    """The parser's hand on the text: positions are bytes of UTF-8, as Telegram reports them."""

    def __init__(self, text: str) -> None:
        self.raw = text.encode()
        self.at = 0
        self.out = bytearray()
        self.units = 0  # UTF-16 units written
        self.stack: list[_Open] = []
        self.entities: list[Entity] = []
        self.languages: dict[tuple[int, int], str] = {}  # where a code tag names its language

    def put(self, piece: bytes) -> None:
        self.out += piece
        self.units += len(piece.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")) // 2


def parse(text: str) -> tuple[str, list[Entity]]:
    """The text that readers see and its entities. Raises :exc:`CannotParse`."""
    reader = _Reader(text)
    while reader.at < len(reader.raw):
        byte = reader.raw[reader.at : reader.at + 1]
        if byte == b"&":
            _character(reader)
        elif byte == b"<":
            _tag(reader)
        else:
            end = _next(reader.raw, reader.at)
            reader.put(reader.raw[reader.at : end])
            reader.at = end
    if reader.stack:
        last = reader.stack[-1]
        raise CannotParse(f'Can\'t find end tag corresponding to start tag "{last.tag}"')
    try:
        return reader.out.decode(), reader.entities[:ENTITIES_MAX]
    except UnicodeDecodeError as error:
        raise CannotParse(SURROGATE) from error


def _next(raw: bytes, start: int) -> int:
    found = [end for end in (raw.find(b"&", start), raw.find(b"<", start)) if end >= 0]
    return min(found, default=len(raw))


_CHARACTER = re.compile(
    rb"&(?:(lt|gt|amp|quot)(?![A-Za-z])|#(?:x([0-9a-fA-F]{1,6})(?![0-9a-fA-F])|([0-9]{1,7})(?![0-9])));?"
)


def _character(reader: _Reader) -> None:
    """``&lt;`` and its three siblings, and numbers, also without a semicolon; anything else is text."""
    found = _CHARACTER.match(reader.raw, reader.at)
    piece = found and _meant(*found.groups())
    if not found or not piece:
        reader.put(b"&")
        reader.at += 1
        return
    reader.put(piece)
    reader.at = found.end()


def _meant(name: bytes | None, hexadecimal: bytes | None, decimal: bytes | None) -> bytes:
    if name:
        return NAMED[name.decode()].encode()
    code = int(hexadecimal, 16) if hexadecimal else int(decimal or b"0")
    return chr(code).encode("utf-8", "surrogatepass") if 0 < code < 0x10FFFF else b""


def _tag(reader: _Reader) -> None:
    start = reader.at
    if reader.raw[start + 1 : start + 2] == b"/":
        _end_tag(reader, start)
    else:
        _start_tag(reader, start)


def _start_tag(reader: _Reader, start: int) -> None:
    raw = reader.raw
    at = start + 1
    while at < len(raw) and raw[at : at + 1] not in b" \t\r\n\v>":
        at += 1
    tag = raw[start + 1 : at].decode("utf-8", "replace").lower()
    if at >= len(raw):
        raise CannotParse(f"Unclosed start tag at byte offset {start}")
    if tag not in TAGS:
        raise CannotParse(f'Unsupported start tag "{tag}" at byte offset {start}')
    attributes, at = _attributes(raw, at, tag, start)
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise CannotParse(f'Tag "span" must have class "tg-spoiler" at byte offset {start}')
    reader.stack.append(_Open(tag, attributes, reader.units, start))
    reader.at = at


def _attributes(raw: bytes, at: int, tag: str, start: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while True:
        at = _blank(raw, at)
        if raw[at : at + 1] == b">":
            return found, at + 1
        name_at = at
        while at < len(raw) and raw[at : at + 1] not in b" \t\r\n\v=>/\"'":
            at += 1
        name = raw[name_at:at].decode("utf-8", "replace")
        if not name:
            raise CannotParse(f'Empty attribute name in the tag "{tag}" at byte offset {start}')
        at = _blank(raw, at)
        named = raw[at : at + 1] == b"="
        at = _blank(raw, at + 1) if named else at
        if at >= len(raw):
            raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {start}')
        found[name] = ""
        if named:
            found[name], at = _value(raw, at, start)


def _value(raw: bytes, at: int, start: int) -> tuple[str, int]:
    quote = raw[at : at + 1]
    end = at
    if quote in (b'"', b"'"):
        end = raw.find(quote, at + 1)
        value = _decoded(raw[at + 1 : end])
        end = end + 1 if end >= 0 else len(raw)
    else:
        while raw[end : end + 1].isalnum() or raw[end : end + 1] in (b".", b"-"):
            end += 1
        value = raw[at:end].decode().lower()
        if raw[end : end + 1] not in b" \t\r\n\v>":
            raise CannotParse(f"Unexpected end of name token at byte offset {at}")
    if end >= len(raw):
        raise CannotParse(f"Unclosed start tag at byte offset {start}")
    return value, end


def _decoded(raw: bytes) -> str:
    reader = _Reader(raw.decode())
    while reader.at < len(reader.raw):
        if reader.raw[reader.at : reader.at + 1] == b"&":
            _character(reader)
        else:
            end = reader.raw.find(b"&", reader.at)
            end = len(reader.raw) if end < 0 else end
            reader.put(reader.raw[reader.at : end])
            reader.at = end
    return reader.out.decode("utf-8", "surrogatepass")


def _blank(raw: bytes, at: int) -> int:
    while raw[at : at + 1] and raw[at : at + 1] in b" \t\r\n\v":
        at += 1
    return at


def _end_tag(reader: _Reader, start: int) -> None:
    raw = reader.raw
    if not reader.stack:
        raise CannotParse(f"Unexpected end tag at byte offset {start}")
    at = start + 2
    while raw[at : at + 1] and raw[at : at + 1] not in b" \t\r\n\v>":
        at += 1
    name = raw[start + 2 : at].decode("utf-8", "replace").lower()
    at = _blank(raw, at)
    if raw[at : at + 1] != b">":
        raise CannotParse(f"Unclosed end tag at byte offset {start}")
    opened = reader.stack.pop()
    if name and name != opened.tag:
        raise CannotParse(
            f'Unmatched end tag at byte offset {start}, expected "</{opened.tag}>", found "</{name}>"'
        )
    reader.at = at + 1
    _close(reader, opened)


def _close(reader: _Reader, opened: _Open) -> None:
    length = reader.units - opened.offset
    if not length:
        return
    told, kind = opened.attributes, _KINDS[opened.tag]
    span = (opened.offset, length)
    entity = Entity(kind, *span)
    if opened.tag == "a":
        shown = reader.out.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        shown = shown[2 * opened.offset :]
        url = told.get("href") or shown.decode("utf-16-le", "surrogatepass")
        if "." not in url.partition("?")[0] and not url.startswith("tg://"):
            return
        entity = Entity(kind, *span, url=url)
    if opened.tag == "tg-emoji":
        if not told.get("emoji-id", "").isdecimal() or not int(told["emoji-id"]):
            raise CannotParse("Invalid custom emoji identifier specified")
        entity = Entity(kind, *span, more=told["emoji-id"])
    if opened.tag == "tg-time":
        if not re.fullmatch(r"r|[wWdDtT]*", told.get("format", "")):
            raise CannotParse("Invalid date format used")
        if not re.match("0*[1-9]", told.get("unix", "")):
            return
    if opened.tag == "blockquote" and "expandable" in told:
        entity = Entity("expandable_blockquote", *span)
    if opened.tag == "code" and told.get("class", "").startswith("language-"):
        reader.languages[span] = told["class"].removeprefix("language-")
    last = reader.entities[-1] if reader.entities else entity
    pair = {last.kind, kind} == {"pre", "code"} and (last.offset, last.length) == span
    if pair and reader.languages.get(span):
        reader.entities[-1] = Entity("pre", *span, more=reader.languages[span])  # one entity with a language
        return
    reader.entities.append(entity)


def cleaned(text: str) -> str:
    """The text as Telegram keeps it; nothing where there is nothing to see in it."""
    kept = []
    for place, sign in enumerate(text):
        code = ord(sign)
        if sign == "\r" or 0x2028 <= code <= 0x202E or code in {0x333, 0x33F, 0x30A}:
            continue
        if code < 0x20 and sign != "\n":
            kept.append(" ")
        elif sign in MARKS and text[place + 1 : place + 2] in MARKS:
            kept.append("\u200c")
        else:
            kept.append(sign)
    seen = [sign for sign in kept if not sign.isspace() and sign not in UNSEEN]
    return "".join(kept).strip(" \n") if seen else ""


_KINDS = {
    "a": "text_link",
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}

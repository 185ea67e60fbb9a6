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
ENTITIES_MAX = 100  # more are dropped


class CannotParse(ValueError):
    """Says why in Telegram's words, without its ``Bad Request: can't parse entities:`` before."""


@dataclass(frozen=True, slots=True)
class Entity:
    kind: str
    offset: int  # UTF-16 units
    length: int
    url: str = ""  # of a text_link


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
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
        self.languages: set[tuple[int, int]] = set()  # where a code tag names its language

    def put(self, piece: bytes) -> None:
        self.out += piece
        self.units += len(piece.decode("utf-8", "replace").encode("utf-16-le")) // 2


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
    return reader.out.decode("utf-8", "replace"), reader.entities[:ENTITIES_MAX]


def _next(raw: bytes, start: int) -> int:
    found = [end for end in (raw.find(b"&", start), raw.find(b"<", start)) if end >= 0]
    return min(found, default=len(raw))


_CHARACTER = re.compile(rb"&(?:(lt|gt|amp|quot)|#(?:[xX]([0-9a-fA-F]+)|([0-9]+)));?")


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
    if 0xD800 <= code < 0xE000:
        raise CannotParse(SURROGATE)
    return chr(code).encode() if 0 < code < 0x110000 else b""


def _tag(reader: _Reader) -> None:
    start = reader.at
    if reader.raw[start + 1 : start + 2] == b"/":
        _end_tag(reader, start)
    else:
        _start_tag(reader, start)


def _start_tag(reader: _Reader, start: int) -> None:
    raw = reader.raw
    at = start + 1
    while at < len(raw) and raw[at : at + 1] not in b" \t\r\n>":
        at += 1
    tag = raw[start + 1 : at].decode("utf-8", "replace").lower()
    if at >= len(raw):
        raise CannotParse(f"Unclosed start tag at byte offset {start}")
    if tag not in TAGS:
        raise CannotParse(f'Unsupported start tag "{tag}" at byte offset {start}')
    attributes, at = _attributes(raw, at, tag, start)
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise CannotParse(f'Tag "span" must have class "tg-spoiler" at byte offset {start}')
    if tag == "tg-time" and not re.fullmatch(r"r|[wWdDtT]*", attributes.get("format", "")):
        raise CannotParse("Invalid date format used")
    argument = attributes.get("href", "") if tag == "a" else attributes.get("class", "")
    reader.stack.append(_Open(tag, argument, reader.units, start))
    reader.at = at


def _attributes(raw: bytes, at: int, tag: str, start: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while True:
        at = _blank(raw, at)
        if at >= len(raw):
            raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {start}')
        if raw[at : at + 1] == b">":
            return found, at + 1
        name_at = at
        while at < len(raw) and raw[at : at + 1] not in b" \t\r\n=>":
            at += 1
        name = raw[name_at:at].decode("utf-8", "replace").lower()
        if not name:
            raise CannotParse(f'Empty attribute name in the tag "{tag}" at byte offset {start}')
        at = _blank(raw, at)
        if raw[at : at + 1] != b"=":
            found[name] = ""
            continue
        value, at = _value(raw, _blank(raw, at + 1), tag, start)
        found[name] = value


def _value(raw: bytes, at: int, tag: str, start: int) -> tuple[str, int]:
    quote = raw[at : at + 1]
    if quote in (b'"', b"'"):
        end = raw.find(quote, at + 1)
        if end < 0:
            raise CannotParse(f"Unclosed start tag at byte offset {start}")
        return _decoded(raw[at + 1 : end]), end + 1
    end = at
    while end < len(raw) and raw[end : end + 1] not in b" \t\r\n>":
        end += 1
    token = raw[at:end].decode("utf-8", "replace")
    if not token:
        raise CannotParse(f'Unclosed start tag "{tag}" at byte offset {start}')
    wrong = re.search(r"[^a-z0-9.-]", token)
    if wrong:
        raise CannotParse(
            f"Unexpected end of name token at byte offset {at + len(token[: wrong.start()].encode())}"
        )
    return token.lower(), end


def _decoded(raw: bytes) -> str:
    reader = _Reader(raw.decode("utf-8", "replace"))
    while reader.at < len(reader.raw):
        if reader.raw[reader.at : reader.at + 1] == b"&":
            _character(reader)
        else:
            reader.put(reader.raw[reader.at : reader.at + 1])
            reader.at += 1
    return reader.out.decode("utf-8", "replace")


def _blank(raw: bytes, at: int) -> int:
    while raw[at : at + 1] and raw[at : at + 1] in b" \t\r\n":
        at += 1
    return at


def _end_tag(reader: _Reader, start: int) -> None:
    raw = reader.raw
    if not reader.stack:
        raise CannotParse(f"Unexpected end tag at byte offset {start}")
    at = start + 2
    while raw[at : at + 1] and raw[at : at + 1] not in b" \t\r\n>":
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
    shown = reader.out.decode("utf-8", "replace").encode("utf-16-le")[2 * opened.offset :].decode("utf-16-le")
    if not length or (opened.tag == "a" and "." not in (opened.argument or shown)):
        return
    url = (opened.argument or shown) if opened.tag == "a" else ""
    entity = Entity(_KINDS[opened.tag], opened.offset, length, url)
    if opened.argument.startswith("language-") and len(opened.argument) > len("language-"):
        reader.languages.add((opened.offset, length))
    last = reader.entities[-1] if reader.entities else None
    around = last and (last.offset, last.length) == (entity.offset, length)
    if (
        last
        and around
        and {last.kind, entity.kind} == {"pre", "code"}
        and (entity.offset, length) in reader.languages
    ):
        reader.entities[-1] = Entity("pre", entity.offset, length)  # one entity with a language
        return
    reader.entities.append(entity)


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

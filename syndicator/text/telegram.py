"""What Telegram makes of its HTML, and what it would refuse, known before anything is sent.

Its parser counts bytes of UTF-8 where it refuses and UTF-16 units where it marks. What it takes it cleans: some signs
it drops without a word, and a link that it does not know for one becomes plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from .direction import lead
from .measure import utf16
from .sentences import split
from .threads import pieces

MESSAGE_MAX = 4096  # code points after entity parsing, Bot API sendMessage; UTF-16 units are safe either way
CAPTION_MAX = 1024  # the same, Bot API sendPhoto
RAW_MAX = 32_768  # bytes with the markup
ENTITIES_MAX = 100  # Telegram drops what is beyond

_KINDS = {
    "a": "text_link", "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "s": "strikethrough",
    "strike": "strikethrough", "del": "strikethrough", "u": "underline", "ins": "underline", "tg-spoiler": "spoiler",
    "span": "spoiler", "tg-emoji": "custom_emoji", "tg-time": "date_time", "pre": "pre", "code": "code",
    "blockquote": "blockquote",
}  # fmt: skip
_ARGUMENTS = {("a", "href"): "", ("code", "class"): "language-", ("span", "class"): "tg-",
              ("tg-emoji", "emoji-id"): "", ("tg-time", "format"): ""}  # fmt: skip
_REFERENCE = re.compile(rb"&(?:([A-Za-z]+)|#x([0-9a-fA-F]+)|#([0-9]+));?")
_NAMED = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"'}
_LONGEST = 9  # bytes of a numeric reference without its semicolon
_NAME = re.compile(rb"([^ \t\r\n\v\0>]*)([ \t\r\n\v>]?)")
_ATTRIBUTE = re.compile(rb"[ \t\r\n\v]*(?:(>)|([^ \t\r\n\v\0=>/\"']+)[ \t\r\n\v]*(=?)[ \t\r\n\v]*)")
_TOKEN = re.compile(rb"([A-Za-z0-9.-]*)(?=[ \t\r\n\v\0>]|$)")
_CLOSING = re.compile(rb"/([^ \t\r\n\v\0>]*)[ \t\r\n\v]*(>?)")
_FORMAT = re.compile(r"r|[wWdDtT]*")
_DROPPED = re.compile("[\r\u2028-\u202e\u0333\u033f\u030a]")
_BLANKED = re.compile("[\x00-\x09\x0b\x0c\x0e-\x20]")
_MARKS = re.compile("[\u200e\u200f](?=[\u200e\u200f])")  # a run of direction marks keeps its last one
_NOTHING = re.compile("[\\s\u200b-\u200f\ufeff\u2000-\u200a\u2800\u180e\ufffc\U000e0000-\U000e007f]*")


class Refusal(ValueError):
    """Telegram's own words, without its ``Bad Request: can't parse entities:`` before."""


@dataclass(frozen=True, slots=True)
class Entity:
    kind: str
    offset: int  # UTF-16 units
    length: int
    argument: str = (
        ""  # of a link its address, of code its language, of an emoji its id, of a moment its format
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What Telegram reads."""

    text: str
    entities: tuple[Entity, ...]


@dataclass(slots=True)
class _Tag:
    name: str
    offset: int  # UTF-16 units of text before it
    piece: int  # pieces of text before it
    argument: str = ""
    unix: str = ""
    expandable: bool = False


@dataclass(slots=True)
class _Reading:
    raw: bytes
    pieces: list[str] = field(default_factory=list)
    units: int = 0
    open: list[_Tag] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)


def read(markup: str) -> Seen:
    """The text and its entities, as its parser has them. Raises :exc:`Refusal`."""
    try:
        reading = _Reading(markup.encode())
    except UnicodeEncodeError as error:
        raise Refusal("strings must be encoded in UTF-8") from error
    at, raw = 0, reading.raw
    while at < len(raw):
        tag = raw.find(b"<", at)
        end = tag if tag >= 0 else len(raw)
        piece = _decoded(raw[at:end])
        reading.pieces.append(piece)
        reading.units += len(piece) + sum(sign > "\uffff" for sign in piece)
        if tag < 0:
            break
        at = _closed(reading, tag) if raw.startswith(b"</", tag) else _opened(reading, tag)
    if reading.open:
        raise Refusal(f'Can\'t find end tag corresponding to start tag "{reading.open[-1].name}"')
    text = "".join(reading.pieces)
    if re.search("[\ud800-\udfff]", text):
        raise Refusal(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return Seen(text, tuple(reading.entities))


def shown(markup: str) -> str:
    """What readers see, and what is counted. Raises :exc:`Refusal`."""
    text = _DROPPED.sub("", read(markup).text)
    return _MARKS.sub("\u200c", _BLANKED.sub(" ", text)).strip(" \n")


def refusal(markup: str, most: int = MESSAGE_MAX) -> str | None:
    """What Telegram would answer to such a message, or caption of at most 1024; None: it takes it.

    It would drop entities beyond its limit without a word; that is told, too.
    """
    if len(markup.encode(errors="replace")) > RAW_MAX:
        return "text is too long"
    try:
        seen, text = read(markup), shown(markup)
    except Refusal as error:
        return f"can't parse entities: {error}"
    if _NOTHING.fullmatch(text):
        return "message text is empty"
    if utf16(text) > most:
        return "message caption is too long" if most <= CAPTION_MAX else "message is too long"
    if len(seen.entities) > ENTITIES_MAX:
        return f"{len(seen.entities)} entities, of which only the first {ENTITIES_MAX} are kept"
    return None


def in_pieces(markup: str, limit: int, language: str) -> list[str]:
    """Messages that Telegram takes, broken between paragraphs, and within one between sentences where no tag is in it.

    Empty where it cannot be broken so.
    """
    made: list[str] = []
    for gap, told in _units(markup, limit, language):
        joined = f"{made[-1]}{gap}{told}" if made else told
        if made and not refusal(joined, limit):
            made[-1] = joined
        else:
            made.append(told if "<" in told else lead(told, language))
    return [] if any(refusal(one, limit) for one in made) else made


def _units(markup: str, limit: int, language: str) -> Iterator[tuple[str, str]]:
    """What is not broken any more, each with what stands before it: lines with tags, sentences, pieces of them."""
    for block in markup.split("\n\n"):
        gap = "\n\n"
        for line in block.split("\n"):
            for sentence in [line] if "<" in line else split(line, language):
                for piece in [sentence] if "<" in line else pieces(sentence, limit, _counted, language):
                    yield gap, piece
                    gap = " "
            gap = "\n"


def _counted(text: str) -> int:
    """Of escaped text without tags."""
    return utf16(shown(text))


def _decoded(raw: bytes) -> str:
    return _REFERENCE.sub(_meant, raw).decode("utf-8", "surrogatepass")


def _meant(found: re.Match[bytes]) -> bytes:
    name, hexadecimal, decimal = found.groups()
    if name:
        return _NAMED.get(name, found[0])
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if not 0 < code < 0x10FFFF or len(found[0].rstrip(b";")) > _LONGEST:
        return found[0]
    return chr(code).encode("utf-8", "surrogatepass")


def _opened(reading: _Reading, start: int) -> int:
    """Reads a start tag; returns where it ends."""
    name = _NAME.match(reading.raw, start + 1)
    if not name or not name[2]:
        raise Refusal(f"Unclosed start tag at byte offset {start}")
    called = name[1].decode("utf-8", "replace").lower()
    if called not in _KINDS:
        raise Refusal(f'Unsupported start tag "{called}" at byte offset {start}')
    tag = _Tag(called, reading.units, len(reading.pieces))
    end = _attributes(reading.raw, name.end(1), tag, start)
    if called == "span" and tag.argument != "spoiler":
        raise Refusal(f'Tag "span" must have class "tg-spoiler" at byte offset {start}')
    reading.open.append(tag)
    return end


def _attributes(raw: bytes, at: int, tag: _Tag, start: int) -> int:
    while True:
        found = _ATTRIBUTE.match(raw, at)
        if not found:
            raise Refusal(f'Empty attribute name in the tag "{tag.name}" at byte offset {start}')
        if found[1]:
            return found.end(1)
        at, value = found.end(), ""
        if at == len(raw):
            raise Refusal(f'Unclosed start tag "{tag.name}" at byte offset {start}')
        if found[3]:
            value, at = _value(raw, at)
            if at == len(raw):
                raise Refusal(f"Unclosed start tag at byte offset {start}")
        _told(tag, found[2].decode(), value)


def _value(raw: bytes, at: int) -> tuple[str, int]:
    quote = raw[at : at + 1]
    if quote in {b'"', b"'"}:
        end = raw.find(quote, at + 1)
        end = len(raw) if end < 0 else end
        return _decoded(raw[at + 1 : end]), min(end + 1, len(raw))
    token = _TOKEN.match(raw, at)
    if not token:
        raise Refusal(f"Unexpected end of name token at byte offset {at}")
    return token[1].decode().lower(), token.end()


def _told(tag: _Tag, name: str, value: str) -> None:
    start = _ARGUMENTS.get((tag.name, name))
    if start is not None and value.startswith(start):
        tag.argument = value.removeprefix(start)
    elif (tag.name, name) == ("tg-time", "unix"):
        tag.unix = value
    elif (tag.name, name) == ("blockquote", "expandable"):
        tag.expandable = True


def _closed(reading: _Reading, start: int) -> int:
    if not reading.open:
        raise Refusal(f"Unexpected end tag at byte offset {start}")
    tag = reading.open[-1]
    found = _CLOSING.match(reading.raw, start + 1)
    if not found or not found[2]:
        raise Refusal(f"Unclosed end tag at byte offset {start}")
    name = found[1].decode("utf-8", "replace").lower()
    if name and name != tag.name:
        raise Refusal(
            f'Unmatched end tag at byte offset {start}, expected "</{tag.name}>", found "</{name}>"'
        )
    reading.open.pop()
    if reading.units > tag.offset:
        _mark(reading, tag)
    return found.end()


def _mark(reading: _Reading, tag: _Tag) -> None:
    entity = Entity(_KINDS[tag.name], tag.offset, reading.units - tag.offset, tag.argument)
    match tag.name:
        case "a":
            address = link(tag.argument or "".join(reading.pieces[tag.piece :]))
            if not address:
                return
            mention = address.startswith("tg://user?id=")
            entity = replace(entity, kind="text_mention" if mention else "text_link", argument=address)
        case "tg-emoji" if not re.fullmatch(r"[0-9]{1,19}", tag.argument) or not int(tag.argument):
            raise Refusal("Invalid custom emoji identifier specified")
        case "tg-time":
            if not _FORMAT.fullmatch(tag.argument):
                raise Refusal("Invalid date format used")
            if not re.match(r"0*[1-9]", tag.unix):
                return
        case "blockquote" if tag.expandable:
            entity = replace(entity, kind="expandable_blockquote")
        case "pre" | "code" if _one_with_its_language(reading, entity):
            return
    reading.entities.append(entity)


def _one_with_its_language(reading: _Reading, entity: Entity) -> bool:
    """Code around, or in, a block of the same length: one block in that language."""
    last = reading.entities[-1] if reading.entities else entity
    language = last.argument or entity.argument
    together = (last.offset, last.length) == (entity.offset, entity.length)
    if not (language and together and {last.kind, entity.kind} == {"pre", "code"}):
        return False
    reading.entities[-1] = replace(last, kind="pre", argument=language)
    return True


def link(address: str) -> str:
    """The address as Telegram keeps it; empty where it takes it for none."""
    address = address.strip()
    if re.match(r"(tg|ton|tonsite)://[^\s/]", address, re.IGNORECASE):
        return address
    if "://" not in address.partition("?")[0]:
        address = f"http://{address}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "") if parts.port is None or parts.port > 0 else ""
    except ValueError:
        return ""
    spelled = re.fullmatch(r"[^\s\x00-\x20]+", parts.netloc) and parts.scheme in {"http", "https"}
    if not spelled or not (re.search(r"[^.]\.[^.]", host) or ":" in host):
        return ""
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()

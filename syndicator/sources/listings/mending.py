"""Bytes that should be XML, as text that an XML parser gets through, in time that grows with their length alone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.entities import html5

_DECLARED = re.compile(rb"""<\?xml[^>]{1,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})""")
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_ROOT = re.compile(r"<(?:rss|feed|(?:\w{1,20}:)?RDF)\b", re.IGNORECASE)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}))|([A-Za-z][A-Za-z0-9]{0,31}));?|&")
_NO_TAG = re.compile(r"<(?![A-Za-z_/!?])")
_EMPTY = re.compile(r"<(br|hr|img|input|wbr|area|embed|source|track)\b([^<>]{0,2000}?)/?>", re.IGNORECASE)
_OWN = frozenset("amp lt gt quot apos".split())


def decoded(body: bytes, charset: str | None) -> str:
    """By byte order mark, header, declaration; UTF-8 if that is most of it, else Windows, Western or Arabic."""
    for mark, name in _MARKS.items():
        if body.startswith(mark):
            return body.decode(name, "replace").lstrip("\ufeff")
    found = _DECLARED.search(body[:1024])
    for name in filter(None, (charset, found and found[1].decode("ascii"), "utf-8")):
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    text = body.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    letters = sum(one > "\x7f" for one in text) - lost
    if letters >= lost:
        return text
    return body.decode("cp1256" if _is_arabic(body) else "cp1252", "replace")


def _is_arabic(body: bytes) -> bool:
    """Windows-1256 has the Arabic letters where Western texts have accented capitals, which stand one by one."""
    return re.search(rb"[\xc7-\xd6\xd8-\xdf\xe1\xe3-\xe6\xec\xed]{4}", body) is not None


def mended(text: str) -> str | None:
    """From the root element on, without illegal characters, each reference to a character that it may mean; None
    where there is no root of a feed. Entities of the document's own are not expanded."""
    begin = _ROOT.search(text)
    if begin is None:
        return None
    return "".join(_parts(_FORBIDDEN.sub("", begin.string[begin.start() :])))


def _parts(text: str) -> Iterator[str]:
    """What is in a CDATA section stands for itself."""
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0:
        yield _markup(text[at:start])
        end = text.find("]]>", start)
        at = end + 3 if end >= 0 else len(text)
        yield text[start:at] if end >= 0 else f"{text[start:]}]]>"
    yield _markup(text[at:])


def _markup(text: str) -> str:
    return _EMPTY.sub(r"<\1\2/>", _NO_TAG.sub("&lt;", _REFERENCE.sub(_meant, text)))


def _meant(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        if name in _OWN:
            return f"&{name};"
        meant = html5.get(f"{name};") if found[0].endswith(";") else None
        return meant.replace("&", "&amp;").replace("<", "&lt;") if meant else f"&amp;{found[0][1:]}"
    if decimal or hexadecimal:
        return _character(int(decimal) if decimal else int(hexadecimal, 16))
    return "&amp;"


def _character(number: int) -> str:
    """Numbers between 128 and 159 are meant as Windows has them."""
    if 128 <= number < 160:
        return bytes([number]).decode("cp1252", "replace")
    if number >= 0x110000 or _FORBIDDEN.match(chr(number)):
        return ""
    return {38: "&amp;", 60: "&lt;"}.get(number, chr(number))

"""RSS 0.9 to 2.0, RDF and Atom 0.3 and 1.0, by lxml. Nothing is fetched, and no entity is expanded."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from .nouns import Entry, Listing, absolute, interval, joined, name_of, text

Element = Any  # lxml has no types

_NAMESPACES = {
    "atom": [
        "http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "http://purl.org/pie/", "http://purl.org/echo/",
        "http://example.com/newformat#", "http://example.com/necho", "uri/of/echo/namespace#",
    ],
    "": [
        "", "http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/", "http://backend.userland.com/rss", "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss", "http://cyber.law.harvard.edu/rss/rss.html",
    ],
    "dc": ["http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/"],
    "dcterms": ["http://purl.org/dc/terms/"],
    "content": ["http://purl.org/rss/1.0/modules/content/"],
    "media": ["http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss"],
    "itunes": ["http://www.itunes.com/dtds/podcast-1.0.dtd", "http://example.com/dtds/podcast-1.0.dtd"],
    "sy": ["http://purl.org/rss/1.0/modules/syndication/"],
    "rdf": ["http://www.w3.org/1999/02/22-rdf-syntax-ns#"],
    "xhtml": ["http://www.w3.org/1999/xhtml"],
}  # fmt: skip
_PREFIXES = {uri.lower(): prefix for prefix, uris in _NAMESPACES.items() for uri in uris}
_PLAIN = "title link id updated published issued modified created summary content author name email category".split()
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_MARKUP = ("html", "xhtml")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_BODIES = ("content:encoded", "xhtml:body", "atom:content", "body", "fullitem")
_SUMMARIES = (
    "summary",
    "description",
    "atom:summary",
    "dcterms:abstract",
    "dc:description",
    "itunes:summary",
    "media:description",
)


def well_formed(body: bytes, base: str, charset: str | None) -> Listing | None:
    """None when it is not well-formed, none of these dialects, or has entities of its own."""
    try:
        tree = etree.fromstring(body.lstrip(), _parser(encoding=charset), base_url=base)
    except (etree.XMLSyntaxError, LookupError, ValueError):
        return None
    return None if next(tree.iter(etree.Entity), None) is not None else _listed(tree)


def recovered(text: str, base: str) -> Listing | None:
    """As much of it as can be made out; None when that is no feed."""
    tree = etree.fromstring(text.encode(), _parser(encoding="utf-8", recover=True), base_url=base)
    return None if tree is None else _listed(tree)


def _parser(**more: Any) -> Any:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        **more,
    )


def _listed(tree: Element) -> Listing | None:
    if tree.tag == "feed":  # Atom that forgot its namespace
        for one in tree.iter("feed", "entry", *_PLAIN):
            one.tag = f"{{{_NAMESPACES['atom'][0]}}}{one.tag}"
    match _name(tree):
        case "rss" | "rdf:RDF":
            channel = next((one for one in tree if _name(one) == "channel"), tree)
            items = [one for one in tree.iter("{*}item") if _name(one) == "item"]
            return _listing(channel, items)
        case "atom:feed":
            return _listing(tree, [one for one in tree if _name(one) == "atom:entry"])
    return None


@lru_cache(2048)
def _named(tag: str) -> str:
    uri, _, name = tag[1:].rpartition("}") if tag.startswith("{") else ("", "", tag)
    prefix = _PREFIXES.get(uri.lower(), "?")
    return f"{prefix}:{name}" if prefix else name


def _name(element: Element) -> str:
    return _named(element.tag)


def _children(element: Element) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for one in element:
        found.setdefault(_named(one.tag), []).append(one)
    return found


def _listing(channel: Element, items: list[Element]) -> Listing:
    told = _children(channel)
    inherited = Entry(
        author=_author(told) if _name(channel) == "atom:feed" else None,
        language=_word(told, "language", "dc:language"),
    )
    links = dict(_links(told))
    return Listing(
        entries=tuple(_entry(item, inherited) for item in items),
        title=_html(told, "title", "atom:title", "dc:title"),
        link=_plain_link(told) or links.get("alternate"),
        language=inherited.language or channel.get(f"{_XML}lang"),
        every=interval(_word(told, "sy:updatePeriod"), _word(told, "sy:updateFrequency"), _word(told, "ttl")),
    )


def _entry(item: Element, inherited: Entry) -> Entry:
    told = _children(item)
    for group in told.get("media:group", ()):
        for name, ones in _children(group).items():
            told.setdefault(name, []).extend(ones)
    links = dict(_links(told))
    permanent = [one for one in told.get("guid", ()) if one.get("isPermaLink", "true").strip() == "true"]
    identity = _word(told, "guid", "atom:id", "dc:identifier") or item.get(_ABOUT)
    guessed = identity if permanent and identity and identity.startswith("http") else item.get(_ABOUT)
    updated = _word(told, "atom:updated", "atom:modified", "dcterms:modified", "dc:date")
    bodies = [one for name in _BODIES for one in told.get(name, ())]
    summaries = [one for name in _SUMMARIES for one in told.get(name, ())]
    return Entry(
        id=identity,
        url=_plain_link(told) or links.get("alternate") or guessed,
        headline=_html(told, "title", "atom:title", "dc:title", "media:title"),
        content=max((_markup(one) for one in (*bodies, *summaries[1:])), key=len, default=""),
        summary=_markup(summaries[0]) if summaries else "",
        published=_word(
            told,
            "pubDate",
            "atom:published",
            "atom:issued",
            "dcterms:issued",
            "atom:created",
            "dcterms:created",
        )
        or updated,
        updated=updated,
        author=_author(told) or inherited.author,
        topics=tuple(dict.fromkeys(_topics(told))),
        language=_word(told, "dc:language")
        or _language((bodies or summaries or [item])[0])
        or inherited.language,
        image=_image(item, told),
    )


def _word(told: dict[str, list[Element]], *names: str) -> str | None:
    """The first of these that says anything."""
    for name in names:
        for one in told.get(name, ()):
            if one.text and (said := one.text.strip()):
                return str(said)
    return None


def _html(told: dict[str, list[Element]], *names: str) -> str | None:
    for name in names:
        for one in told.get(name, ()):
            if said := _markup(one):
                return said
    return None


def _plain_link(told: dict[str, list[Element]]) -> str | None:
    """RSS writes it as text."""
    for one in told.get("link", ()):
        if one.text and (said := one.text.strip()):
            return joined(one.base, said)
    return None


def _links(told: dict[str, list[Element]]) -> Iterator[tuple[str, str]]:
    """Atom writes them as attributes, in feeds of other dialects, too; of two the first counts."""
    for one in reversed([*told.get("atom:link", ()), *told.get("link", ())]):
        if href := one.get("href"):
            yield one.get("rel") or "alternate", joined(one.base, href)


def _author(told: dict[str, list[Element]]) -> str | None:
    for person in told.get("atom:author", ()):
        names = {_name(one): (one.text or "").strip() for one in person}
        if found := names.get("atom:name") or names.get("atom:email"):
            return str(found)
    return name_of(
        _word(told, "dc:creator", "author", "dc:author", "itunes:author", "atom:author", "managingEditor")
    )


def _topics(told: dict[str, list[Element]]) -> Iterator[str]:
    for name in ("category", "dc:subject", "atom:category", "media:category"):
        for one in told.get(name, ()):
            yield from filter(None, (one.get("term") or (one.text or "").strip(), one.get("label")))
    for one in told.get("itunes:category", ()):
        yield from (inner.get("text") for inner in one.iter("{*}category") if inner.get("text"))


def _language(element: Element) -> str | None:
    """The nearest ``xml:lang``."""
    told = (one.get(f"{_XML}lang") for one in _upwards(element))
    found = next((one for one in told if one is not None), None)
    return found.replace("_", "-") if found else None


def _upwards(element: Element) -> Iterator[Element]:
    yield element
    yield from element.iterancestors()


def _image(item: Element, told: dict[str, list[Element]]) -> str | None:
    listed = [*told.get("media:content", ())]
    for group in told.get("media:group", ()):
        listed += [one for one in group if _name(one) == "media:content"]
    listed += [
        *told.get("enclosure", ()),
        *(one for one in told.get("atom:link", ()) if one.get("rel") == "enclosure"),
    ]
    pictures = [one for one in listed if str(one.get("type", one.get("medium", ""))).startswith("image")]
    shown = [*pictures, *(one for one in item.iter("{*}thumbnail") if _name(one) == "media:thumbnail")]
    shown += told.get("itunes:image", ())
    return next((joined(one.base, url) for one in shown if (url := one.get("url") or one.get("href"))), None)


def _markup(element: Element) -> str:
    """A text construct as HTML: RSS writes escaped or naked markup, Atom says which."""
    said, name = (element.text or "").strip(), _name(element)
    if len(element):
        return absolute(_inner(_only_div(element)).strip(), element.base)
    kind = element.get("type", "").lower()
    if name.startswith("atom:"):
        coded = element.get("mode") == "base64" or _is_coded(kind)
        decoded = _decoded(said) if coded else None
        if decoded is None and not any(one in kind for one in _MARKUP):
            return text(said)
        said = decoded or said
    return absolute(said, element.base)


def _is_coded(kind: str) -> bool:
    """RFC 4287 §4.1.3.3: whatever is neither text nor XML."""
    return (
        "/" in kind
        and not kind.startswith("text/")
        and not kind.endswith(("+xml", "/xml"))
        and "html" not in kind
    )


def _decoded(said: str) -> str | None:
    try:
        return b64decode("".join(said.split()), validate=True).decode()
    except ValueError:
        return None


def _only_div(element: Element) -> Element:
    """The div that Atom puts round XHTML is no part of it."""
    alone = len(element) == 1 and not (element.text or "").strip() and not (element[0].tail or "").strip()
    return element[0] if alone and _name(element[0]) == "xhtml:div" else element


def _inner(element: Element) -> str:
    return text(element.text or "") + "".join(_outer(one) + text(one.tail or "") for one in element)


def _outer(element: Element) -> str:
    name = etree.QName(element).localname
    attributes = "".join(
        f' {etree.QName(key).localname}="{text(value).replace(chr(34), "&quot;")}"'
        for key, value in element.items()
    )
    if name in _VOID and not len(element) and not element.text:
        return f"<{name}{attributes} />"
    return f"<{name}{attributes}>{_inner(element)}</{name}>"

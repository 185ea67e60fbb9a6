"""SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489) of who sends, as receivers will ask for them.

Whoever cannot be asked is a warning: at night, or without a network, nothing is held for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from syndicator.errors import SourceError
from syndicator.ports import Names, Sender

from .findings import Finding, error, softened, warning

LOOKUPS = 10  # RFC 7208 §4.6.4
_RESERVED = ("example", "test", "invalid", "localhost", "example.com", "example.net", "example.org")
_COUNTED = re.compile(r"[+?~-]?(a|mx|ptr|exists|include)\b(?:[:/]|$)|redirect=", re.IGNORECASE)
_FOLLOWED = re.compile(r"[+?~-]?(?:include:|redirect=)([^\s/]+)", re.IGNORECASE)


def is_reserved(host: str) -> bool:
    """A name for trying things out (RFC 2606, RFC 6761): nobody in the world receives from there."""
    host = host.rstrip(".").lower()
    return any(host == name or host.endswith(f".{name}") for name in _RESERVED)


def inspect_sender(names: Names, sender: Sender) -> list[Finding]:
    """All of it, each name asked once. A reserved name is not asked for."""
    if is_reserved(sender.domain):
        what = f"{sender.domain} is a name for trying things out: the DNS is not asked"
        return [warning("dns", what, sender.domain, "set channels.….sender before readers come")]
    asked = _Once(names)
    found = [*spf(asked, sender.envelope), *dkim(asked, sender), *dmarc(asked, sender), *tls(sender)]
    return found if asked.answered else [*softened(found)]


class _Once:
    """Asks for each name once, and no more after nobody answered twice."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[str, list[str]] = {}
        self._silent = 0
        self.answered = 0

    def texts(self, name: str) -> list[str]:
        if name not in self._known:
            if self._silent > 1:
                raise SourceError("the DNS does not answer")
            try:
                self._known[name] = [*self._names.texts(name)]
                self.answered += 1
            except SourceError:
                self._silent += 1
                raise
        return self._known[name]


def _unanswered(check: str, name: str, why: SourceError) -> Finding:
    return warning(check, f"nobody answered ({why})", name, "look again with `syndicator doctor`")


def spf(names: Names, domain: str) -> Iterator[Finding]:
    """One record, that can be worked out, and does not let everybody in."""
    try:
        records = [one for one in names.texts(domain) if one.lower().split(" ")[0] == "v=spf1"]
        if len(records) == 1:
            yield from _spf_record(names, domain, records[0])
    except SourceError as why:
        yield _unanswered("spf", domain, why)
        return
    if not records:
        instead = "add a TXT record: v=spf1, how your relay is told, -all"
        yield error("spf", "it has no SPF record", domain, instead)
    elif len(records) > 1:
        yield error("spf", f"it has {len(records)} SPF records, and none counts", domain, "make one of them")


def _spf_record(names: Names, domain: str, record: str) -> Iterator[Finding]:
    words = record.lower().split()
    if "+all" in words or "all" in words:
        yield error("spf", "it lets everybody send for you", domain, "write ~all or -all at its end")
    elif not re.search(r"[~?-]all|redirect=", record.lower()):
        yield warning(
            "spf", "it does not say what becomes of others", domain, "write ~all or -all at its end"
        )
    needed = _lookups(names, record, LOOKUPS + 1, frozenset({domain}))
    if needed > LOOKUPS:
        what = f"working it out takes more than {LOOKUPS} look-ups, and receivers give up"
        yield error("spf", what, domain, "name addresses in place of includes")


def _lookups(names: Names, record: str, left: int, seen: frozenset[str]) -> int:
    """How many look-ups a record takes; counting ends when there are more than are allowed."""
    terms = record.split()[1:]
    needed = sum(1 for term in terms if _COUNTED.match(term))
    for term in terms:
        followed = _FOLLOWED.match(term)
        if not followed or needed > left or followed[1] in seen or "%" in followed[1]:
            continue
        for inner in names.texts(followed[1]):
            if inner.lower().startswith("v=spf1"):
                needed += _lookups(names, inner, left - needed, seen | {followed[1]})
    return needed


def dkim(names: Names, sender: Sender) -> Iterator[Finding]:
    """The key in the DNS is the one that we sign with."""
    if sender.seal is None:
        instead = (
            "let the relay sign for this domain, or set dkim_domain, dkim_selector and the secret dkim_key"
        )
        yield warning("dkim", "no mail is signed here", sender.domain, instead)
        return
    name = f"{sender.seal.selector}._domainkey.{sender.seal.domain}"
    wanted = f"v=DKIM1; k={sender.seal.kind}; p={sender.seal.key}"
    try:
        records = names.texts(name)
    except SourceError as why:
        yield _unanswered("dkim", name, why)
        return
    keys = [_tags(one) for one in records if "p=" in one]
    if not keys:
        yield error("dkim", "there is no key", name, f"add a TXT record: {wanted}")
    elif not any("".join(one.get("p", "").split()) == sender.seal.key for one in keys):
        what = "the key there is another one" if any(one.get("p") for one in keys) else "the key is revoked"
        yield error("dkim", what, name, f"make it: {wanted}")


def dmarc(names: Names, sender: Sender) -> Iterator[Finding]:
    """There is a policy, and From agrees with what is signed or with the return path."""
    try:
        place, tags = _policy(names, sender.domain)
    except SourceError as why:
        yield _unanswered("dmarc", f"_dmarc.{sender.domain}", why)
        return
    if not tags:
        instead = "add a TXT record: v=DMARC1; p=none; rua=mailto:…, and tighten it later"
        yield error("dmarc", "there is no DMARC policy", f"_dmarc.{sender.domain}", instead)
        return
    if tags.get("p", "").lower() not in {"none", "quarantine", "reject"}:
        instead = "write p=none, p=quarantine or p=reject"
        yield error("dmarc", "its policy p cannot be read", f"_dmarc.{place}", instead)
    signed = sender.seal is not None and _aligned(sender.domain, sender.seal.domain, place, tags.get("adkim"))
    returns = _aligned(sender.domain, sender.envelope, place, tags.get("aspf"))
    if not signed and not returns:
        what = f"neither the signature nor the return path ({sender.envelope}) agrees with From"
        instead = f"set dkim_domain or bounces to {place} or below it"
        yield error("dmarc", what, sender.domain, instead)
    elif not signed and sender.seal is not None:
        what = f"the signature of {sender.seal.domain} does not agree with From"
        yield warning("dmarc", what, sender.domain, f"set dkim_domain to {place} or below it")


def _policy(names: Names, domain: str) -> tuple[str, Mapping[str, str]]:
    """The record of the domain, else of the nearest one above that has one: where, and its tags."""
    labels = domain.lower().split(".")
    for at in range(max(1, len(labels) - 1)):
        place = ".".join(labels[at:])
        found = [one for one in names.texts(f"_dmarc.{place}") if one.lower().startswith("v=dmarc1")]
        if len(found) == 1:
            return place, _tags(found[0])
    return domain, {}


def _aligned(domain: str, other: str, place: str, mode: str | None) -> bool:
    """RFC 7489 §3.1; ``place`` is where the policy stands, at the organisation's own domain or nearer."""
    domain, other = domain.lower(), other.lower()
    if (mode or "r").lower() == "s":
        return domain == other
    return other == place or other.endswith(f".{place}") or domain.endswith(f".{other}")


def tls(sender: Sender) -> Iterator[Finding]:
    for relay in sender.unencrypted:
        what = f"mails go to {relay} without encryption"
        yield error("tls", what, sender.domain, 'write tls = "starttls" or "implicit"')


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}

"""What a refusal means: by its words first, since many servers' codes lie, then by its code (RFC 3463). Pure."""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What a mail about a mail asks of us."""

    HARD = "hard"  # nobody is there: never write again
    SOFT = "soft"  # not now: counts against the address, and fades
    OURS = "ours"  # the fault is ours or our relay's: the operator hears of it, the reader is left alone
    COMPLAINT = "complaint"  # the reader called it spam
    AUTO_REPLY = "auto-reply"
    NONE = "none"  # delivered, or no bounce at all


class Why(StrEnum):
    """The reason within a kind."""

    USER_UNKNOWN = "user-unknown"
    HOST_UNKNOWN = "host-unknown"
    MOVED = "moved"
    ACCEPTS_NO_MAIL = "accepts-no-mail"
    MAILBOX_FULL = "mailbox-full"
    DISABLED = "disabled"
    FILTERED = "filtered"  # the reader's own rules
    EXPIRED = "expired"  # tried for days
    NETWORK = "network"
    SYSTEM = "system"
    OTHER = "other"
    AUTHENTICATION = "authentication"  # SPF, DKIM, DMARC
    BLOCKED = "blocked"  # a block list, a bad name, no PTR
    RATE = "rate"
    SPAM = "spam"
    POLICY = "policy"
    SENDER = "sender-refused"
    RELAYING = "relaying"
    TOO_LARGE = "too-large"
    CONTENT = "content"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto-reply"
    DELIVERED = "delivered"


W = Why
HARD = frozenset({W.USER_UNKNOWN, W.HOST_UNKNOWN, W.MOVED, W.ACCEPTS_NO_MAIL})
OURS = frozenset(
    {W.AUTHENTICATION, W.BLOCKED, W.RATE, W.SPAM, W.POLICY, W.SENDER, W.RELAYING, W.TOO_LARGE, W.CONTENT}
)

# In this order: what is our fault is never laid at a reader's door, and a full box is no missing one.
_WORDS: tuple[tuple[Why, str], ...] = (
    (
        W.AUTHENTICATION,
        r"\bspf\b|\bdkim\b|\bdmarc\b|sender policy framework|unauthenticated|not authenticated"
        r"|authentication (checks|results|requirements)|5\.7\.2[0-46]\b|5\.7\.30\b|5\.7\.509\b|5\.7\.515\b",
    ),
    (
        W.BLOCKED,
        r"black ?list|block ?list|blocklist|dnsbl|\brbl\b|spamhaus|spamcop|sorbs|barracudacentral|reputation"
        r"|reverse dns|\bptr\b|\brdns\b|reverse (hostname|mapping|lookup)"
        r"|ip address .{0,60}(block|reject|refus|listed)"
        r"|(client|sending|connecting) (host|ip|server|mta).{0,40}(reject|block|denied)|banned|\bblocked\b"
        r"|unable to verify .{0,20}(client|helo)|invalid ehlo|helo command rejected|dynamic ip"
        r"|connections? (will )?not (be )?accepted from|access denied by .{0,20}(ip|rule)"
        r"|is listed (in|on|at|by)|my name was rejected",
    ),
    (
        W.RATE,
        r"rate.{0,4}limit|too many (messages|connections|emails|mails|concurrent|recipients)|throttl"
        r"|too fast|"
        r"(send|receiv)\w* too (many|much)|exceeded the .{0,40}(limit|rate|number)|excessive (rate|volume)"
        r"|unusual rate|temporarily deferred|try (again )?slower|4\.7\.28\b",
    ),
    (W.SPAM, r"spam(?!cop)|unsolicited|\bjunk\b|bulk mail|\buce\b|\bube\b"),
    (
        W.MAILBOX_FULL,
        r"(mail ?box|mailfolder|mail ?spool|inbox|quota|account|user|folder|maildir|disk ?space|storage)\S*"
        r"( [^\s.;]+){0,5} (full|exceed\w*|exceeds)\b"
        r"|(over|exceed\w*|out of|above) (\S+ ){0,4}(quota|mail ?box|storage|disk ?space)"
        r"|quota (exceeded|violation)"
        r"|mailbox size|not enough (storage|space|disk)|overquota|insufficient (mailbox )?storage"
        r"|too much mail data|mailbox for user is full|disk quota",
    ),
    (
        W.TOO_LARGE,
        r"(message|mail|size)( \S+){0,4} (too (big|large)|exceed\w*)"
        r"|(exceed\w*|over|larger)( [^\s.;]+){0,5} size"
        r"|message size|maximum size",
    ),
    (W.RELAYING, r"relay(ing)? (\S+ ){0,3}(denied|prohibited|not|access|disallowed)|not a relay|relay.denied"
        r"|(unable|not permitted|not allowed|cannot|not) to relay|no relaying|can'?t relay|open relay"
        r"|to relay mail|mail relay"),
    (
        W.SENDER,
        r"sender (\S+ ){0,4}(reject|denied|refus|block|not |unknown|verify|verification|invalid)"
        r"|domain of sender|sender'?s? (address|domain)|(bad|invalid|unknown) sender|from address|return path"
        r"|mail from .{0,40}(reject|denied|refus|not)|you are not allowed|not permitted to send"
        r"|not authorized to send",
    ),
    (
        W.DISABLED,
        r"(account|mail ?box|user|recipient|address|service|domain)( [^\s.;]+){0,6} "
        r"(disabled|suspended|inactive|deactivated|locked|frozen|expired|over.?due|dormant)"
        r"|(disabled|suspended|inactive|deactivated) (\S+ ){0,3}(account|mail ?box|user|recipient|address)"
        r"|(account|mail ?box) (\S+ ){0,3}not active|not logged in for",
    ),
    (W.SYSTEM, r"temporarily (unavailable|unable)|(try|attempt) (again )?later"
        r"|temporary (failure|error|problem)|gr[ae]y.?list"),
    (
        W.ACCEPTS_NO_MAIL,
        r"null.?mx|does not accept (any )?(e?mail|smtp)"
        r"|(domain|host|server) (\S+ ){0,4}(accepts?|receives?) no "
        r"|\b556\b|smtp protocol returned a permanent error|(do|does) not accept mail"
        r"|recipient address has null mx",
    ),
    (W.MOVED, r"has moved|user has (\S+ )?moved|address (\S+ )?(has )?changed|changed (\S+ )?address"
        r"|5\.1\.6\b"
        r"|has been replaced by|new (e-?mail )?address"),
    (W.HOST_UNKNOWN, r"\b[\w-]+(\.[\w-]+)+ (does not|doesn't) exist"),
    (
        W.USER_UNKNOWN,
        r"(user|recipient|mail ?box|account|address|addressee|login|person)\S*( [^\s.;]+){0,6} "
        r"(unknown|not found|not known|not exist\w*|doesn'?t exist|no longer (valid|exist\w*|available)|unavailable"
        r"|not (a )?valid|invalid|undeliverable|does not have|not listed|not available|unrecognized"
        r"|not recognized"
        r"|couldn'?t be found|could not be found|wasn'?t found|not our customer|not here|does ?n.t have)"
        r"|(no such|unknown|invalid|bad|nonexist\w*|non-exist\w*|unrouteable|undeliverable|unregistered|not a valid"
        r"|no valid|not a known|illegal)"
        r" (\S+ ){0,3}(user|recipient|mail ?box|account|address|person|alias|addressee|local)"
        r"|user unknown|recipient unknown"
        r"|(no|not a|not) (\S+ )?(mailbox|account|user) (here|by that name|with that name)"
        r"|does ?n.t have (a|an) (\S+ )?account|\bno mailbox\b|destination addresses were unknown"
        r"|not listed in|no one by that name|not in (the )?directory|not our customer|not a registered"
        r"|recipient address rejected: access denied|unknown (in|local)|this user doesn.t"
        r"|(does|did) not (exist|match)|isn'?t (\S+ )?(account|user)|recipnotfound|recipientnotfound"
        r"|5\.1\.1\b",
    ),
    (
        W.HOST_UNKNOWN,
        r"(host|domain|server|site|system)\S*( [^\s.;]+){0,5} (unknown|not found|not exist|doesn'?t exist|not be found)"
        r"|(unknown|no such|invalid|bad|non-?existent|unrouteable) (\S+ ){0,2}(host|domain|destination|server)"
        r"|nxdomain|name (service|server) error"
        r"|(couldn.?t|could not|cannot) find (any|a) (\S+ )?(host|mail exchanger)|no (mx|dns|a) "
        r"|domain lookup"
        r"|all relevant mx|mx .{0,30}(invalid|localhost)|5\.1\.2\b|not resolve",
    ),
    (
        W.EXPIRED,
        r"expired|retry time|too old|too long|could not be delivered (for|in|within)"
        r"|not (yet )?been delivered"
        r"|undelivered after|delayed|will (continue|keep|be) (to )?(try|retr)|still (being|trying)"
        r"|in the queue"
        r"|giving up|retry timeout|timed? ?out|after \d+ (hours|days)|warning only|not been able to deliver",
    ),
    (
        W.NETWORK,
        r"connection (\S+ ){0,3}(refused|lost|reset|dropped|timed)|connect\w* to .{0,60}(failed|refused)"
        r"|no route|loop"
        r"|too many hops|hop count|network (is )?(unreach|error)|mail for \S+ loops"
        r"|could not (connect|contact)"
        r"|host (is )?unreach|(not|unable to) connect|dns|temporary failure in name",
    ),
    (
        W.POLICY,
        r"polic(y|ies)|not allowed|prohibited|denied|forbidden|restrict|not permitted|unauthorized"
        r"|not authorized"
        r"|permission|administrative|content (reject|filter)|virus|infected|malware|security|rejected by"
        r"|attachment",
    ),
    (W.FILTERED, r"refused by (the )?(user|recipient)|filter|rejected by (the )?recipient"
        r"|because the address couldn"),
    (W.SYSTEM, r"system (error|failure|problem|full)|local (error|problem|configuration)|mailer|internal"
        r"|i/o error"
        r"|resources|program|pipe|command|cannot (open|write|append)|config"),
)  # fmt: skip
_PATTERNS = tuple((why, re.compile(words)) for why, words in _WORDS)

# By enhanced status code, its class left out; longer ones first (RFC 3463, RFC 7505, RFC 7372 and the registry).
_CODES = {
    "1.1": W.USER_UNKNOWN, "1.2": W.HOST_UNKNOWN, "1.3": W.USER_UNKNOWN, "1.6": W.MOVED, "1.7": W.SENDER,
    "1.8": W.SENDER, "1.10": W.ACCEPTS_NO_MAIL, "2.1": W.DISABLED, "2.2": W.MAILBOX_FULL, "2.3": W.TOO_LARGE,
    "3.4": W.TOO_LARGE, "4.4": W.HOST_UNKNOWN, "4.7": W.EXPIRED, "5.3": W.RATE, "7.25": W.BLOCKED, "7.27": W.SENDER,
    "7.28": W.RATE, "7.1": W.POLICY, "7.26": W.AUTHENTICATION, "7.20": W.AUTHENTICATION, "7.21": W.AUTHENTICATION,
    "7.22": W.AUTHENTICATION, "7.23": W.AUTHENTICATION, "7.24": W.AUTHENTICATION,
    "1": W.OTHER, "2": W.FILTERED, "3": W.SYSTEM, "4": W.NETWORK, "5": W.SYSTEM, "6": W.CONTENT, "7": W.POLICY,
}  # fmt: skip
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]\d)")


def status_in(text: str) -> str:
    """The first enhanced status code in a text, or empty."""
    found = _STATUS.search(text)
    return found[0] if found else ""


# Refused before it heard of a recipient, or after it had taken one, a mail does not say that nobody is there. (One
# carrier has words of its own for mail that the reader's rules turned away.)
_BEFORE = re.compile(
    r"after mail from|in reply to mail from|>>> mail from\S*( \S+){0,3} <<< 5|end of mail from"
)
_AFTER = re.compile(
    r"550:? : user unknown|after (end of )?data|end of data|>>> data <<< 5|smtp command data"
    r"|after pipelined data|\bin reply to data"
)
_WRAPPED = re.compile(r"^(smtp; )?[45]\.\d\.\d - [a-z ]+(?=[45]\d\d-')")  # a relay's class for all of a kind
_QUOTED = re.compile(r"<?[^\s<>:;,'\"()]+@[^\s<>:;,'\"()]+>?|(?<=://)[^\s/]*/\S*")  # no words of the server's


def why(status: str, diagnostic: str, said: str = "") -> Why:
    """The reason of a refusal: by the server's own words, a telling code, what is said around them, any code."""
    own, told = _plain(diagnostic), _plain(said)
    reason = _by_words(own) or _by_code(status, 2) or _by_words(told) or _by_code(status, 1) or W.OTHER
    if reason in HARD and _by_words(told) is W.MAILBOX_FULL:
        return W.MAILBOX_FULL  # it contradicts itself: nobody is given up for that
    if reason in HARD and _BEFORE.search(f"{own} {told}"):
        return W.SENDER
    taken = reason is W.USER_UNKNOWN and not status[1:].startswith(".1.") and _AFTER.search(f"{own} {told}")
    return W.FILTERED if taken else reason


def _plain(text: str) -> str:
    return _WRAPPED.sub("", " ".join(_QUOTED.sub(_host, text.casefold()).split()))


def _host(found: re.Match[str]) -> str:
    """Of a link its host stays: it may be a block list's."""
    return "<>" if "@" in found[0] else found[0].partition("/")[0]


def _by_words(told: str) -> Why | None:
    return next((reason for reason, pattern in _PATTERNS if pattern.search(told)), None)


def _by_code(status: str, places: int) -> Why | None:
    return _CODES.get(".".join(status.split(".")[1 : 1 + places]))


def kind(reason: Why, *, final: bool) -> Kind:
    """A reader is given up only where the refusal is for good."""
    if reason in OURS:
        return Kind.OURS
    if reason in HARD and final:
        return Kind.HARD
    return Kind.SOFT

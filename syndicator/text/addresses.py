"""Mail addresses, as they can be written to, the names beside them, and networks. Asks nobody."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network

from email_validator import EmailNotValidError, validate_email

from syndicator.errors import Refused

# What most addresses are made of; the library says the same of these, and takes thirty times as long.
_USUAL = re.compile(
    r"(?=.{1,200}\Z)(?P<local>[a-z0-9_-]+(?:[.+][a-z0-9_-]+)*)"
    r"@(?P<domain>(?:[a-z0-9](?:[a-z0-9]{0,61}[a-z0-9])?\.)+(?:com|net|org|info|edu|gov|iq|de|uk|fr|se|nl|ir|tr))",
    re.ASCII | re.IGNORECASE,
)
NAME_MAX = 200  # characters of a name
# What ends a line of a mail's head, or turns the text after it round.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_LOCAL_MAX = 64  # octets, RFC 5321 §4.5.3.1.1


def checked_address(address: str) -> str:
    """The address as it can be written to. Raises :exc:`Refused`."""
    address = address.strip()
    usual = _USUAL.fullmatch(address)
    if usual and len(usual["local"]) <= _LOCAL_MAX:
        return f"{usual['local']}@{usual['domain'].lower()}"
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise Refused("{address!r} is no mail address: {error}", address=address, error=error) from error


def checked_name(name: str) -> str:
    """The name as it can stand beside an address. Raises :exc:`Refused`."""
    name = name.strip()
    if CONTROL.search(name):
        raise Refused("the name holds a line break or another control character")
    if len(name) > NAME_MAX:
        raise Refused("the name has more than {most} characters", most=NAME_MAX)
    return name


def shortened(place: str) -> str:
    """An address of the network without the part that is one household's: /24, or /48 of IPv6."""
    try:
        found = ip_address(place)
    except ValueError:
        return "somewhere"
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))

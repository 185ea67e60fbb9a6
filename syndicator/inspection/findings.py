"""One thing that is wrong: how bad, what, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # the edition waits for a person
    WARNING = "warning"  # it goes out, and somebody should know


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    check: str  # by this name an editor sends an edition despite it
    severity: Severity
    what: str
    where: str  # a language, a domain, a link
    instead: str  # what to do

    def __str__(self) -> str:
        return f"{self.check}: {self.where}: {self.what}; {self.instead}"


def error(check: str, what: str, where: str, instead: str) -> Finding:
    return Finding(check=check, severity=Severity.ERROR, what=what, where=where, instead=instead)


def warning(check: str, what: str, where: str, instead: str) -> Finding:
    return Finding(check=check, severity=Severity.WARNING, what=what, where=where, instead=instead)


def softened(found: Iterable[Finding]) -> list[Finding]:
    """The same, and none of them holds anything."""
    return [replace(one, severity=Severity.WARNING) for one in found]


def merged(found: Iterable[Finding]) -> list[Finding]:
    """What several posts of an edition share is told once; errors first."""
    once = dict.fromkeys(found)
    return sorted(once, key=lambda one: one.severity is not Severity.ERROR)

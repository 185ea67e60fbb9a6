"""What mailbox providers and readers find fault with, before they can. Each check gives findings. Pure."""

from __future__ import annotations

from .findings import Finding, Severity, merged
from .letters import CHECKS, Specimen, inspect

__all__ = ["CHECKS", "Finding", "Severity", "Specimen", "inspect", "merged"]

"""Mails about mails: what they say, and how often one may say it before an address is given up. Pure."""

from .reading import Notice, Report, read, refused
from .reasons import Kind, Why
from .score import Patience, Score, another, faded

__all__ = ["Kind", "Notice", "Patience", "Report", "Score", "Why", "another", "faded", "read", "refused"]

"""The newsroom's own people by Telegram: they look, push, settle and stop from a phone."""

from __future__ import annotations

from .running import Bot, beside, probe

__all__ = ["Bot", "beside", "probe"]

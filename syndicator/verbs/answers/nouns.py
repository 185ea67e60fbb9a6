"""What answers have in common."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def _open(schema: dict[str, Any]) -> None:
    """For whoever reads answers: there may be more."""
    schema.pop("additionalProperties", None)


class Answer(BaseModel):
    """Ours are exact: a field that is not described is a fault."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_open)

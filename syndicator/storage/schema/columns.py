"""What columns of this house are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    MetaData,
    TypeDecorator,
    text,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


class Moment(TypeDecorator[datetime]):
    """An aware moment, UTC on both sides; SQLite forgets zones, so they are put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment without a time zone: {value!r}"
            raise ValueError(message)
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value and value.astimezone(UTC)

    def bind_processor(self, dialect: Any) -> Any:
        """On SQLite straight to the text that is stored: this runs several times for every delivery."""
        usual = super().bind_processor(dialect)
        if dialect.name != "sqlite":
            return usual

        def as_text(value: datetime | None) -> str | None:
            moment = self.process_bind_param(value, dialect)
            return None if moment is None else moment.isoformat(" ", "microseconds")[:26]  # without +00:00

        return as_text

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)
        return lambda told: told and _read(told)


@lru_cache(4096)  # the deliveries of an edition have the same moments
def _read(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


def moment(told: str | datetime) -> datetime:
    """A moment as the driver itself gives it."""
    return _read(told) if isinstance(told, str) else told.astimezone(UTC)


WAITING = text("state = 'waits'")
RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only as INTEGER

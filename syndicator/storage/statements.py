"""What the statements of this room share, on both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case
from sqlalchemy.dialects import postgresql, sqlite

from syndicator.model import Consent

from .schema import deliveries, subscribers, subscriptions


def as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column.cast(deliveries.c.recipient.type)


def reader() -> ColumnElement[Any]:
    """The number of the subscriber that a delivery is for, NULL where the channel itself is the recipient."""
    return case((deliveries.c.recipient != "-", deliveries.c.recipient.cast(subscribers.c.id.type)))


def consents(newsletter: str | ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(subscriptions.c.newsletter == newsletter, subscriptions.c.consent == Consent.GIVEN.value)


def dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def insert_new(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    return inserted(connection, dialect(connection).insert(table).values(list(rows)))


def inserted(connection: Connection, statement: Any) -> int:
    """Insert what is not there yet; how many rows that was. Without the option PostgreSQL's count is lost."""
    done = connection.execute(
        statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    return done.rowcount

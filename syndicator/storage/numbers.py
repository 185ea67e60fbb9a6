"""Readers' numbers. Each is given once: links in old mails are bound to it, and never come to mean somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

TABLE = "subscribers"
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def given(connection: Connection) -> int:
    """The highest number that was ever given, whether its reader is still there or not."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    else:
        query = text("SELECT pg_sequence_last_value(pg_get_serial_sequence(:table, 'id')::regclass)")
    return int(connection.execute(query, {"table": TABLE}).scalar() or 0)


def begin_after(connection: Connection, number: int) -> None:
    """The next reader's number is higher than this one, and than any that was given."""
    number = max(number, given(connection))
    if not number:
        return
    told = {"table": TABLE, "number": number}
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :number)"), told)
        return
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), told)
    connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)"), told)


def begin_anew(connection: Connection, now: datetime) -> None:
    """In a database that was restored or copied, and does not know which numbers were given since.

    The microseconds since 2020 are more than all numbers ever given: nobody enrols a million readers in each second.
    """
    begin_after(connection, (now - BEGIN) // timedelta(microseconds=1))

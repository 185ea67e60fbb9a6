"""Every row of a newsroom from one database into another, and the proof that both hold the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, MetaData, Row, Table, func, insert, select, text

from syndicator.errors import Refused, StorageError

from . import numbers
from .brakes import PAUSE
from .database import Database
from .schema import metadata

BATCH = 1000  # rows in memory at a time
WHOLE = 1 << 256


@dataclass(frozen=True, slots=True)
class Moved:
    """What one table holds: the digest is the sum of its rows' sha256, whatever their order."""

    table: str
    rows: int
    digest: str


def rows_of(database: Database) -> int:
    """How many rows there are in all."""
    with database.read() as connection:
        return sum(_count(connection, table) for table in metadata.sorted_tables)


def move(
    source: Database, target: Database, *, without_pause: bool, told: Callable[[int], None]
) -> list[Moved]:
    """Copy one moment of a database into an empty one in one transaction, read it back there, and compare.

    ``without_pause``: the brake on everything stays behind. Raises :exc:`Refused` for a target with rows in it,
    :exc:`StorageError` when what came back is not what was sent; the target is empty then.
    """
    with source.read() as reader, target.write() as writer:
        if reader.dialect.name == "postgresql":
            reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        for table in metadata.sorted_tables:
            if writer.execute(select(table).limit(1)).first():
                raise Refused(
                    "{shown}: there are {table} in it already; name an empty database",
                    shown=target.shown,
                    table=table.name,
                )
        moved = []
        for table in _as_they_are().sorted_tables:
            sent = _send(reader, writer, table, _but_the_pause(table) if without_pause else None, told)
            there = _told(table, _read(writer, table, None))
            if there != sent:
                raise StorageError(
                    f"{target.shown}: {table.name} came back with {there.rows} rows for {sent.rows}, or with other "
                    "words in them; nothing was copied"
                )
            _count_on(writer, table)
            if table.name == numbers.TABLE:  # also those that were given and are free again
                numbers.begin_after(writer, numbers.given(reader))
            moved.append(sent)
    return moved


def _but_the_pause(table: Table) -> ColumnElement[bool] | None:
    return table.c.name != f"{PAUSE}everything" if table.name == "overrides" else None


def _as_they_are() -> MetaData:
    """The tables with one difference: where a column may be empty, nothing is NULL and not JSON's own null."""
    ours = MetaData()
    for table in metadata.sorted_tables:
        for column in table.to_metadata(ours).c:
            if isinstance(column.type, JSON) and column.nullable:
                column.type = JSON(none_as_null=True)
    return ours


def _send(
    reader: Connection,
    writer: Connection,
    table: Table,
    which: ColumnElement[bool] | None,
    told: Callable[[int], None],
) -> Moved:
    def sending() -> Iterator[Sequence[Row[Any]]]:
        for rows in _read(reader, table, which):
            writer.execute(insert(table), [dict(row._mapping) for row in rows])
            told(len(rows))
            yield rows

    return _told(table, sending())


def _read(
    connection: Connection, table: Table, which: ColumnElement[bool] | None
) -> Iterator[Sequence[Row[Any]]]:
    query = select(table) if which is None else select(table).where(which)
    with connection.execute(query, execution_options={"yield_per": BATCH}) as result:
        yield from result.partitions()


def _told(table: Table, batches: Iterator[Sequence[Row[Any]]]) -> Moved:
    rows = total = 0
    for batch in batches:
        rows += len(batch)
        total = (total + sum(map(_digest, batch))) % WHOLE
    return Moved(table.name, rows, f"{total:064x}")


def _digest(row: Row[Any]) -> int:
    said = json.dumps(list(row), sort_keys=True, ensure_ascii=False, default=_moment)
    return int.from_bytes(hashlib.sha256(said.encode()).digest(), "big")


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"a {type(value).__name__} in a row")
    return value.isoformat()


def _count_on(writer: Connection, table: Table) -> None:
    """New rows are numbered after those that came. SQLite does so by itself."""
    column = table.autoincrement_column
    if writer.dialect.name != "postgresql" or column is None:
        return
    highest = writer.execute(select(func.max(column))).scalar()
    if highest is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        writer.execute(select(func.setval(sequence, highest)))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()

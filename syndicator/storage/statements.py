"""What the statements of this room share, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    Dialect,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from syndicator.model import Consent, DeliveryState, EditionKind

from .schema import Moment, deliveries, editions, subscribers, subscriptions

CHANNEL_ITSELF: ColumnElement[str] = literal_column("'-'")  # the recipient where nobody is addressed


def stands(*states: DeliveryState, of: FromClause = deliveries) -> ColumnElement[bool]:
    """The delivery is in one of these states. They stand in the text and are no values: partial indexes are found by
    them, and for values SQLite would plan the statement anew each time."""
    return or_(*(of.c.state == literal_column(f"'{state.value}'") for state in states))


def as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column.cast(deliveries.c.recipient.type)


def reader() -> ColumnElement[Any]:
    """The number of the subscriber that a delivery is for, NULL where the channel itself is the recipient."""
    return case(
        (deliveries.c.recipient != CHANNEL_ITSELF, deliveries.c.recipient.cast(subscribers.c.id.type))
    )


def consents(newsletter: str | ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(
        subscriptions.c.newsletter == newsletter,
        subscriptions.c.consent == _word(Consent.GIVEN),
    )


def consents_to_kind() -> ColumnElement[bool]:
    """A newsletter needs a confirmed wish, its confirmation one that was asked for; a letter about the reader's own
    subscription only that they are not suppressed."""
    kind, stands_ = editions.c.kind, subscriptions.c.consent
    return or_(
        and_(kind != _word(EditionKind.CONFIRM), stands_ == _word(Consent.GIVEN)),
        and_(kind == _word(EditionKind.CONFIRM), stands_ == _word(Consent.ASKED)),
        and_(kind == _word(EditionKind.LETTER), stands_ != _word(Consent.SUPPRESSED)),
    )


def _word(word: StrEnum) -> ColumnElement[str]:
    return literal_column(f"'{word.value}'")


def dialect(connection: Connection) -> Any:
    return sqlite if connection.dialect.name == "sqlite" else postgresql


def begins(connection: Connection, column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """By an index on both: SQLite compares octets, PostgreSQL has an index for patterns."""
    if connection.dialect.name == "sqlite":
        return and_(column >= word, column < word + "\U0010ffff")
    return column.startswith(word, autoescape=True)


def insert_new(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    return inserted(connection, dialect(connection).insert(table).values(list(rows)))


def inserted(connection: Connection, statement: Any) -> int:
    """Insert what is not there yet; how many rows that was. Without the option PostgreSQL's count is lost."""
    done = connection.execute(
        statement.on_conflict_do_nothing(), execution_options={"preserve_rowcount": True}
    )
    return done.rowcount


class Prepared:
    """A statement that runs for every delivery: compiled once for each kind of database, then handed to the driver
    itself. Within a transaction of :meth:`Database.write`, which also tells the driver's errors."""

    def __init__(self, names: str, statement: Callable[[str], ClauseElement]) -> None:
        """``statement`` makes it for a dialect's name; ``names`` are those of its ``bindparam`` values, in the order
        in which a row gives them."""
        self._names = names.split()
        self._statement = statement
        self._compiled: dict[str, tuple[str, Callable[[Sequence[Any]], Any]]] = {}

    def run(self, connection: Connection, row: Sequence[Any]) -> int:
        """How many rows of the table were met."""
        cursor, text, told = self._ready(connection)
        with closing(cursor):
            cursor.execute(text, told(row))
            return int(cursor.rowcount)

    def returned(self, connection: Connection, row: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows it gives, as the driver has them."""
        cursor, text, told = self._ready(connection)
        with closing(cursor):
            cursor.execute(text, told(row))
            return [*cursor.fetchall()]

    def _ready(self, connection: Connection) -> tuple[Any, str, Callable[[Sequence[Any]], Any]]:
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = self._compile(connection.dialect)
        return connection.connection.cursor(), *self._compiled[name]

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Sequence[Any]], Any]]:
        """The text, and how a row of values becomes what the driver takes."""
        done: Any = self._statement(dialect.name).compile(dialect=dialect)
        order: Sequence[str] = done.positiontup if done.positional else list(done.params)
        fixed = tuple(done.params[name] for name in order)
        known = {name: at for at, name in enumerate(self._names)}
        places = itemgetter(*(known.get(name, len(known) + at) for at, name in enumerate(order)))
        processed = [
            (at, done._bind_processors[name])
            for at, name in enumerate(order)
            if name in known and name in done._bind_processors
        ]

        def told(row: Sequence[Any]) -> Any:
            values = [*places((*row, *fixed))] if len(order) > 1 else [row[0]]
            for at, process in processed:
                values[at] = process(values[at])
            return values if done.positional else dict(zip(order, values, strict=True))

        return str(done), told


def rows(dialect_name: str, columns: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """Rows to join with or to insert, in one value however many they are: ``told``, a JSON array of arrays with the
    columns in their order. Moments are ISO 8601 with their zone."""
    told = bindparam("told", type_=String)
    if dialect_name == "sqlite":
        each = func.json_each(told).table_valued("value")
        found = [_extracted(each.c.value, at, kind) for at, kind in enumerate(columns.values())]
    else:
        each = func.json_array_elements(told.cast(JSON)).table_valued(column("value", JSON))
        found = [_element(each.c.value[at], kind) for at, kind in enumerate(columns.values())]
    return select(*(one.label(name) for one, name in zip(found, columns, strict=True))).subquery("told")


def _extracted(value: ColumnElement[Any], at: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    one = func.json_extract(value, literal_column(f"'$[{at}]'"), type_=kind)
    if not isinstance(kind, Moment):
        return one
    return func.substr(
        one, literal_column("1"), literal_column("26"), type_=kind
    )  # as it is stored, without zone


def _element(value: Any, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    found: ColumnElement[Any] = value if isinstance(kind, JSON) else value.as_string().cast(kind)
    return found


_ENCODE = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode  # the encoder is made once


def as_rows(told: Sequence[Sequence[Any]]) -> str:
    """The value that :func:`rows` reads."""
    return _ENCODE(told)


def as_texts(told: Sequence[str]) -> str:
    """The value that :func:`texts` reads."""
    return _ENCODE([*told])


def written(moment: datetime | None) -> str | None:
    """A moment within such a row."""
    if moment is None:
        return None
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(" ", "microseconds")


def pairs(dialect_name: str) -> FromClause:
    """Rows of ``id`` and ``token``."""
    return rows(dialect_name, {"id": BigInteger(), "token": Integer()})


def texts(dialect_name: str, name: str) -> Select[Any]:
    """The texts of a JSON array in one value of this name."""
    told = bindparam(name, type_=String)
    if dialect_name == "sqlite":
        return select(func.json_each(told).table_valued("value").c.value)
    return select(func.json_array_elements_text(told.cast(JSON)).column_valued("value"))

"""Statements of the way in: written by SQLAlchemy once, run by SQLite's driver.

Storing an instance takes eleven of them. SQLite needs some 0.3 ms for all, SQLAlchemy's own way of running them 3 ms more, and
that with the interpreter to itself, which then serves nobody.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ClauseElement

DIALECT = sqlite.dialect(paramstyle="named")
Row = tuple[Any, ...]


class Prepared:
    """One statement, with named parameters. Its rows are plain tuples, as SQLite gives them."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] | None = None) -> None:
        """`columns`: those that an insert sets."""
        self._sql = str(statement.compile(dialect=DIALECT, column_keys=columns))

    def rows(self, connection: Connection, **values: Any) -> list[Row]:
        """All rows that a query finds."""
        return _driver(connection).execute(self._sql, values).fetchall()

    def first(self, connection: Connection, **values: Any) -> Row | None:
        """The first of them."""
        return cast(Row | None, _driver(connection).execute(self._sql, values).fetchone())

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Carry out a change once for each of these sets of parameters."""
        _driver(connection).executemany(self._sql, rows)


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def insert(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all set the same columns."""
    if rows:
        _insert(table, tuple(rows[0])).run(connection, rows)


def update(connection: Connection, table: sa.Table, key: int, row: Mapping[str, Any]) -> None:
    """Set some columns of the row with an id."""
    _update(table, tuple(row)).run(connection, [{"key": key, **row}])


@functools.lru_cache(64)
def _insert(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    return Prepared(table.insert(), columns)


@functools.lru_cache(64)
def _update(table: sa.Table, columns: tuple[str, ...]) -> Prepared:
    values: dict[str, Any] = {name: sa.bindparam(name) for name in columns}
    return Prepared(table.update().where(table.c.id == sa.bindparam("key")).values(values))

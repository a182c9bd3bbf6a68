"""Opening the database: SQLite in write-ahead mode, where readers never wait for the writer."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from backend.dicom.matching import is_like
from backend.dicom.text import fold
from backend.errors import UnreadableError
from backend.store.blobs import sync_file
from backend.store.schema import VERSION, metadata

BUSY_TIMEOUT_MS = 10_000
CACHE_KB = 65_536
LOG_BYTES = 16 << 20
"""Of the log: then what it holds goes into the database, on a thread that nobody waits for (`trim_log`)."""
MOST_LOG_PAGES = 32_768
"""Then a transaction does that, which takes 0.1 s and more."""
MAPPED_BYTES = 1 << 30


class Database:
    """One SQLite file: connections for reading, as many as threads ask for, and one for writing."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it.

        Raises:
            UnreadableError: it is from a newer version, or no database.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._opened, self._transactions = secrets.token_hex(8), 0
        self._engine = _engine(path)
        try:
            with self.read() as connection:
                is_new = _is_new(connection)
            if is_new:
                with self.write() as connection:
                    metadata.create_all(connection)
                    connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
        except sa.exc.DatabaseError as error:
            raise UnreadableError(f"the archive's index {path} can not be opened: {error.orig}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database for as long as it is used."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, synced: bool = True) -> Iterator[Connection]:
        """A transaction, which others see when it has ended without an error. One at a time (`backend.store.writer`).

        Args:
            synced: whether it is on disk then; if not, the next `sync` sees to it.
        """
        with self._engine.connect() as connection, connection.execution_options(writes=True).begin():
            yield connection
        self._transactions += 1
        if synced:
            self.sync()

    def sync(self) -> None:
        """Have all that was committed on disk, whichever process did. What is not in the log any more SQLite has synced."""
        with suppress(FileNotFoundError):
            sync_file(self._log)

    @property
    def has_long_log(self) -> bool:
        """Whether the log should be trimmed."""
        with suppress(FileNotFoundError):
            return self._log.stat().st_size > LOG_BYTES
        return False

    def trim_log(self) -> None:
        """Write what the log holds into the database. If nobody has written or read meanwhile, the next transaction begins the
        log anew."""
        with self.read() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + "-wal")

    def note(self) -> None:
        """Another process has written."""
        self._transactions += 1

    @property
    def state(self) -> str:
        """A name for what is in it: another one whenever something may have changed, and after every start."""
        return f"{self._opened}-{self._transactions}"

    def close(self) -> None:
        """Close all connections; what is written goes from the log into the file."""
        self._engine.dispose()


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
        poolclass=sa.pool.QueuePool, pool_size=16, max_overflow=16,
    )  # fmt: skip

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, see below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",  # commits are in order, and on disk after `sync`
            "foreign_keys=ON",
            "case_sensitive_like=ON",  # LIKE on folded columns then uses their indexes
            f"cache_size=-{CACHE_KB}",
            f"wal_autocheckpoint={MOST_LOG_PAGES}",
            f"journal_size_limit={LOG_BYTES}",  # of a log that is begun anew
            f"mmap_size={MAPPED_BYTES}",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("folded", 1, _folded, deterministic=True)
        connection.create_function("is_like", 2, _is_like, deterministic=True)

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # Who writes says so at once: a reader that becomes a writer later may find the database busy.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _is_like(text: str | None, pattern: str) -> bool:
    return text is not None and is_like(text, pattern)


def _is_new(connection: Connection) -> bool:
    """Whether there is nothing in a database."""
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > VERSION:
        raise UnreadableError(f"the archive's index is of version {found}; this program knows {VERSION} at most")
    return found == 0

"""Wild cards in SQL are those in Python, whatever pattern and text hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.dicom.matching import is_like
from backend.store.columns import like
from backend.store.engine import Database

CHARACTERS = "abA%_\\^é "


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(tmp_path_factory.mktemp("columns") / "index.db")
    yield made
    made.close()


@given(pattern=st.text(CHARACTERS + "*?*?", max_size=10), value=st.text(CHARACTERS, max_size=8))
@settings(max_examples=500, deadline=None)
def test_patterns(database: Database, pattern: str, value: str) -> None:
    with database.read() as connection:
        found = connection.execute(sa.select(like(sa.literal(value), pattern))).scalar_one()
    assert bool(found) == is_like(value, pattern)

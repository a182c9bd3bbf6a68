"""Any query string is a query that can be performed, or refused as a bad request; nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.archive.find import find
from backend.dicom.keys import match_of
from backend.dicom.qido import read_query
from backend.dicom.query import Level, Numbers, Person, Range, Text, Words
from backend.errors import BadRequestError
from backend.http.negotiate import query_pairs
from backend.store.engine import Database
from backend.store.search import Counts
from tests.support.index_of import data_set, index_of

NAMES = (
    "PatientName", "PatientID", "StudyDate", "StudyTime", "StudyInstanceUID", "ModalitiesInStudy", "SeriesNumber",
    "InstanceNumber", "00400275.00400009", "RequestAttributesSequence", "SOPClassesInStudy", "AcquisitionDateTime",
    "KVP", "00091001", "00090010", "PixelData", "ImageType", "00201200", "00081190", "00080005",
    "FrameIncrementPointer", "limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching",
    "multiplevaluematching", "accept", "NumberOfFrames", "PatientAge", "x", "",
)  # fmt: skip
VALUES = (
    "", "*", "a", "true", "false", "1", "-1", "1e400", "99999999999999999999", "20240101-", "-", "1.2.3", "1.2,3\\4",
    "all", '""', "2024-0500", "20240101-0500-20240301+0100", "10-", "a*b?c%_\\", "\x00", "\ud7ff￿", "=", "==a", "^",
    "^^^^^", "PatientID,Rows",
)  # fmt: skip
pair = st.tuples(st.sampled_from(NAMES) | st.text(max_size=12), st.sampled_from(VALUES) | st.text(max_size=20))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    one = data_set("1.2", "1.2.3", "1.2.3.4", PatientName="Doe^J", StudyDate="20240101", Modality="CT", ImageType=["A", "B"])
    made = index_of(tmp_path_factory.mktemp("index"), [one])
    yield made
    made.close()


@given(st.lists(pair, max_size=6), st.sampled_from(["study", "series", "instance"]), st.sampled_from(["", "1.2"]))
@settings(max_examples=400, deadline=None)
def test_any_query_string(database: Database, pairs: list[tuple[str, str]], level: Level, study: str) -> None:
    text = "&".join(f"{quote(name, errors='replace')}={quote(value, errors='replace')}" for name, value in pairs)
    try:
        query = read_query(query_pairs(text), level, study if level != "study" else "")
    except BadRequestError:
        return
    with database.read() as connection:
        found = find(connection, query, 10, 10, Counts(), "")
    assert len(found.matches) <= 1


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        (0x00080020, "20240131", Range("20240131", "20240131", "DA", single=True)),
        (0x00080020, "20240131-", Range("20240131", "", "DA")),
        (0x00080030, "10", Range("100000.000000", "105959.999999", "TM", single=True)),
        (0x00080030, "1030-10:45:10.5", Range("103000.000000", "104510.599999", "TM")),
        (0x0008002A, "2024", Range("20240101000000.000000", "20241231235959.999999", "DT", single=True)),
        (0x0008002A, "2024-2025", Range("20240101000000.000000", "20251231235959.999999", "DT")),
        (0x0008002A, "2024013110+0100", Range("20240131090000.000000", "20240131095959.999999", "DT", single=True)),
        (0x0008002A, "20240131100000-0500-", Range("20240131150000.000000", "", "DT")),
        (0x0008002A, "-202402-0500", Range("", "20240301045959.999999", "DT")),
        (0x00200011, "3\\04", Numbers((3.0, 4.0))),
        (0x00100010, "Dé*=*", Person(("de*", "*"))),
        (0x00100010, "*=*", None),
        (0x00080060, "CT,MR", Text(("CT", "MR"))),
        (0x00280009, "0018106a", Text(("0018106A",))),
    ],
)
def test_keys(tag: int, text: str, expected: object) -> None:
    assert match_of(tag, text) == expected


def test_fuzzy_keys() -> None:
    assert match_of(0x00100010, "Smith, Jöhn", fuzzy=True) == Words(("smith", "john"))
    assert match_of(0x00081030, "HEAD*", fuzzy=True) == Text(("head*",), wild=True, folded=True)
    assert match_of(0x00080060, "CT", fuzzy=True) == Text(("CT",))

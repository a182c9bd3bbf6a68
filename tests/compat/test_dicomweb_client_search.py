"""Searches as dicomweb-client makes them, against a server that its own STOW filled."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset

from tests.support.archive_server import ArchiveServer
from tests.support.index_of import data_set
from tests.support.instances import part10

FIRST, SECOND = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2"


def data_sets() -> Iterator[Dataset]:
    """Two studies of three series with five instances."""
    for study, name, series, count in (
        (FIRST, "Müller^Änne", "1", 3),
        (FIRST, "Müller^Änne", "2", 1),
        (SECOND, "Yamada^Tarou=山田^太郎", "1", 1),
    ):
        for number in range(1, count + 1):
            yield data_set(
                study, f"{study}.{series}", f"{study}.{series}.{number}", SpecificCharacterSet="ISO_IR 192", PatientName=name,
                PatientID=f"P{study[-1]}", StudyDate="20240110", StudyTime="1015", Modality="CT" if series == "1" else "SR",
                SeriesNumber=series, InstanceNumber=str(number), StudyDescription=f"Study {study[-1]}", KVP="120",
            )  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[DICOMwebClient]:
    server = ArchiveServer()
    try:
        found = DICOMwebClient(f"{server.url}/dicom")
        found.store_instances([pydicom.dcmread(io.BytesIO(part10(data))) for data in data_sets()])
        yield found
    finally:
        server.stop()


def values(found: list[dict[str, Any]], tag: str) -> list[Any]:
    return [one[tag]["Value"][0] for one in found]


def test_studies(client: DICOMwebClient) -> None:
    found = client.search_for_studies()
    assert values(found, "0020000D") == [SECOND, FIRST]
    assert values(found, "00201206") == [1, 2]
    assert values(found, "00100010")[0] == {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}
    assert Dataset.from_json(found[1]).PatientName == "Müller^Änne"
    assert all(one["00081190"]["Value"][0].startswith(client.base_url) for one in found)


def test_filters(client: DICOMwebClient) -> None:
    def uids(**filters: Any) -> list[str]:
        return values(client.search_for_studies(search_filters=filters), "0020000D")

    assert uids(PatientName="müller*") == [FIRST]
    assert uids(PatientName="*太郎") == [SECOND]
    assert uids(StudyDate="20240101-20240131", PatientID="P1") == [FIRST]
    assert uids(ModalitiesInStudy="SR") == [FIRST]
    assert uids(StudyInstanceUID=f"{FIRST},{SECOND}") == [SECOND, FIRST]
    assert uids(PatientID="nobody") == []
    fuzzy = client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "anne mull"})
    assert values(fuzzy, "0020000D") == [FIRST]


def test_paging(client: DICOMwebClient) -> None:
    pages = [client.search_for_instances(limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [one for page in pages for one in page] == client.search_for_instances()
    assert client.search_for_instances(limit=2, get_remaining=True) == client.search_for_instances()


def test_below_a_study_and_a_series(client: DICOMwebClient) -> None:
    series = client.search_for_series(FIRST, fields=["SeriesNumber", "PatientName"])
    assert values(series, "00200011") == [1, 2]
    assert values(series, "00100010") == [{"Alphabetic": "Müller^Änne"}] * 2
    assert values(client.search_for_series(search_filters={"Modality": "CT"}), "0020000E") == [f"{FIRST}.1", f"{SECOND}.1"]
    found = client.search_for_instances(FIRST, f"{FIRST}.1", fields=["KVP"])
    assert values(found, "00200013") == [1, 2, 3]
    assert values(found, "00180060") == [120] * 3
    assert client.search_for_instances(FIRST, f"{SECOND}.1") == []
    one = client.search_for_instances(search_filters={"SOPInstanceUID": f"{FIRST}.1.2"})
    assert values(one, "0020000D") == [FIRST]
    url = one[0]["00081190"]["Value"][0]
    assert url.endswith(f"/studies/{FIRST}/series/{FIRST}.1/instances/{FIRST}.1.2")

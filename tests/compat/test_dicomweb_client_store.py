"""dicomweb-client against our archive: store, retrieve, metadata, delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from dicomweb_client import DICOMwebClient
from pydicom.dataset import Dataset
from requests.exceptions import HTTPError

from tests.support.archive_server import ArchiveServer
from tests.support.instances import make_dataset
from tests.support.live import ROOT

SHARED = ROOT.parent / "shared" / "data"
STUDY, SERIES = "1.2.3", "1.2.4"


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    """A server with an archive."""
    found = ArchiveServer()
    yield found
    assert found.stop() == 0


@pytest.fixture(scope="module")
def client(server: ArchiveServer) -> DICOMwebClient:
    """A client of it."""
    return DICOMwebClient(server.url + "/dicom")


def test_a_study_goes_there_and_back(client: DICOMwebClient) -> None:
    given = [make_dataset(STUDY, SERIES, f"{SERIES}.{number}", InstanceNumber=number) for number in range(1, 6)]
    answer = client.store_instances(given)
    assert len(answer.ReferencedSOPSequence) == 5
    assert "FailedSOPSequence" not in answer
    assert client.store_instances(given, study_instance_uid=STUDY).RetrieveURL.endswith(f"/studies/{STUDY}")
    for found in (client.retrieve_study(STUDY), client.retrieve_series(STUDY, SERIES)):
        assert [one.InstanceNumber for one in found] == [1, 2, 3, 4, 5]
        assert all(ours == theirs for ours, theirs in zip(given, found, strict=True))
    assert client.retrieve_instance(STUDY, SERIES, f"{SERIES}.3") == given[2]
    assert sum(1 for _ in client.iter_series(STUDY, SERIES)) == 5


def test_large_bodies_come_in_chunks(client: DICOMwebClient) -> None:
    large = make_dataset(STUDY, "1.2.5", "1.2.5.1", Rows=1024, Columns=1024, PixelData=bytes(range(256)) * 8192)
    answer = client.store_instances([large, large])
    assert len(answer.ReferencedSOPSequence) == 2
    assert client.retrieve_instance(STUDY, "1.2.5", "1.2.5.1").PixelData == large.PixelData


def test_metadata_are_data_sets(client: DICOMwebClient) -> None:
    for models in (client.retrieve_study_metadata(STUDY), client.retrieve_series_metadata(STUDY, SERIES)):
        data = Dataset.from_json(models[0], bulk_data_uri_handler=lambda _uri: None)
        assert (data.PatientName, data.Rows) == ("Doe^Jane", 16)
    assert client.retrieve_instance_metadata(STUDY, SERIES, f"{SERIES}.3")["00200013"]["Value"] == [3]


def test_deleting(client: DICOMwebClient) -> None:
    client.delete_instance(STUDY, SERIES, f"{SERIES}.3")
    assert len(client.retrieve_series(STUDY, SERIES)) == 4
    client.delete_series(STUDY, SERIES)
    client.delete_study(STUDY)
    with pytest.raises(HTTPError, match="404"):
        client.retrieve_study(STUDY)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
def test_a_real_pet_ct_study_comes_back_byte_for_byte(server: ArchiveServer, client: DICOMwebClient) -> None:
    files = sorted((SHARED / "petct-chest").rglob("*.dcm"))
    for start in range(0, len(files), 100):
        answer = server.store(*[path.read_bytes() for path in files[start : start + 100]])
        assert answer.status == 200
    stored = {path.read_bytes() for path in (server.archive / "files").rglob("*") if path.is_file()}
    given = {Path(path).read_bytes() for path in files}
    assert {data[128:] for data in stored} >= {data[128:] for data in given}
    study = pydicom.dcmread(files[0], stop_before_pixels=True).StudyInstanceUID
    metadata = client.retrieve_study_metadata(study)
    assert len(metadata) == len(files)
    assert len(client.search_for_series(study)) == len({model["0020000E"]["Value"][0] for model in metadata})

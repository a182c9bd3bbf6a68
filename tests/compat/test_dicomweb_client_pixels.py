"""Pixels by dicomweb-client, the Python client that Slicer and highdicom use."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.pixels import pixel_array

from tests.support.archive_server import ArchiveServer
from tests.unit.dicom.test_codecs import SHARED, installed

NAMES = ("CT_small.dcm", "MR_small_bigendian.dcm", "examples_ybr_color.dcm", "SC_rgb_rle_2frame.dcm", "693_J2KI.dcm")
Uids = tuple[str, str, str]


@pytest.fixture(scope="module")
def server() -> Iterator[ArchiveServer]:
    found = ArchiveServer()
    try:
        assert found.store(*(installed(name).read_bytes() for name in NAMES)).status == 200
        yield found
    finally:
        found.stop()


@pytest.fixture
def client(server: ArchiveServer) -> DICOMwebClient:
    return DICOMwebClient(server.url + "/dicom")


def uids_of(name: str) -> Uids:
    dataset = pydicom.dcmread(installed(name), stop_before_pixels=True)
    return dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_frames(client: DICOMwebClient, name: str) -> None:
    dataset = pydicom.dcmread(installed(name))
    numbers = [1, int(dataset.get("NumberOfFrames", 1))]
    raw = client.retrieve_instance_frames(*uids_of(name), numbers, media_types=("application/octet-stream",))
    wanted = pixel_array(dataset, raw=True)
    frames = wanted if numbers[1] > 1 else wanted[np.newaxis]
    for number, data in zip(numbers, raw, strict=True):
        frame = frames[number - 1]
        if dataset.get("PlanarConfiguration") == 1:
            frame = frame.transpose(2, 0, 1)
        assert data == np.ascontiguousarray(frame, frame.dtype.newbyteorder("<")).tobytes()


CODECS = sorted(path.name for path in (SHARED / "ct-codecs").glob("*.dcm")) or ["CTImage.dcm"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(not (SHARED / "ct-codecs").is_dir(), reason="the shared sample data are not here")
@pytest.mark.parametrize("name", CODECS, ids=[name.rpartition("_")[2] for name in CODECS])
def test_a_slice_in_every_transfer_syntax_comes_as_pydicom_decodes_it(
    server: ArchiveServer, client: DICOMwebClient, name: str
) -> None:
    path = SHARED / "ct-codecs" / name
    assert server.store(path.read_bytes()).status == 200, "several are under one UID; the newest one counts"
    dataset = pydicom.dcmread(path)
    uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
    (found,) = client.retrieve_instance_frames(*uids, [1], media_types=("application/octet-stream",))
    try:
        wanted = pixel_array(dataset, raw=True)
    except (NotImplementedError, RuntimeError, ValueError):
        # 12 bits of lossy JPEG, which pydicom has no decoder for; its likeness is tested where ours is.
        assert len(found) == dataset.Rows * dataset.Columns * 2
    else:
        assert found == wanted.tobytes()


def test_frames_of_any_type_and_of_a_wanted_syntax(client: DICOMwebClient) -> None:
    uids = uids_of("examples_ybr_color.dcm")
    [anything] = client.retrieve_instance_frames(*uids, [2])
    assert len(anything) == 240 * 320 * 3
    [stored] = client.retrieve_instance_frames(*uids, [2], media_types=(("image/jpeg", "1.2.840.10008.1.2.4.50"),))
    assert stored[:2] == b"\xff\xd8"
    [jls] = client.retrieve_instance_frames(
        *uids_of("CT_small.dcm"), [1], media_types=(("image/jls", "1.2.840.10008.1.2.4.80"),)
    )
    assert jls[:4] == b"\xff\xd8\xff\xf7"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", [f"1.2.840.10008.1.2.{end}" for end in ("1", "5", "4.80", "4.90")])
@pytest.mark.parametrize("name", NAMES)
def test_whole_instances_in_other_syntaxes(client: DICOMwebClient, name: str, syntax: str) -> None:
    found = client.retrieve_instance(*uids_of(name), media_types=(("application/dicom", syntax),))
    assert found.file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(pixel_array(found, raw=True), pixel_array(installed(name), raw=True))


@pytest.mark.parametrize("media", ["image/png", "image/jpeg"])
def test_pictures(client: DICOMwebClient, media: str) -> None:
    study, series, instance = uids_of("examples_ybr_color.dcm")
    params = {"viewport": "160,160"}
    for data in (
        client.retrieve_instance_rendered(study, series, instance, media_types=(media,), params=params),
        client.retrieve_instance_frames_rendered(study, series, instance, [3], media_types=(media,), params=params),
        client.retrieve_series_rendered(study, series, media_types=(media,), params=params),
    ):
        assert Image.open(io.BytesIO(data)).size == (160, 120)


def test_bulk_data_of_the_metadata(client: DICOMwebClient) -> None:
    [model] = client.retrieve_series_metadata(*uids_of("CT_small.dcm")[:2])
    [data] = client.retrieve_bulkdata(model["7FE00010"]["BulkDataURI"])
    assert data == pydicom.dcmread(installed("CT_small.dcm")).PixelData

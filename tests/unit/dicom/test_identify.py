"""What a file says it is, in every transfer syntax, damaged, and made to burst."""

from __future__ import annotations

import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from backend.dicom.identify import identify, is_uid
from backend.errors import UnreadableError
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import centred

DIMS = (24, 20, 1)
DATA = next((found for parent in Path(__file__).parents if (found := parent / "shared" / "data").is_dir()), Path("/nowhere"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_series(tmp_path, centred(np.eye(3), (2.0, 2.0, 2.0), DIMS), DIMS)[0]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_every_encoding(file: Path, tmp_path: Path, syntax: pydicom.uid.UID) -> None:
    data, target = pydicom.dcmread(file), tmp_path / "other.dcm"
    data.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(target, data, enforce_file_format=True)
    assert identify(target) == identify(file)
    assert identify(file).instance == data.SOPInstanceUID


@pytest.mark.skipif(not (DATA / "ct-codecs").is_dir(), reason="the sample data are not here")
def test_real_files_in_thirteen_transfer_syntaxes() -> None:
    files = sorted((DATA / "ct-codecs").glob("*.dcm"))
    for path in files:
        data = pydicom.dcmread(path, stop_before_pixels=True)
        found = identify(path)
        assert (found.study, found.series, found.instance) == (
            data.StudyInstanceUID,
            data.SeriesInstanceUID,
            data.SOPInstanceUID,
        )
    assert len(files) == 13


@pytest.mark.parametrize("damage", ["empty", "text", "no preamble", "cut", "no uid", "odd uid"])
def test_what_is_no_dicom_file_is_refused(file: Path, damage: str) -> None:
    data = file.read_bytes()
    if damage == "no uid":
        changed = pydicom.dcmread(file)
        del changed.SeriesInstanceUID
        pydicom.dcmwrite(file, changed)
    elif damage == "odd uid":
        uid = identify(file).series.encode()
        file.write_bytes(data.replace(uid, b"../../etc".ljust(len(uid), b"x")))
    else:
        file.write_bytes({"empty": b"", "text": b"<html>" * 100, "no preamble": data[132:], "cut": data[:200]}[damage])
    with pytest.raises(UnreadableError):
        identify(file)


def test_a_deflated_file_does_not_burst(file: Path, tmp_path: Path) -> None:
    data, target = pydicom.dcmread(file), tmp_path / "bomb.dcm"
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.PixelData = b""
    pydicom.dcmwrite(target, data, enforce_file_format=True)
    start = 144 + pydicom.filereader.read_file_meta_info(target).FileMetaInformationGroupLength
    plain = zlib.decompress(target.read_bytes()[start:], -zlib.MAX_WBITS)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = squeeze.compress(plain) + squeeze.compress(bytes(300 << 20)) + squeeze.flush()
    target.write_bytes(target.read_bytes()[:start] + body)
    tracemalloc.start()
    assert identify(target) == identify(file)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(("text", "good"), [("1.2.840", True), ("0", True), ("1" * 64, True), ("1" * 65, False), ("", False),
                                            ("1..2", False), (".1", False), ("1.", False), ("1.2\n", False), ("..", False),
                                            ("1.a", False), ("１.2", False)])  # fmt: skip
def test_uids(text: str, good: bool) -> None:
    assert is_uid(text) is good

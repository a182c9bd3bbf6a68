"""Whole instances in other transfer syntaxes: pydicom reads the same pixels and attributes, and the files are well formed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from backend.dicom import codecs, frames, header, syntaxes, transcode
from backend.errors import NotFoundError, UnreadableError
from tests.unit.dicom.test_codecs import LIMIT, codec_file, decoded, installed

NAMES = [
    "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "MR_small_RLE.dcm", "ExplVR_BigEnd.dcm", "image_dfl.dcm",
    "examples_ybr_color.dcm", "examples_palette.dcm", "GDCMJ2K_TextGBR.dcm", "SC_rgb_rle_16bit_2frame.dcm",
    "liver_expb_1frame.dcm",
    "SC_ybr_full_422_uncompressed.dcm", "rtdose_expb.dcm", "SC_rgb_small_odd_jpeg.dcm",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("syntax", sorted(syntaxes.ENCODABLE))
@pytest.mark.parametrize("name", NAMES)
def test_pydicom_reads_the_same_pixels(name: str, syntax: str) -> None:
    path = installed(name)
    wanted, index = decoded(path)
    if not syntaxes.can_transcode(index, syntax):
        pytest.skip("such pixels do not fit that syntax")
    out = BytesIO()
    transcode.transcode(path, syntax, out)
    out.seek(0)
    found = pydicom.dcmread(out)
    assert found.file_meta.TransferSyntaxUID == syntax
    assert out.getvalue()[128:132] == b"DICM"
    np.testing.assert_array_equal(pixel_array(found, raw=True), wanted)
    source = pydicom.dcmread(path)
    assert found.SOPInstanceUID == source.SOPInstanceUID
    assert found.file_meta.MediaStorageSOPInstanceUID == source.SOPInstanceUID
    for keyword in ("PatientName", "StudyInstanceUID", "Rows", "PixelSpacing", "WindowCenter"):
        assert found.get(keyword) == source.get(keyword)


def test_palettes_of_big_endian_files_are_turned(tmp_path: Path) -> None:
    source = pydicom.dcmread(installed("examples_palette.dcm"))
    wanted = source.RedPaletteColorLookupTableData
    turned = np.frombuffer(wanted, "<u2").astype(">u2").tobytes()
    pixels = source.PixelData
    for colour in ("Red", "Green", "Blue"):
        keyword = f"{colour}PaletteColorLookupTableData"
        data = np.frombuffer(getattr(source, keyword), "<u2").astype(">u2").tobytes()
        setattr(source, keyword, data)
    source["PixelData"].VR = "OB"
    source.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
    path = tmp_path / "big.dcm"
    copy = pydicom.Dataset()
    for element in source:
        copy[element.tag] = element
    copy.file_meta = source.file_meta
    pydicom.dcmwrite(path, copy, implicit_vr=False, little_endian=False, force_encoding=True)
    out = BytesIO()
    transcode.transcode(path, ExplicitVRLittleEndian, out)
    out.seek(0)
    found = pydicom.dcmread(out)
    assert turned != wanted
    assert found.RedPaletteColorLookupTableData == wanted
    assert found.PixelData == pixels


def test_frames_are_sliced_from_the_file() -> None:
    path = installed("rtdose.dcm")
    _header, index = header.read_header(path, LIMIT)
    assert index is not None
    whole = pydicom.dcmread(path).PixelData
    parts = [frames.read_stored(path, index, n) for n in range(15)]
    assert b"".join(parts) == whole[: 15 * 400]
    assert frames.FrameIndex.decode(index.encode()) == index
    with pytest.raises(NotFoundError):
        frames.read_stored(path, index, 15)


def bits_file(tmp_path: Path, rows: int, columns: int, count: int) -> tuple[Path, np.ndarray]:
    """A segmentation of single bits whose frames begin within bytes."""
    dataset = pydicom.dcmread(installed("liver_1frame.dcm"))
    values = np.random.default_rng(3).integers(0, 2, (count, rows, columns)).astype(np.uint8)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, count
    packed = np.packbits(values.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    path = tmp_path / "bits.dcm"
    dataset.save_as(path)
    return path, values


def test_single_bit_frames_begin_at_bit_zero(tmp_path: Path) -> None:
    path, values = bits_file(tmp_path, 5, 7, 3)
    _header, index = header.read_header(path, LIMIT)
    assert index is not None
    for number in range(3):
        data = frames.read_stored(path, index, number)
        assert len(data) == 5
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=35, bitorder="little").reshape(5, 7)
        np.testing.assert_array_equal(bits, values[number])
    out = BytesIO()
    transcode.transcode(path, ExplicitVRLittleEndian, out)
    out.seek(0)
    np.testing.assert_array_equal(pixel_array(pydicom.dcmread(out), raw=True), values)


def in_fragments(tmp_path: Path, table: list[int] | None, cuts: int) -> Path:
    """Two JPEG 2000 frames, each in `cuts` fragments, with a basic offset table or an empty one; -1 is the true offset."""
    dataset = pydicom.dcmread(installed("MR_small.dcm"))
    _header, index = header.read_header(installed("MR_small.dcm"), LIMIT)
    assert index is not None
    stream = frames.even(codecs.encode(dataset.pixel_array, JPEG2000Lossless, index.format))
    step = -(-len(stream) // cuts) // 2 * 2 + 2
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    items = b"".join(b"\xfe\xff\x00\xe0" + len(p).to_bytes(4, "little") + p for p in pieces)
    offsets = b"".join((len(items) if o < 0 else o).to_bytes(4, "little") for o in (table or []))
    dataset.NumberOfFrames = 2
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = b"\xfe\xff\x00\xe0" + len(offsets).to_bytes(4, "little") + offsets + items * 2
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    path = tmp_path / "fragments.dcm"
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(("table", "cuts"), [(None, 1), (None, 3), ([0, -1], 3), ([0, 6], 3), ([0, -1], 1)])
def test_frames_are_found_among_fragments(tmp_path: Path, table: list[int] | None, cuts: int) -> None:
    # By the offset table, by their number, or by how they begin; a table that fits no fragment is not believed.
    path = in_fragments(tmp_path, table, cuts)
    wanted = pydicom.dcmread(installed("MR_small.dcm")).pixel_array
    found, index = decoded(path)
    assert index.format.frames == 2
    assert [len(fragments) for fragments in index.fragments] == [cuts, cuts]
    np.testing.assert_array_equal(found[0], wanted)
    np.testing.assert_array_equal(found[1], wanted)


def test_what_is_cut_short_says_so(tmp_path: Path) -> None:
    path = in_fragments(tmp_path, None, 1)
    short = tmp_path / "short.dcm"
    short.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(UnreadableError, match="longer than the file"):
        header.read_header(short, LIMIT)
    _header, index = header.read_header(installed("MR_truncated.dcm"), LIMIT)
    assert index is not None
    with pytest.raises(UnreadableError, match="8130 are there"):
        frames.read_stored(installed("MR_truncated.dcm"), index, 0)


def test_a_deflated_bomb_is_stopped(tmp_path: Path) -> None:
    path = codec_file("1.2.1.99")
    with pytest.raises(UnreadableError, match="inflates to more"):
        header.read_header(path, 100_000)


def test_values_that_overlays_hide_in_survive(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(installed("examples_overlay.dcm"))
    pixels = dataset.pixel_array | np.uint16(0x8000)
    dataset.PixelData = pixels.tobytes()
    path = tmp_path / "hidden.dcm"
    dataset.save_as(path)
    for syntax in (JPEG2000Lossless, JPEGLSLossless, RLELossless):
        out = BytesIO()
        transcode.transcode(path, syntax, out)
        out.seek(0)
        np.testing.assert_array_equal(pixel_array(pydicom.dcmread(out), raw=True) | 0x8000, pixels)

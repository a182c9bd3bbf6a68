"""Frames decoded exactly as pydicom decodes them, from every transfer syntax, and encoded without loss."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import HTJ2KLossless, JPEGLSLossless

from backend.dicom import codecs, frames, header, syntaxes
from backend.dicom.pixel_format import PixelFormat, format_of
from backend.errors import UnreadableError

SHARED = Path(__file__).parents[4] / "shared" / "data"
LIMIT = 1 << 28

PYDICOM_FILES = [
    "693_J2KI.dcm", "CT_small.dcm", "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm",
    "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm",
    "SC_jpeg_no_color_transform.dcm", "SC_jpeg_no_color_transform_2.dcm", "SC_rgb_dcmtk_+eb+cr.dcm",
    "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm",
    "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_gdcm_KY.dcm", "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_app14_dcmd.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_jpeg_lossy_gdcm.dcm",
    "SC_rgb_rle.dcm", "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit_2frame.dcm", "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_big_endian.dcm", "SC_rgb_small_odd_jpeg.dcm", "SC_ybr_full_422_uncompressed.dcm",
    "examples_jpeg2k.dcm", "examples_overlay.dcm", "examples_palette.dcm", "examples_ybr_color.dcm", "liver_1frame.dcm",
    "liver_expb_1frame.dcm", "rtdose.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm", "image_dfl.dcm",
]  # fmt: skip


def installed(name: str) -> Path:
    """A file of pydicom's own, of those that come with it."""
    found = get_testdata_file(name, download=False)
    if found is None:
        pytest.skip(f"pydicom does not bring {name} along")
    return Path(found)


def decoded(path: Path) -> tuple[np.ndarray, frames.FrameIndex]:
    """All frames as pydicom shapes them."""
    _header, index = header.read_header(path, LIMIT)
    assert index is not None
    layout = index.format
    found = [codecs.decode(frames.read_stored(path, index, n), index.syntax, layout) for n in range(layout.frames)]
    return (np.stack(found) if layout.frames > 1 else found[0]), index


def reference(path: Path) -> np.ndarray:
    """As pydicom decodes it, untouched; it reads deflated files only whole."""
    dataset = pydicom.dcmread(path)
    return pixel_array(dataset, raw=True)


def assert_same(found: np.ndarray, wanted: np.ndarray) -> None:
    assert found.shape == wanted.shape
    assert found.dtype.kind == wanted.dtype.kind
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PYDICOM_FILES)
def test_frames_are_those_of_pydicom(name: str) -> None:
    path = installed(name)
    assert_same(decoded(path)[0], reference(path))


SAME_PIXELS = ("1.2", "1.2.1.99", "1.2.5", "1.2.4.57", "1.2.4.70", "1.2.4.80", "1.2.4.90")


def codec_file(ending: str) -> Path:
    found = sorted(SHARED.glob(f"ct-codecs/*1.2.840.10008.{ending}.dcm"))
    if not found:
        pytest.skip("the shared sample data are not here")
    return found[0]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", [*SAME_PIXELS, "1.2.4.50", "1.2.4.81", "1.2.4.91"])
def test_the_slice_in_every_syntax_that_pydicom_reads(ending: str) -> None:
    path = codec_file(ending)
    found, _index = decoded(path)
    assert_same(found, reference(path))
    if ending in SAME_PIXELS:
        assert int(found.astype(np.int64).sum()) == 19640763


@pytest.mark.parametrize("ending", ["1.2.4.51", "1.2.4.53", "1.2.4.55"])
def test_twelve_bit_jpeg_which_pydicom_has_no_decoder_for(ending: str) -> None:
    found, _index = decoded(codec_file(ending))
    lossless, _ = decoded(codec_file("1.2.4.70"))
    assert found.dtype == np.uint16
    # The same image; its values were moved and scaled to 12 bits before.
    assert np.corrcoef(found.ravel(), lossless.ravel())[0, 1] > 0.99
    assert int(found.max()) == 2708


@pytest.mark.parametrize("name", ["CT1", "MR1"])
def test_high_throughput_streams_give_their_reference(name: str) -> None:
    folder = SHARED / "htj2k-codestreams"
    if not folder.is_dir():
        pytest.skip("the shared sample data are not here")
    pixels = np.fromfile(folder / f"{name}.RAW", "<i2").reshape(512, 512)
    layout = PixelFormat(512, 512, 1, 1, 16, 16, True, False, "MONOCHROME2", "integer")
    found = codecs.decode((folder / f"{name}.j2c").read_bytes(), HTJ2KLossless, layout)
    np.testing.assert_array_equal(found, pixels)


OF_ALL_KINDS = [
    "CT_small.dcm", "examples_overlay.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_small_odd.dcm", "examples_palette.dcm",
    "SC_rgb_rle_32bit.dcm", "liver_1frame.dcm", "examples_ybr_color.dcm",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OF_ALL_KINDS)
def test_encoding_loses_nothing(name: str) -> None:
    path = installed(name)
    _header, index = header.read_header(path, LIMIT)
    assert index is not None
    pixels = codecs.decode(frames.read_stored(path, index, 0), index.syntax, index.format)
    layout = msgspec.structs.replace(index.format, photometric=index.format.decoded_photometric)
    written = [syntax for syntax in sorted(syntaxes.ENCODABLE) if syntaxes.can_encode(syntax, layout)]
    assert written
    for syntax in written:
        back = codecs.decode(codecs.encode(pixels, syntax, layout), syntax, layout)
        assert_same(back, pixels)


def test_pydicom_reads_what_was_encoded() -> None:
    dataset = pydicom.dcmread(installed("CT_small.dcm"))
    layout = format_of(dataset)
    for syntax in syntaxes.ENCODABLE - {"1.2.840.10008.1.2.1"}:
        copy = pydicom.dcmread(installed("CT_small.dcm"))
        copy.PixelData = encapsulate([codecs.encode(dataset.pixel_array, syntax, layout)])
        copy.file_meta.TransferSyntaxUID = syntax
        np.testing.assert_array_equal(pixel_array(copy, raw=True), dataset.pixel_array)


def test_signed_values_of_fewer_bits_keep_their_sign() -> None:
    layout = PixelFormat(16, 16, 1, 1, 16, 12, True, False, "MONOCHROME2", "integer")
    pixels = np.arange(-128, 128, dtype=np.int16).reshape(16, 16) * 16
    for syntax in syntaxes.ENCODABLE:
        np.testing.assert_array_equal(codecs.decode(codecs.encode(pixels, syntax, layout), syntax, layout), pixels)


def test_a_stream_of_another_size_than_the_header_is_refused() -> None:
    layout = PixelFormat(16, 16, 1, 1, 8, 8, False, False, "MONOCHROME2", "integer")
    stream = codecs.encode(np.zeros((16, 16), np.uint8), JPEGLSLossless, layout)
    huge = msgspec.structs.replace(layout, rows=16, columns=6000)
    with pytest.raises(UnreadableError, match="the header says 6000"):
        codecs.decode(stream, JPEGLSLossless, huge)


def test_frames_that_take_too_much_memory_are_refused_first() -> None:
    layout = PixelFormat(60000, 60000, 1, 1, 8, 8, False, False, "MONOCHROME2", "integer")
    with pytest.raises(UnreadableError, match="3433 MB decoded"):
        codecs.decode(b"", JPEGLSLossless, layout)


@pytest.mark.parametrize("syntax", sorted(syntaxes.ENCODABLE))
@pytest.mark.parametrize("kept", [0, 1, 30, 70, 200])
def test_streams_cut_short_are_refused(syntax: str, kept: int) -> None:
    layout = PixelFormat(64, 64, 1, 1, 16, 16, False, False, "MONOCHROME2", "integer")
    stream = codecs.encode(np.random.default_rng(1).integers(0, 60000, (64, 64)).astype(np.uint16), syntax, layout)
    with pytest.raises(UnreadableError):
        codecs.decode(stream[:kept], syntax, layout)


@pytest.mark.parametrize("syntax", sorted(syntaxes.ENCODABLE))
def test_streams_with_wrong_bytes_end_in_pixels_or_a_reason(syntax: str) -> None:
    layout = PixelFormat(32, 32, 1, 1, 16, 16, False, False, "MONOCHROME2", "integer")
    random = np.random.default_rng(2)
    stream = codecs.encode(random.integers(0, 60000, (32, 32)).astype(np.uint16), syntax, layout)
    for _ in range(60):
        broken = bytearray(stream)
        for _ in range(3):
            broken[int(random.integers(len(broken)))] = int(random.integers(256))
        try:
            found = codecs.decode(bytes(broken), syntax, layout)
        except UnreadableError:
            continue
        assert found.shape == (32, 32)

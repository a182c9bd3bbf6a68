"""The strict reading of NRRD: whatever comes is read right or refused with a message, and memory follows what is there."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import nrrd as pynrrd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import SlicecastError, TooLargeError, UnreadableError
from backend.imaging import nrrd
from backend.imaging.frames import unit_axes
from tests.support.nrrd_files import DATA, FIELDS, broken_files, file_of

MOST = 1 << 20


def load(data: bytes, most: int = MOST) -> tuple[nrrd.Header, np.ndarray]:
    header = nrrd.read_header(io.BytesIO(data), len(data), most)
    voxels = np.zeros(header.data_bytes // header.dtype.itemsize, header.dtype.newbyteorder("="))
    nrrd.read_voxels(io.BytesIO(data), header, voxels)
    return header, voxels


def test_a_plain_file_is_read() -> None:
    header, voxels = load(file_of(FIELDS, DATA))
    assert header.sizes == (4, 3, 2)
    assert voxels.tobytes() == DATA
    np.testing.assert_array_equal(header.ijk_to_ras, [[-1, 0, 0, 1], [0, -1.5, 0, -2], [0, 0, 2, 3], [0, 0, 0, 1]])


def test_every_spelling_of_a_type_means_what_pynrrd_means() -> None:
    for name, code in nrrd.TYPES.items():
        assert np.dtype(code) == np.dtype(pynrrd.reader._TYPEMAP_NRRD2NUMPY[name])
    assert set(pynrrd.reader._TYPEMAP_NRRD2NUMPY) - set(nrrd.TYPES) <= {"block"}


def test_a_volume_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(TooLargeError):
        load(file_of(FIELDS, DATA), most=47)


def test_eight_bit_files_need_no_byte_order() -> None:
    fields = {**FIELDS, "type": "uchar"}
    del fields["endian"]
    assert load(file_of(fields, bytes(range(24))))[1].tolist() == list(range(24))


def test_gzip_members_one_after_the_other_are_one() -> None:
    data = gzip.compress(DATA[:20]) + gzip.compress(DATA[20:])
    assert load(file_of({**FIELDS, "encoding": "gz"}, data))[1].tobytes() == DATA


def test_a_bomb_takes_no_more_memory_than_its_header_says() -> None:
    data = file_of({**FIELDS, "encoding": "gzip"}, gzip.compress(bytes(64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError, match="there are more"):
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data)
    _read_or_refuse(b"NRRD0004\n" + data)


@settings(max_examples=400, deadline=None)
@given(broken_files())
def test_headers_with_anything_wrong_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data)


def _read_or_refuse(data: bytes) -> None:
    try:
        header, voxels = load(data)
    except SlicecastError:
        return
    assert voxels.nbytes <= MOST
    assert np.isfinite(header.ijk_to_ras).all()
    assert np.isfinite(np.linalg.inv(header.ijk_to_ras)).all()


FINITE = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-6)
NINE = st.lists(FINITE, min_size=9, max_size=9)


@settings(deadline=None)
@given(NINE, st.lists(FINITE, min_size=3, max_size=3), st.sampled_from(sorted(nrrd.NAMES)))
def test_what_is_written_is_read_again_bit_for_bit(directions: list[float], origin: list[float], code: str) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.reshape(directions, (3, 3)), origin
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() < 1e-6 or abs(np.linalg.det(matrix[:3, :3] / lengths)) < 1e-5:
        return
    data = nrrd.volume_header(np.dtype(code), (4, 3, 2), matrix) + bytes(24 * np.dtype(code).itemsize)
    assert (load(data)[0].ijk_to_ras == matrix).all()
    theirs = pynrrd.read_header(io.BytesIO(data))
    assert (matrix[:3, :3] == theirs["space directions"].T * [[-1], [-1], [1]]).all()
    assert (theirs["space origin"] * [-1, -1, 1] == matrix[:3, 3]).all()


@settings(deadline=None)
@given(NINE)
def test_directions_and_spacings_give_the_columns_again_to_the_last_bit(values: list[float]) -> None:
    columns = np.reshape(values, (3, 3))
    if np.linalg.norm(columns, axis=0).min() == 0:
        return
    directions, spacings = unit_axes(columns)
    assert (directions * spacings == columns).all()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, rtol=1e-12)

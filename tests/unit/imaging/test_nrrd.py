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

MOST = 1 << 20
FIELDS = {
    "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "4 3 2",
    "space directions": "(1,0,0) (0,1.5,0) (0,0,2)", "kinds": "domain domain domain", "endian": "little",
    "encoding": "raw", "space origin": "(-1,2,3)",
}  # fmt: skip
DATA = np.arange(24, dtype="<i2").tobytes()


def body(fields: list[tuple[str, str]], data: bytes = DATA, end: str = "\n") -> bytes:
    return (end.join(["NRRD0004", *(f"{key}: {value}" for key, value in fields)]) + end * 2).encode("utf-8", "surrogatepass") + data


def load(data: bytes, most: int = MOST) -> tuple[nrrd.Header, np.ndarray]:
    header = nrrd.read_header(io.BytesIO(data), len(data), most)
    voxels = np.zeros(header.data_bytes // header.dtype.itemsize, header.dtype.newbyteorder("="))
    nrrd.read_voxels(io.BytesIO(data), header, voxels)
    return header, voxels


def test_a_plain_file_is_read() -> None:
    header, voxels = load(body(list(FIELDS.items())))
    assert header.sizes == (4, 3, 2)
    assert voxels.tobytes() == DATA
    np.testing.assert_array_equal(header.ijk_to_ras, [[-1, 0, 0, 1], [0, -1.5, 0, -2], [0, 0, 2, 3], [0, 0, 0, 1]])


def test_every_spelling_of_a_type_means_what_pynrrd_means() -> None:
    for name, code in nrrd.TYPES.items():
        assert np.dtype(code) == np.dtype(pynrrd.reader._TYPEMAP_NRRD2NUMPY[name])
    assert set(pynrrd.reader._TYPEMAP_NRRD2NUMPY) - set(nrrd.TYPES) <= {"block"}


def test_a_volume_beyond_the_limit_is_too_large() -> None:
    with pytest.raises(TooLargeError):
        load(body(list(FIELDS.items())), most=47)


def test_eight_bit_files_need_no_byte_order() -> None:
    fields = {**FIELDS, "type": "uchar"}
    del fields["endian"]
    assert load(body(list(fields.items()), bytes(range(24))))[1].tolist() == list(range(24))


def test_gzip_members_one_after_the_other_are_one() -> None:
    data = gzip.compress(DATA[:20]) + gzip.compress(DATA[20:])
    assert load(body(list({**FIELDS, "encoding": "gz"}.items()), data))[1].tobytes() == DATA


def test_a_bomb_takes_no_more_memory_than_its_header_says() -> None:
    data = body(list({**FIELDS, "encoding": "gzip"}.items()), gzip.compress(bytes(64 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError, match="there are more"):
            load(data)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data)
    _read_or_refuse(b"NRRD0004\n" + data)


TRICKY = st.one_of(
    st.sampled_from([
        "", "-1", "0", "nan", "inf", "1e999", "9" * 40, "4 3 2", "2 3 4", "4 3", "4 3 2 1", "-4 -3 2", "4e0 3 2", "4 3 2.0", "٤ 3 2",
        "(1,0,0) (0,1,0) (0,0,1)", "(1,0,0)(0,1,0)(0,0,1)", "(nan,0,0) (0,1,0) (0,0,1)", "(1,0,0) (1,0,0) (0,0,1)",
        "(1e-300,0,0) (0,1,0) (0,0,1)", "(1e300,0,0) (0,1,0) (0,0,1)", "none (1,0,0) (0,1,0)", "((1,0,0)) (0,1,0) (0,0,1)",
        "(0,0)", "(0,0,0)", "(1_0,0,0)", "(,,)", "raw", "gzip", "GZ", "bzip2", "hex", "big", "LITTLE", "short", "uchar", "double",
        "int64", "block", "3", "4", "03", "LPS", "ras", "scanner-xyz", "left-posterior-superior-time", "= x", "\ud800", "\0",
    ]),
    st.text(max_size=30),
)  # fmt: skip
NAMES = st.sampled_from([*FIELDS, "data file", "byte skip", "line skip", "content", "TYPE", "Sizes", "# note", "key:"])


@settings(max_examples=400)
@given(
    st.lists(st.tuples(NAMES, TRICKY), max_size=4),
    st.lists(st.sampled_from(list(FIELDS)), max_size=2),
    st.sampled_from(["\n", "\r\n"]),
    st.binary(max_size=60) | st.just(DATA) | st.just(gzip.compress(DATA)),
    st.integers(0, 500),
    st.booleans(),
)
def test_headers_with_anything_wrong_are_read_or_refused(
    changes: list[tuple[str, str]], missing: list[str], end: str, data: bytes, cut: int, replace: bool
) -> None:
    fields = [(name, value) for name, value in FIELDS.items() if name not in missing]
    if replace:
        changed = dict(changes)
        fields = [(name, changed.pop(name, value)) for name, value in fields] + list(changed.items())
    else:
        fields += changes
    whole = body(fields, data, end)
    _read_or_refuse(whole)
    _read_or_refuse(whole[:cut])


def _read_or_refuse(data: bytes) -> None:
    try:
        header, voxels = load(data)
    except SlicecastError as error:
        assert 0 < len(str(error)) < 400
        return
    assert voxels.nbytes <= MOST
    assert np.isfinite(header.ijk_to_ras).all()
    assert np.isfinite(np.linalg.inv(header.ijk_to_ras)).all()


FINITE = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-6)


@given(st.lists(FINITE, min_size=9, max_size=9), st.lists(FINITE, min_size=3, max_size=3), st.sampled_from(sorted(nrrd.NAMES)))
def test_what_is_written_is_read_again_bit_for_bit_here_and_by_pynrrd(directions: list[float], origin: list[float], code: str) -> None:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.reshape(directions, (3, 3)), origin
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() < 1e-6 or abs(np.linalg.det(matrix[:3, :3] / lengths)) < 1e-5:
        return
    data = nrrd.volume_header(np.dtype(code), (4, 3, 2), matrix) + bytes(24 * np.dtype(code).itemsize)
    assert (load(data)[0].ijk_to_ras == matrix).all()
    theirs = pynrrd.read_header(io.BytesIO(data))
    assert (theirs["space directions"].T * [[-1], [-1], [1]] == matrix[:3, :3]).all()
    assert (theirs["space origin"] * [-1, -1, 1] == matrix[:3, 3]).all()


@given(st.lists(FINITE, min_size=9, max_size=9))
def test_directions_and_spacings_give_the_columns_again_to_the_last_bit(values: list[float]) -> None:
    columns = np.reshape(values, (3, 3))
    if np.linalg.norm(columns, axis=0).min() == 0:
        return
    directions, spacings = unit_axes(columns)
    assert (directions * spacings == columns).all()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, rtol=1e-12)

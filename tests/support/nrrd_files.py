"""Small NRRD files, whole and with anything wrong."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping

import numpy as np
from hypothesis import strategies as st

FIELDS = {
    "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "4 3 2",
    "space directions": "(1,0,0) (0,1.5,0) (0,0,2)", "kinds": "domain domain domain", "endian": "little",
    "encoding": "raw", "space origin": "(-1,2,3)",
}  # fmt: skip
DATA = np.arange(24, dtype="<i2").tobytes()


def file_of(fields: Mapping[str, str] | Iterable[tuple[str, str]], data: bytes, end: str = "\n") -> bytes:
    """A file of these fields, which may come twice, and these data."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    lines = ["NRRD0005", *(f"{name}: {value}" for name, value in pairs)]
    return (end.join(lines) + end * 2).encode("utf-8", "surrogatepass") + data


_WORDS = """
-1|0|nan|inf|1e999|9999999999999999999999999|4 3 2|2 3 4|4 3|4 3 2 1|-4 -3 2|4e0 3 2|4 3 2.0|٤ 3 2|1 1 24|24 1 1
2147483647 2147483647 2147483647|(1,0,0) (0,1,0) (0,0,1)|(1,0,0)(0,1,0)(0,0,1)|(nan,0,0) (0,1,0) (0,0,1)|(1,0,0) (1,0,0) (0,0,1)
(1e-300,0,0) (0,1,0) (0,0,1)|(1e300,0,0) (0,1,0) (0,0,1)|(1e7,0,0) (0,1e-7,0) (0,0,1)|none (1,0,0) (0,1,0)
((1,0,0)) (0,1,0) (0,0,1)|(0,0)|(0,0,0)|(1_0,0,0)|(,,)|(1e7,-1e7,1e7)|raw|gzip|GZ|bzip2|hex|big
LITTLE|short|uchar|double|int64|block
3|4|03|LPS|ras|scanner-xyz|left-posterior-superior-time|= x
"""
_TRICKY = st.sampled_from(["", "\ud800", "\0", *_WORDS.strip().replace("\n", "|").split("|")]) | st.text(max_size=30)
_NAMES = st.sampled_from([*FIELDS, "data file", "byte skip", "line skip", "content", "TYPE", "Sizes", "# note", "key:"])


@st.composite
def broken_files(draw: st.DrawFn) -> bytes:
    """Files with fields changed, doubled or missing, data of another kind or length, cut anywhere. Some are whole after all."""
    changes = draw(st.lists(st.tuples(_NAMES, _TRICKY), max_size=4))
    missing = draw(st.lists(st.sampled_from(list(FIELDS)), max_size=1))
    fields = [(name, value) for name, value in FIELDS.items() if name not in missing]
    if draw(st.booleans()):
        changed = dict(changes)
        fields = [(name, changed.pop(name, value)) for name, value in fields] + list(changed.items())
    else:
        fields += changes
    data = draw(
        st.sampled_from([DATA, DATA, gzip.compress(DATA), DATA[:-1], gzip.compress(DATA)[:-3]]) | st.binary(max_size=60)
    )
    whole = file_of(fields, data, draw(st.sampled_from(["\n", "\r\n"])))
    return whole[: draw(st.integers(0, len(whole)))] if draw(st.integers(0, 3)) == 0 else whole

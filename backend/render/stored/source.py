"""Headers and decoded frames of files, of which a process remembers the last ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from backend.dicom.codecs import decode
from backend.dicom.frames import LARGEST_INFLATED, FrameIndex, read_stored
from backend.dicom.header import read_header
from backend.errors import UnreadableError
from backend.sharing import Recent

HEADERS = 64
FRAME_BYTES = 64 << 20


_headers: Recent[tuple[Dataset, FrameIndex | None]] = Recent(HEADERS, lambda _header: 1)
_frames: Recent[NDArray[Any]] = Recent(FRAME_BYTES, lambda pixels: pixels.nbytes)


def _key(path: Path) -> tuple[str, int, int]:
    told = path.stat()
    return str(path), told.st_mtime_ns, told.st_size


def header_of(path: Path) -> tuple[Dataset, FrameIndex | None]:
    """A file's data set up to its pixels, not to be changed, and where they are.

    Raises:
        UnreadableError: it can not be read.
    """
    return _headers.get(_key(path), lambda: read_header(path, LARGEST_INFLATED))


def image_of(path: Path) -> tuple[Dataset, FrameIndex]:
    """The same of an image.

    Raises:
        UnreadableError: it is none.
    """
    dataset, index = header_of(path)
    if index is None:
        raise UnreadableError("the instance has no pixels to be shown")
    return dataset, index


def frame_of(path: Path, number: int) -> NDArray[Any]:
    """A decoded frame (from 0), not to be changed.

    Raises:
        NotFoundError: there is no such frame.
        UnreadableError: it can not be decoded.
    """
    _dataset, index = image_of(path)
    return _frames.get(
        (*_key(path), number), lambda: np.asarray(decode(read_stored(path, index, number), index.syntax, index.format))
    )

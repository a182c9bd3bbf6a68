"""Headers and decoded frames of files, of which a process remembers the last ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from backend.dicom.codecs import decode
from backend.dicom.frames import LARGEST_INFLATED, FrameIndex, read_stored
from backend.dicom.header import read_header
from backend.errors import UnreadableError

T = TypeVar("T")
HEADERS = 64
FRAME_BYTES = 64 << 20


class Recent(Generic[T]):
    """The last values made, up to a total size."""

    def __init__(self, most: int, size_of: Callable[[T], int]) -> None:
        self._most, self._size_of, self._size = most, size_of, 0
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value under a key, made now where it is not kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = make()
        if self._size_of(made) <= self._most // 2:
            self._kept[key] = made
            self._size += self._size_of(made)
            while self._size > self._most:
                _key, dropped = self._kept.popitem(last=False)
                self._size -= self._size_of(dropped)
        return made


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

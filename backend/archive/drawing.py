"""What workers do for pictures and frames. The libraries that it takes are loaded there only, when first needed."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.dicom.frames import FrameIndex, read_stored
from backend.errors import NotFoundError, SlicecastError, UnreadableError
from backend.render.stored.look import Look, VolumeLook

FAULTS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    ArithmeticError,
    NotImplementedError,
    struct.error,
    EOFError,
)
"""What DICOM libraries raise when values of a file are not what they should be; they convert them when they are asked for."""


@contextmanager
def readable() -> Iterator[None]:
    """Make of such faults an error for who asked.

    Raises:
        UnreadableError: with the fault's words.
        NotFoundError: the file is gone.
    """
    try:
        yield
    except SlicecastError:
        raise
    except FileNotFoundError as error:
        raise NotFoundError("the instance was deleted") from error
    except Exception as error:
        from pydicom.errors import BytesLengthException

        if not isinstance(error, (*FAULTS, BytesLengthException)):
            raise
        words = (str(error).split("\n")[0] or "no reason")[:200]
        raise UnreadableError(f"the instance holds values that can not be used ({type(error).__name__}: {words})") from error


@readable()
def find_frames(path: Path) -> FrameIndex | None:
    """Where the frames of a file are."""
    from backend.render.stored.source import header_of

    return header_of(path)[1]


@readable()
def read_frame(path: Path, index: FrameIndex, number: int) -> bytes:
    """One frame (from 0) as stored; for this no worker is needed."""
    return read_stored(path, index, number)


@readable()
def make_frame(path: Path, index: FrameIndex, number: int, syntax: str) -> bytes:
    """One frame (from 0) in a transfer syntax."""
    from backend.dicom.transcode import frame_in

    return frame_in(path, index, number, syntax)


@readable()
def draw_picture(path: Path, frame: int, look: Look) -> bytes:
    """One frame (from 0) as a picture file."""
    from backend.render.stored.pictures import picture

    return picture(path, frame, look)


@readable()
def draw_moving(path: Path, frames: tuple[int, ...], look: Look) -> bytes:
    """Frames as an animated GIF or a film; all where none are named."""
    from backend.render.stored.pictures import moving_picture

    return moving_picture(path, look, frames)


@readable()
def draw_series(paths: tuple[Path, ...], key: str, look: VolumeLook) -> bytes:
    """Files as a volume, as a picture file."""
    from backend.render.stored.volumes import draw_volume

    return draw_volume(paths, key, look)


@readable()
def tell_series(paths: tuple[Path, ...], key: str, look: VolumeLook) -> bytes:
    """What that picture is made with, as DICOM JSON."""
    from backend.render.stored.volumes import tell_volume

    return tell_volume(paths, key, look)


def draw_sign(text: str, side: int, media: str) -> bytes:
    """A sign for an instance without pixels."""
    from backend.render.encode import encode
    from backend.render.stored.words import sign

    return encode(sign(text, side), "png" if media == "image/png" else "jpeg", 90)


@readable()
def write_report(path: Path, html: bool) -> bytes:
    """A structured report as a page or as plain text, UTF-8."""
    from backend.dicom.report import as_html, as_text
    from backend.render.stored.source import header_of

    dataset = header_of(path)[0]
    return (as_html(dataset) if html else as_text(dataset)).encode()


@readable()
def find_modality(path: Path) -> str:
    """The modality of an instance."""
    from backend.render.stored.source import header_of

    return str(header_of(path)[0].get("Modality") or "")


@readable()
def find_references(path: Path) -> list[tuple[str, str]]:
    """Series and instance UIDs of the images that a presentation state is about."""
    from backend.render.stored.presentation import referenced_images
    from backend.render.stored.source import header_of

    return referenced_images(header_of(path)[0])


@dataclass(frozen=True)
class Bulk:
    """The value of an element: a part of its file, or by itself where it had to be turned or inflated."""

    vr: str
    offset: int
    length: int
    data: bytes | None = None


SWAPPED = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


@readable()
def find_bulk(path: Path, tags: tuple[int, ...], inflated_bytes: int) -> Bulk:
    """The value at a path of bulk data: tag, number of the item from 1, tag, …

    Raises:
        NotFoundError: there is no such element, or it has items or fragments.
    """
    import numpy as np

    from backend.dicom.part10 import bulk_element, read_data_set

    data = read_data_set(path.read_bytes(), inflated_bytes)
    element = bulk_element(data, tags)
    if element is None or element.items is not None or element.fragments is not None:
        raise NotFoundError("there is no such bulk data")
    if data.head.is_little and not data.head.is_deflated:
        return Bulk(element.vr, element.start, element.length)
    value = bytes(data.buffer[element.start : element.start + element.length])
    size = 1 if data.head.is_little else SWAPPED.get(element.vr, 1)
    if size > 1:
        value = np.frombuffer(value[: len(value) // size * size], f">u{size}").astype(f"<u{size}").tobytes()
    return Bulk(element.vr, 0, len(value), value)

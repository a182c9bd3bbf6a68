"""What workers do for who wants an instance in another transfer syntax than it is stored in.

Codecs are imported when they are needed, in the workers: the gateway, which names these functions, is spared them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backend.dicom.frames import FrameIndex


def makeable(pixels: Sequence[bytes | None]) -> list[list[str]]:
    """Transfer syntaxes that instances can be had in besides their own.

    Args:
        pixels: the frame index of each, encoded; None of those without pixels.
    """
    from backend.dicom.codecs import ENCODABLE
    from backend.dicom.transcode import can_transcode

    indexes = [FrameIndex.decode(one) if one is not None else None for one in pixels]
    return [[uid for uid in sorted(ENCODABLE) if can_transcode(index, uid)] for index in indexes]


def transcode_file(source: Path, syntax: str, target: Path, inflated_bytes: int) -> int:
    """Write an instance to `target` as a Part 10 file in another transfer syntax; its size in bytes.

    Raises:
        UnreadableError: it can not be read, decoded or written so.
    """
    from backend.dicom.transcode import transcode

    with target.open("xb") as file:
        transcode(source, syntax, file, inflated_bytes)
        return file.tell()

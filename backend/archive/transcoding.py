"""What workers do for who wants an instance in another transfer syntax than it is stored in.

Codecs are imported when they are needed, in the workers: the gateway, which names these functions, is spared them.
"""

from __future__ import annotations

from pathlib import Path

from backend.archive.drawing import readable


@readable()
def transcode_file(source: Path, syntax: str, target: Path, inflated_bytes: int) -> int:
    """Write an instance to `target` as a Part 10 file in another transfer syntax; its size in bytes.

    Raises:
        UnreadableError: it can not be read, decoded or written so.
    """
    from backend.dicom.transcode import transcode

    with target.open("xb") as file:
        transcode(source, syntax, file, inflated_bytes)
        return file.tell()

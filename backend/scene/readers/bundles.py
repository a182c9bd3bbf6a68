"""Zipped scenes and sequences (`.mrb`, `.zip`, `.xar`), unpacked by Python below one folder and within limits.

The names of what is inside come from strangers: `zipfile` leaves out `..` and roots, and writes links as plain files.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

from backend.errors import UnreadableError
from backend.scene.context import Options

SMALL_BYTES = 64 << 20  # below this, how well a bundle is compressed tells nothing


def unpack_bundle(path: Path, folder: Path, limits: Options) -> Path:
    """Unpack below `folder` and nowhere else; returns the scene file.

    Raises:
        UnreadableError: no zip archive, damaged, too large, too many files, or without a scene.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            _check(bundle, path, folder, limits)
            bundle.extractall(folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise UnreadableError(f"it is not a scene bundle, or damaged: {error}") from error
    scenes = [found for found in folder.rglob("*.mrml") if not found.name.startswith(".")]
    if not scenes:
        raise UnreadableError("there is no scene (.mrml) in it")
    return min(scenes, key=lambda found: (len(found.parts), found.name))


def _check(bundle: zipfile.ZipFile, path: Path, folder: Path, limits: Options) -> None:
    """`zipfile` never gives more bytes of a file than its entry says, so the entries can be believed as a bound."""
    members = bundle.infolist()
    if len(members) > limits.bundle_max_files:
        raise UnreadableError(
            f"it holds {len(members)} files; {limits.bundle_max_files} are allowed (setting bundle_max_files)"
        )
    size = sum(member.file_size for member in members)
    if size > limits.bundle_max_mb << 20:
        raise UnreadableError(
            f"unpacked it would take {size >> 20} MB; {limits.bundle_max_mb} are allowed (setting bundle_max_mb)"
        )
    if size > SMALL_BYTES and size > limits.bundle_max_ratio * path.stat().st_size:
        raise UnreadableError(
            f"it grows {size // path.stat().st_size} times when unpacked; "
            f"{limits.bundle_max_ratio} times is allowed (setting bundle_max_ratio)"
        )
    if size > shutil.disk_usage(folder).free // 2:
        raise UnreadableError(f"unpacked it would take {size >> 20} MB, too much for {tempfile.gettempdir()}")

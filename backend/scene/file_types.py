"""Which of Slicer's file types a path is, by the longest extension that is known."""

from __future__ import annotations

from pathlib import Path

# Extension → file type as the Slicer API's `filetype=` names it, for paths that come without one.
BY_EXTENSION: dict[str, str] = {
    ".seg.nrrd": "SegmentationFile",
    ".seg.nhdr": "SegmentationFile",
    ".seg.vtm": "SegmentationFile",
    ".nrrd": "VolumeFile",
    ".nhdr": "VolumeFile",
    ".nii": "VolumeFile",
    ".nii.gz": "VolumeFile",
    ".mha": "VolumeFile",
    ".mhd": "VolumeFile",
    ".hdr": "VolumeFile",
    ".vtk": "ModelFile",
    ".vtp": "ModelFile",
    ".stl": "ModelFile",
    ".ply": "ModelFile",
    ".obj": "ModelFile",
    ".mrk.json": "MarkupsFile",
    ".fcsv": "MarkupsFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".mrml": "SceneFile",
    ".mrb": "SceneFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
    ".txt": "TextFile",
    ".ctbl": "ColorTableFile",
}
KNOWN = frozenset(BY_EXTENSION.values())


def file_type_of(path: Path) -> str | None:
    """Slicer's file type, `DicomFolder` for a folder, None if the extension says nothing."""
    if path.is_dir():
        return "DicomFolder"
    name = path.name.lower()
    if name.endswith(".dcm") or "." not in name:
        return "DicomFolder"
    for extension in sorted(BY_EXTENSION, key=len, reverse=True):
        if name.endswith(extension):
            return BY_EXTENSION[extension]
    return None


def stem_of(path: Path) -> str:
    """File name up to its first dot, as Slicer names volumes."""
    return path.name.split(".")[0] or path.name

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
    ".img": "VolumeFile",
    ".img.gz": "VolumeFile",
    ".mgh": "VolumeFile",
    ".mgz": "VolumeFile",
    ".mgh.gz": "VolumeFile",
    ".gipl": "VolumeFile",
    ".gipl.gz": "VolumeFile",
    ".png": "VolumeFile",
    ".jpg": "VolumeFile",
    ".jpeg": "VolumeFile",
    ".tif": "VolumeFile",
    ".tiff": "VolumeFile",
    ".vtk": "ModelFile",
    ".vtp": "ModelFile",
    ".stl": "ModelFile",
    ".ply": "ModelFile",
    ".obj": "ModelFile",
    ".vtu": "ModelFile",
    ".g": "ModelFile",
    ".byu": "ModelFile",
    ".ucd": "ModelFile",
    ".mrk.json": "MarkupsFile",
    ".fcsv": "MarkupsFile",
    ".acsv": "AnnotationFile",
    ".h5": "TransformFile",
    ".tfm": "TransformFile",
    ".mat": "TransformFile",
    ".seq.nrrd": "SequenceFile",
    ".seq.nhdr": "SequenceFile",
    ".seq.mrb": "SequenceFile",
    ".mrml": "SceneFile",
    ".mrb": "SceneFile",
    ".csv": "TableFile",
    ".tsv": "TableFile",
    ".txt": "TextFile",
    ".ctbl": "ColorTableFile",
    ".vp": "TransferFunctionFile",
    ".vp.json": "TransferFunctionFile",
    ".sp": "ShaderPropertyFile",
    ".term.json": "TerminologyFile",
}
VOLUME_ENDINGS = (*(name for name, kind in BY_EXTENSION.items() if kind == "VolumeFile"),)


def file_type_of(path: Path) -> str | None:
    """Slicer's file type, `DicomFolder` for a folder, None if the extension says nothing."""
    if path.is_dir():
        return "DicomFolder"
    name = path.name.lower()
    if name.endswith((".dcm", ".ima")) or "." not in name:
        return "DicomFolder"
    for extension in sorted(BY_EXTENSION, key=len, reverse=True):
        if name.endswith(extension):
            return BY_EXTENSION[extension]
    return "DicomFolder" if _has_dicom_mark(path) else None


def _has_dicom_mark(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def stem_of(path: Path) -> str:
    """File name up to its first dot, as Slicer names volumes."""
    return path.name.split(".")[0] or path.name

"""Files into the scene, through the readers of Slicer's own module logics, so that nodes come out as Slicer makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backend.dicom.loaded import LoadedSequence, LoadedVolume
from backend.errors import BadRequestError, NotFoundError, SlicecastError, UnreadableError
from backend.scene.context import Options
from backend.scene.file_types import file_type_of
from backend.scene.readers.geometry import MarkupsReader, ModelReader, TransformReader
from backend.scene.readers.scenes import SceneReader
from backend.scene.readers.segmentations import SegmentationReader
from backend.scene.readers.sequences import SequenceReader
from backend.scene.readers.source import Source, is_true
from backend.scene.readers.tables import AnnotationReader, PresetReader, TextReader
from backend.scene.readers.volumes import VolumeReader

__all__ = ["Loader", "is_true"]


class Loader:
    """Loads one file at a time into the scene; a failed load leaves the scene as it was."""

    def __init__(self, app: Any, limits: Options | None = None) -> None:
        self._scene = app.scene
        limits = limits or Options()
        self.volumes = VolumeReader(app, limits)
        self._segmentations, self._sequences = SegmentationReader(app, limits), SequenceReader(app, limits)
        texts, presets = TextReader(app, limits), PresetReader(app, limits)
        self._readers: dict[str, Callable[[Source], list[Any]]] = {
            "VolumeFile": self.volumes.read,
            "SegmentationFile": self._segmentations.read,
            "ModelFile": ModelReader(app, limits).read,
            "MarkupsFile": MarkupsReader(app, limits).read,
            "TransformFile": TransformReader(app, limits).read,
            "TableFile": texts.read_table,
            "TextFile": texts.read_text,
            "SequenceFile": self._sequences.read,
            "SceneFile": SceneReader(app, limits).read,
            "ColorTableFile": presets.read_colors,
            "TransferFunctionFile": presets.read_transfer_functions,
            "ShaderPropertyFile": presets.read_shader,
            "TerminologyFile": presets.read_terminology,
            "AnnotationFile": AnnotationReader(app, limits).read,
        }

    def load(self, path: Path, file_type: str | None, properties: Mapping[str, str]) -> list[Any]:
        """Load a file; returns the nodes it is about, main one first (empty for scenes).

        Raises:
            NotFoundError: no such file.
            BadRequestError: unknown file type, or a property that makes no sense.
            UnreadableError: not readable as that type; the scene is unchanged.
        """
        kind = file_type or file_type_of(path)
        failed = f"Failed to load node from file: {path}\n"
        if not path.is_file():
            raise NotFoundError(f"{failed}there is no such file")
        if kind is None:
            raise BadRequestError(f"{failed}files of this name are of no known type; name the type where they are of one")
        if kind not in self._readers:
            raise BadRequestError(f"{failed}unknown file type {kind!r}; known are {', '.join(sorted(self._readers))}")
        before = self._ids()
        try:
            return self._readers[kind](Source(path, properties))
        except BaseException as error:  # users' code that loads may be interrupted in the middle
            for node_id in self._ids() - before:
                node = self._scene.GetNodeByID(node_id)
                if node is not None:  # it may have gone with the one before
                    self._scene.RemoveNode(node)
            if not isinstance(error, Exception):
                raise
            if isinstance(error, SlicecastError):
                raise type(error)(f"{failed}{error}") from error
            raise UnreadableError(f"{failed}{type(error).__name__}: {error}") from error

    def _ids(self) -> set[str]:
        return {node.GetID() for node in self._scene.GetNodes()}

    def add_dicom(self, loaded: Any) -> list[Any]:
        """Nodes of what `backend.dicom.loading` has read, with display; the one to be shown first.

        That is a volume, a segmentation, or the proxy of a sequence with its sequence and browser.
        """
        if isinstance(loaded, LoadedVolume):
            return [self.volumes.add(loaded)]
        if isinstance(loaded, LoadedSequence):
            return self._sequences.add(loaded, self.volumes)
        return [self._segmentations.add(loaded)]

    def rasters(self) -> dict[str, Any]:
        """Grids of the volumes that came from DICOM, by SeriesInstanceUID."""
        return self.volumes.rasters()

    def show_volume(self, node: Any) -> None:
        """Make a volume active in every slice view, turned to its nearest axes, and fit."""
        self.volumes.show(node)

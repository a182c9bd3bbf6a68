"""Sequences: nodes that change with time, with a browser that shows one item of them through a proxy node."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import slicer

from backend.dicom.loaded import LoadedSequence
from backend.errors import UnreadableError
from backend.scene.context import Options
from backend.scene.readers.bundles import unpack_bundle
from backend.scene.readers.checks import check_scene, check_volume
from backend.scene.readers.source import Source, color_node, unique_name
from backend.scene.readers.volumes import VolumeReader

BUNDLES = (".mrb",)
IMAGES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd")


class SequenceReader:
    """Reads `SequenceFile`."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._app, self._scene, self._limits = app, app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """The sequence node, its browser and the proxy node that shows its first item; only the first with `show=0`."""
        colors, name = color_node(self._scene, source.options), source.path.name.lower()
        if name.endswith(BUNDLES):
            with tempfile.TemporaryDirectory(prefix="slicecast-mrb-") as folder:
                scene = unpack_bundle(source.path, Path(folder), self._limits)
                check_scene(scene, self._limits)
                sequence = self._bundled(scene)
        elif name.endswith(".mrml"):
            check_scene(source.path, self._limits)
            sequence = self._bundled(source.path)
        elif name.endswith(IMAGES):
            check_volume(source.path, self._limits)
            sequence = self._add(source.path)
        else:
            raise UnreadableError(
                f"there is no reader for sequences with this ending; there are for {' '.join((*BUNDLES, '.mrml', *IMAGES))}"
            )
        sequence.SetName(source.name or plain_name(source.path))
        if not source.flag("show", True):
            return [sequence]
        return self._shown(sequence, colors)

    def add(self, loaded: LoadedSequence, volumes: VolumeReader) -> list[Any]:
        """The proxy, which shows the first volume, the sequence node and its browser, of volumes from DICOM."""
        sequence = self._scene.AddNewNodeByClass("vtkMRMLSequenceNode", unique_name(self._scene, f"{loaded.name} sequence"))
        sequence.SetIndexName(loaded.index_name)
        sequence.SetIndexUnit(loaded.index_unit)
        is_number = all(value.replace(".", "", 1).replace("-", "", 1).isdigit() for value in loaded.values)
        sequence.SetIndexType(sequence.NumericIndex if is_number else sequence.TextIndex)
        for value, volume in zip(loaded.values, loaded.volumes, strict=True):
            node = volumes.add(volume)
            sequence.SetDataNodeAtValue(node, value)
            for gone in (node.GetDisplayNode(), node):
                self._scene.RemoveNode(gone)
        _sequence, browser, proxy = self._shown(sequence, None)
        proxy.SetName(unique_name(self._scene, loaded.name))
        first = loaded.volumes[0]
        proxy.CreateDefaultDisplayNodes()
        volumes.window(proxy, first)
        return [proxy, sequence, browser]

    def _add(self, path: Path) -> Any:
        said = slicer.vtkMRMLMessageCollection()
        sequence = self._app.modules["Sequences"].AddSequence(str(path), said)
        if sequence is None or not sequence.GetNumberOfDataNodes():
            raise UnreadableError(said.GetAllMessagesAsString().strip() or "no reader could read it as a sequence")
        return sequence

    def _bundled(self, scene: Path) -> Any:
        """The sequence of a scene file that holds nothing but its items."""
        storage, sequence = slicer.vtkMRMLSequenceStorageNode(), slicer.vtkMRMLSequenceNode()
        storage.SetScene(self._scene)  # it knows the classes of the items
        storage.SetFileName(str(scene))
        if not storage.ReadData(sequence) or not sequence.GetNumberOfDataNodes():
            raise UnreadableError("no reader could read it as a sequence")
        return self._scene.AddNode(sequence)

    def _shown(self, sequence: Any, colors: object | None) -> list[Any]:
        browser = self._scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{sequence.GetName()} browser")
        browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
        self._app.modules["Sequences"].UpdateProxyNodesFromSequences(browser)
        proxy = browser.GetProxyNode(sequence)
        if proxy is None:
            return [sequence, browser]
        display = proxy.GetDisplayNode() if proxy.IsA("vtkMRMLDisplayableNode") else None
        if display is not None and colors is not None:
            display.SetAndObserveColorNodeID(colors.GetID())  # type: ignore[attr-defined]
        return [sequence, browser, proxy]


def plain_name(path: Path) -> str:
    """File name without the endings of sequences."""
    lowered = path.name.lower()
    endings = [
        f"{seq}{ending}"
        for seq in (".seq", "")
        for ending in (*BUNDLES, ".mrml", ".nii.gz", ".nrrd", ".nhdr", ".nii", ".mha", ".mhd")
    ]
    ending = next((ending for ending in sorted(endings, key=len, reverse=True) if lowered.endswith(ending)), "")
    return path.name[: len(path.name) - len(ending)] or path.name

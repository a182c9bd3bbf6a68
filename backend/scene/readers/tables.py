"""Tables, texts, colours, presets, terminologies and the annotations of older versions."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from backend.errors import UnreadableError
from backend.scene.context import Options
from backend.scene.readers.checks import check_transfer_function, read_json
from backend.scene.readers.source import Source, require_small

DATABASES = (".db", ".db3", ".sqlite", ".sqlite3")


class TextReader:
    """Reads `TextFile` and `TableFile`."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._scene, self._limits = app.scene, limits

    def read_text(self, source: Source) -> list[Any]:
        """The text node."""
        require_small(source.path, self._limits.max_text_mb)
        return [self._stored(slicer.vtkMRMLTextNode(), slicer.vtkMRMLTextStorageNode(), source)]

    def read_table(self, source: Source) -> list[Any]:
        """The table node."""
        database = source.path.suffix.lower() in DATABASES
        require_small(source.path, self._limits.max_volume_mb if database else self._limits.max_text_mb)
        if database and source.path.read_bytes()[:16] != b"SQLite format 3\0":
            raise UnreadableError("it is no SQLite database")
        storage = slicer.vtkMRMLTableSQLiteStorageNode() if database else slicer.vtkMRMLTableStorageNode()
        if database:
            storage.SetTableName(source.options.get("tableName") or source.path.stem)
        node = self._stored(slicer.vtkMRMLTableNode(), storage, source)
        if node.GetNumberOfColumns() == 0:
            raise UnreadableError("there is nothing in it")
        return [node]

    def _stored(self, node: Any, storage: Any, source: Source) -> Any:
        """Have `storage` read `node` outside any scene, then add both."""
        storage.SetFileName(str(source.path))
        if not storage.ReadData(node):
            said = storage.GetUserMessages().GetAllMessagesAsString() or "its reader gave no reason"
            raise UnreadableError(said.strip())
        ending = storage.GetSupportedFileExtension(str(source.path)) or source.path.suffix
        node.SetName(source.name or source.path.name[: len(source.path.name) - len(ending)])
        self._scene.AddNode(storage)
        self._scene.AddNode(node)
        node.SetAndObserveStorageNodeID(storage.GetID())
        return node


class PresetReader:
    """Reads colour tables, transfer functions, shader properties and terminologies."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._app, self._scene, self._limits = app, app.scene, limits

    def read_colors(self, source: Source) -> list[Any]:
        """The colour table, or the colour function of a `.cxml` file."""
        require_small(source.path, self._limits.max_text_mb)
        name = source.name or source.path.name.split(".")[0]
        node = self._app.logic.GetColorLogic().LoadColorFile(str(source.path), name)
        if node is None:
            raise UnreadableError("no reader could read it as colours")
        node.SetName(name)
        return [node]

    def read_transfer_functions(self, source: Source) -> list[Any]:
        """The volume properties of a volume rendering preset, of which a `.vp.json` file may hold several."""
        if source.path.name.lower().endswith(".vp"):
            check_transfer_function(source.path, self._limits)
        elif source.path.name.lower().endswith(".vp.json"):
            read_json(source.path, self._limits)
        else:
            raise UnreadableError("there is no reader for transfer functions with this ending; there are for .vp .vp.json")
        loaded = vtk.vtkCollection()
        logic = self._app.modules["VolumeRendering"]
        if not logic.AddVolumePropertiesFromFile(str(source.path), loaded) or not loaded.GetNumberOfItems():
            raise UnreadableError("no reader could read it as transfer functions")
        return [loaded.GetItemAsObject(index) for index in range(loaded.GetNumberOfItems())]

    def read_shader(self, source: Source) -> list[Any]:
        """The shader property node; it counts only where a GPU draws volumes."""
        require_small(source.path, self._limits.max_text_mb)
        node = self._app.modules["VolumeRendering"].AddShaderPropertyFromFile(str(source.path))
        if node is None:
            raise UnreadableError("no reader could read it as a shader property")
        return [node]

    def read_terminology(self, source: Source) -> list[Any]:
        """No node: the terms are known to the terminologies logic from then on."""
        read_json(source.path, self._limits)
        if not self._terminologies().LoadContextFromFile(str(source.path)):
            raise UnreadableError("no reader could read it as a terminology or a region context")
        return []

    def _terminologies(self) -> Any:
        """The logic that keeps terminologies, made when first wanted: it looks in vain for those of a whole Slicer."""
        logic = self._app.logic.GetModuleLogic("Terminologies")
        if logic is None:
            logic = self._app.modules["Terminologies"] = slicer.vtkSlicerTerminologiesModuleLogic()
            logic.SetMRMLScene(self._scene)
            logic.SetMRMLApplicationLogic(self._app.logic)
            self._app.logic.SetModuleLogic("Terminologies", logic)
        return logic


class AnnotationReader:
    """Reads `AnnotationFile`: fiducials and rulers of Slicer 4, as the markups that take their place in Slicer 5."""

    def __init__(self, app: Any, limits: Options) -> None:
        self._scene, self._limits = app.scene, limits

    def read(self, source: Source) -> list[Any]:
        """A point list, or the line of a ruler; RAS mm, as Slicer 4 wrote them."""
        require_small(source.path, self._limits.max_text_mb)
        lines = source.path.read_text("utf-8", "replace").splitlines()
        try:
            points = [[float(word) for word in line.split("|")[1:4]] for line in lines if line.startswith("point|")]
        except ValueError as error:
            raise UnreadableError(f"a point in it has no numbers: {error}") from error
        if not points or any(len(point) != 3 for point in points):
            raise UnreadableError("there are no points in it")
        if len(points) > self._limits.max_control_points:
            raise UnreadableError(f"it holds {len(points)} points; {self._limits.max_control_points} are allowed")
        heads = dict(line[1:].split("=", 1) for line in lines if line.startswith("#") and "=" in line)
        heads = {key.strip(): value.strip() for key, value in heads.items()}
        name = source.name or heads.get("Name") or source.path.stem
        label = next((line.split("|")[1] for line in lines if line.startswith("text|")), "")
        return [self._node(name, label, points, any(line.startswith("# line") for line in lines))]

    def _node(self, name: str, label: str, points: list[list[float]], is_ruler: bool) -> Any:
        kind = "Line" if is_ruler and len(points) == 2 else "Fiducial"
        node = self._scene.AddNewNodeByClass(f"vtkMRMLMarkups{kind}Node", name)
        for point in points:
            node.AddControlPoint(vtk.vtkVector3d(*point), label or name)
        node.CreateDefaultDisplayNodes()
        return node

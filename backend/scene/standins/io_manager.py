"""`slicer.app.coreIOManager()`: loading through the server's own commands, saving through storage nodes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.errors import SlicecastError
from backend.scene.commands import Load
from backend.scene.file_types import file_type_of
from backend.scene.standins import saving
from backend.scene.standins.desk import Desk
from backend.scene.standins.missing import StandIn

NOT_PROPERTIES = ("fileName", "fileType", "nodeID")


class IoManager(StandIn):
    """Files into the scene and out of it."""

    stands_for = "qSlicerCoreIOManager"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # -- in ------------------------------------------------------------------------------------------------------

    def fileType(self, filename: Any) -> str:
        """Slicer's file type of a file, by its name."""
        return file_type_of(Path(filename)) or "NoFile"

    def loadNodes(self, fileType: str, properties: dict[str, Any], loadedNodes: Any = None, messages: Any = None) -> bool:
        """Load `properties["fileName"]`; adds the nodes to the collection, and to `messages` why it failed. True if loaded."""
        names = properties.get("fileName", "")
        success = True
        for name in [names] if isinstance(names, str | Path) else names:
            options = {key: _text(value) for key, value in properties.items() if key not in NOT_PROPERTIES}
            path = Path(name).expanduser().absolute()
            try:
                result = self._desk.perform(Load(str(path), fileType, options))
            except SlicecastError as error:
                self._tell(messages, str(error).removeprefix(f"Failed to load node from file: {path}\n"))
                success = False
                continue
            for warning in result.warnings:
                self._tell(messages, warning)
            for node in result.nodes:
                if loadedNodes is not None:
                    loadedNodes.AddItem(self._desk.scene.GetNodeByID(node.id))
        return success

    def loadScene(self, filename: Any, clear: bool = True) -> bool:
        """Load a scene, in place of this one or beside it."""
        return self.loadNodes("SceneFile", {"fileName": str(filename), "clear": clear})

    def loadFile(self, filename: Any) -> bool:
        """Load a file of any type that its name tells."""
        return self.loadNodes(self.fileType(filename), {"fileName": str(filename)})

    # -- out -----------------------------------------------------------------------------------------------------

    def fileWriterFileType(self, node: Any) -> str:
        """What writes a node, such as `VolumeFile`."""
        return saving.writer_of(node)

    def fileWriterExtensions(self, node: Any) -> tuple[str, ...]:
        """Formats a node can be written in, such as `NRRD (.nrrd)`."""
        return tuple(saving.formats_of(node))

    def extractKnownExtension(self, filename: str, node: Any) -> str:
        """The ending of a file name that a node can be written with."""
        return saving.extension_of(str(filename), node)

    def saveNodes(self, fileType: str, properties: dict[str, Any], messages: Any = None) -> bool:
        """Write the node `properties["nodeID"]`, or the scene for `SceneFile`, to `properties["fileName"]`."""
        filename = str(Path(properties["fileName"]).expanduser().absolute())
        if fileType == "SceneFile":
            return self._done(saving.write_scene(self._desk, filename, messages), messages)
        node = self._desk.scene.GetNodeByID(properties["nodeID"])
        return self._done(saving.write(self._desk, node, filename, properties), messages)

    def exportNodes(
        self, nodeIDs: Sequence[str], fileNames: Sequence[str], properties: dict[str, Any], hardenTransforms: bool = False,
        messages: Any = None,
    ) -> bool:  # fmt: skip
        """Write nodes to files that do not become their own."""
        success = True
        for node_id, name in zip(nodeIDs, fileNames, strict=True):
            filename = str(Path(name).expanduser().absolute())
            node = self._desk.scene.GetNodeByID(node_id)
            reason = saving.export(self._desk, node, filename, properties, hardenTransforms)
            success = self._done(reason, messages) and success
        return success

    def _done(self, reason: str, messages: Any) -> bool:
        if reason:
            self._tell(messages, reason)
        return not reason

    @staticmethod
    def _tell(messages: Any, text: str) -> None:
        if messages is not None:
            messages.AddMessage(0x20001, text)  # vtkCommand::ErrorEvent, how message collections mark errors


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)

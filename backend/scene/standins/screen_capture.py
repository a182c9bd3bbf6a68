"""The module `ScreenCapture`: pictures of views into files."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from backend.scene.commands import Picture, SlicePicture, ThreeDPicture
from backend.scene.standins.desk import Desk
from backend.scene.standins.layout import LayoutManager
from backend.scene.standins.missing import StandIn, make_module
from backend.scene.standins.slice_widget import SlicePane, SliceWidget
from backend.scene.standins.threed_widget import ThreeDPane, ThreeDWidget

SIDE_PX = 512
FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


def screen_capture_module(desk: Desk) -> ModuleType:
    """`ScreenCapture`, over a desk."""

    class ScreenCaptureLogic(StandIn):
        """Writes pictures of single views."""

        stands_for = "ScreenCaptureLogic"

        def viewFromNode(self, node: Any) -> SlicePane | ThreeDPane | None:
            """The view of a slice or view node, None if it has none."""
            widget = LayoutManager(desk).viewWidget(node)
            if isinstance(widget, SliceWidget):
                return widget.sliceView()
            return widget.threeDView() if isinstance(widget, ThreeDWidget) else None

        def captureImageFromView(self, view: Any, filePath: str, transparentBackground: bool = False) -> None:
            """Write a view (or a view node) as PNG, JPEG or WebP, by the file name's ending."""
            node = view.mrmlViewNode() if hasattr(view, "mrmlViewNode") else view
            kind = FORMATS.get(Path(filePath).suffix.lower())
            if kind is None:
                raise ValueError(f"pictures end in {', '.join(FORMATS)}, not {filePath}")
            if node is None or not node.IsA("vtkMRMLAbstractViewNode"):
                raise ValueError("a slice or 3D view is needed")
            picture = Picture(SIDE_PX, SIDE_PX, kind)  # type: ignore[arg-type]
            name = node.GetLayoutName()
            if node.IsA("vtkMRMLSliceNode"):
                _info, data = desk.perform(SlicePicture(name, picture, overlays=True))
            else:
                _info, data = desk.perform(ThreeDPicture(name, picture))
            Path(filePath).write_bytes(data)

    return make_module("ScreenCapture", "Pictures of views into files.", ScreenCaptureLogic=ScreenCaptureLogic)

"""SlicerWeb's presets: one volume in every slice view, or two beside each other in red and yellow."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from backend.errors import NotFoundError
from backend.scene import commands as c
from backend.scene.content_commands import selected
from backend.scene.context import Context, Performer

# What each preset showed when it was written. Where that is not in the scene, `default` and `compareview` take what is.
WANTED: dict[str, tuple[str, ...]] = {
    "default": ("MR*ead*",),
    "compareview": ("MRBrainTumor1*", "MRBrainTumor2*"),
    "amigo-2012-07-02": ("ID_1", "ID_6"),
}
PRIVATE = ("amigo-2012-07-02",)


class Presets:
    """Arranges views over volumes that are there already."""

    def __init__(self, context: Context) -> None:
        self._scene, self._views = context.app.scene, context.views
        self.performers: Mapping[type[c.Command], Performer] = {c.ArrangePreset: self._arrange}

    def _arrange(self, command: c.ArrangePreset, _arrived: float) -> list[str]:
        volumes = self._volumes(command.id)
        if len(volumes) == 1:
            for view in self._views.slices():
                if view.background is not volumes[0]:
                    view.show(volumes[0])
        else:
            self._beside(*volumes)
        return [volume.GetName() for volume in volumes]

    def _volumes(self, preset: str) -> list[Any]:
        there = [
            node
            for node in selected(self._scene, c.SelectNodes(class_name="vtkMRMLScalarVolumeNode"))
            if node.GetImageData() is not None and not node.IsA("vtkMRMLLabelMapVolumeNode")
        ]
        wanted = WANTED[preset]
        found = [next((node for node in there if fnmatchcase(node.GetName(), name)), None) for name in wanted]
        if None not in found:
            return found
        if preset in PRIVATE or len(there) < len(wanted):
            raise NotFoundError(
                f"preset {preset} shows the volumes {' and '.join(wanted)}, which are not in the scene: load them first"
            )
        return there[: len(wanted)]

    def _beside(self, left: Any, right: Any) -> None:
        """Both axial, with the window of the left one."""
        for name, volume in (("Red", left), ("Yellow", right)):
            view = self._views.slice(name)
            if view is not None:
                view.show(volume)
                view.orient("axial")
        of_left, of_right = left.GetScalarVolumeDisplayNode(), right.GetScalarVolumeDisplayNode()
        if of_left is not None and of_right is not None:
            of_right.SetAutoWindowLevel(0)
            of_right.SetWindowLevel(of_left.GetWindow(), of_left.GetLevel())

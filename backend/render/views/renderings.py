"""Volume rendering as clients set it: switched on for a volume, with a look, moved along the values, cropped.

Slicer's own presets live in its share directory, which the core library does not carry; these are our own. What MRML has no
field for, the preset's name and how far it was moved, is kept in attributes of the volume property node, so that it is saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import vtk

from backend.errors import BadRequestError, NotFoundError
from backend.render.views import transfer
from backend.render.views.changes import Remembered, SceneChanges
from backend.render.views.nodes import nodes_of_class
from backend.render.views.volumes import scalar_range
from backend.render.volume_looks import Preset, modality_preset, presets
from backend.scene.commands import CropPatch, RenderingPatch

DISPLAY = "vtkMRMLVolumeRenderingDisplayNode"
LEAST_OPACITY = 0.01


class Renderings:
    """Volume renderings of all volumes of the scene. Scene thread only."""

    def __init__(self, app: Any, changes: SceneChanges) -> None:
        self._app = app
        self._state = Remembered(changes, self._read_state)
        self.key = Remembered(changes, self._read_key)
        """Called, gives what changes whenever the state may have."""

    def state(self) -> dict[str, dict[str, Any]]:
        """Of each volume that has volume rendering, by id: the fields of `rendering` in docs/stream.md."""
        return self._state()

    def _displays(self) -> Iterator[tuple[Any, Any, Any]]:
        for display in nodes_of_class(self._app.scene, DISPLAY):
            volume, properties = display.GetVolumeNode(), display.GetVolumePropertyNode()
            if volume is not None and properties is not None and volume.GetImageData() is not None:
                yield display, volume, properties

    def nodes_of(self, volume_ids: list[str]) -> list[Any]:
        """Display, property and ROI nodes of the volume renderings of these volumes."""
        found = [(display, properties) for display, volume, properties in self._displays() if volume.GetID() in volume_ids]
        nodes = [node for display, properties in found for node in (display, properties, display.GetROINode())]
        return [node for node in dict.fromkeys(nodes) if node is not None]

    def _read_key(self) -> tuple[Any, ...]:
        return tuple(_key_of(*nodes) for nodes in self._displays())

    def _read_state(self) -> dict[str, dict[str, Any]]:
        return {volume.GetID(): _state_of(display, volume, properties) for display, volume, properties in self._displays()}

    def apply(self, patches: dict[str, RenderingPatch]) -> None:
        """Set what is given for each volume, by its id.

        Raises:
            NotFoundError: no such volume, or none that can be rendered.
            BadRequestError: no such preset.
        """
        volumes = {node_id: self.volume(node_id) for node_id in patches}
        for node_id, patch in patches.items():
            low, high = value_range(volumes[node_id])
            if patch.preset and patch.preset not in presets(low, high):
                raise BadRequestError(f"there is no preset {patch.preset!r} for this volume: {', '.join(presets(low, high))}")
        for node_id, patch in patches.items():
            self._apply(volumes[node_id], patch)

    def known(self, node_ids: list[str]) -> set[str]:
        """Those that are volumes of the scene which can be rendered."""
        return {node_id for node_id in node_ids if self._find(node_id) is not None}

    def _find(self, node_id: str) -> Any | None:
        node = self._app.scene.GetNodeByID(node_id)
        image = node.GetImageData() if node is not None and node.IsA("vtkMRMLScalarVolumeNode") else None
        return node if image is not None and image.GetNumberOfScalarComponents() == 1 else None

    def volume(self, node_id: str) -> Any:
        """A volume node by its id.

        Raises:
            NotFoundError: there is no such volume, or it can not be rendered.
        """
        node = self._find(node_id)
        if node is None:
            raise NotFoundError(f"no volume with id {node_id!r} that can be rendered")
        return node

    def _apply(self, volume: Any, patch: RenderingPatch) -> None:
        display = self._app.modules["VolumeRendering"].GetFirstVolumeRenderingDisplayNode(volume)
        if display is None:
            display = show_in_3d(self._app, volume)
            display.SetVisibility(0)
        properties = display.GetVolumePropertyNode()
        if patch.preset:
            apply_preset(properties, presets(*value_range(volume))[patch.preset])
        if patch.shift is not None:
            transfer.move(properties, patch.shift)
        points = (patch.opacity_points, patch.color_points, patch.gradient_points)
        if any(given is not None for given in points):
            transfer.set_points(properties, *points)
        if patch.opacity is not None:
            properties.GetVolumeProperty().SetScalarOpacityUnitDistance(1.0 / max(patch.opacity, LEAST_OPACITY))
        if patch.shade is not None:
            properties.GetVolumeProperty().SetShade(patch.shade)
        if patch.crop is not None:
            self._crop(display, volume, patch.crop)
        if patch.visible is not None:
            display.SetVisibility(patch.visible)

    def _crop(self, display: Any, volume: Any, patch: CropPatch) -> None:
        roi = display.GetROINode()
        if roi is None:
            self._app.modules["VolumeRendering"].CreateROINode(display)
            roi = display.GetROINode()
            roi.SetName(f"{volume.GetName()} crop")
            roi.CreateDefaultDisplayNodes()
            roi.GetDisplayNode().SetVisibility(0)
            _place(roi, bounds_of(volume))
        if patch.bounds is not None:
            _place(roi, patch.bounds)
        if patch.on is not None:
            display.SetCroppingEnabled(patch.on)


def _key_of(display: Any, volume: Any, properties: Any) -> tuple[Any, ...]:
    roi = display.GetROINode()
    look = (properties.GetMTime(), properties.GetVolumeProperty().GetMTime())
    return (volume.GetID(), volume.GetName(), display.GetMTime(), *look, roi.GetMTime() if roi is not None else 0)


def _state_of(display: Any, volume: Any, properties: Any) -> dict[str, Any]:
    look, roi = properties.GetVolumeProperty(), display.GetROINode()
    low, high = scalar_range(volume.GetImageData())
    return {
        "name": volume.GetName(),
        "visible": bool(display.GetVisibility()),
        "preset": properties.GetAttribute(transfer.PRESET) or "",
        "presets": list(presets(low, high)),
        "shift": transfer.shift_of(properties),
        "opacity_points": transfer.opacity_points(look),
        "color_points": transfer.color_points(look),
        "gradient_points": transfer.gradient_points(look),
        "range": [low, high],
        "opacity": 1.0 / max(look.GetScalarOpacityUnitDistance(), 1e-6),
        "shade": bool(look.GetShade()),
        "crop": {"on": bool(display.GetCroppingEnabled()), "bounds": bounds_of(volume if roi is None else roi)},
        "bounds": bounds_of(volume),
    }


def value_range(volume: Any) -> tuple[float, float]:
    """Least value of a volume, and its greatest that is no outlier: what presets are made for."""
    low, high = scalar_range(volume.GetImageData())
    return low, robust_high(volume, low, high)


def bounds_of(node: Any) -> list[float]:
    """Box around a volume or an ROI, RAS mm."""
    bounds = [0.0] * 6
    node.GetRASBounds(bounds)
    return bounds


def _place(roi: Any, bounds: Any) -> None:
    """Make an ROI the box with these bounds, RAS mm, along the axes of the patient."""
    roi.GetObjectToNodeMatrix().Identity()
    roi.SetXYZ(*((bounds[2 * axis] + bounds[2 * axis + 1]) / 2 for axis in range(3)))
    roi.SetRadiusXYZ(*((bounds[2 * axis + 1] - bounds[2 * axis]) / 2 for axis in range(3)))


def show_in_3d(app: Any, volume: Any) -> Any:
    """Make volume rendering nodes for a volume, give them a preset, and show them. Returns the display node."""
    logic = app.modules["VolumeRendering"]
    display = logic.GetFirstVolumeRenderingDisplayNode(volume)
    if display is None:
        display = app.scene.AddNewNodeByClass("vtkMRMLGPURayCastVolumeRenderingDisplayNode")
        display.SetName(f"{volume.GetName()} volume rendering")
        volume.AddAndObserveDisplayNodeID(display.GetID())
        properties = app.scene.AddNewNodeByClass("vtkMRMLVolumePropertyNode")
        display.SetAndObserveVolumePropertyNodeID(properties.GetID())
        logic.CreateROINode(display)
    apply_preset(display.GetVolumePropertyNode(), modality_preset(*value_range(volume)))
    display.SetVisibility(1)
    return display


def robust_high(volume: Any, low: float, high: float) -> float:
    """Top of the volume's display window, which outliers do not move, within its range."""
    display = volume.GetScalarVolumeDisplayNode()
    if display is None or display.GetWindow() <= 0:
        return high
    return float(min(max(display.GetLevel() + display.GetWindow() / 2, low + (high - low) * 0.01), high))


def apply_preset(node: Any, preset: Preset) -> None:
    """Write a preset's control points into a volume property node."""
    apply_preset_to(node.GetVolumeProperty(), preset)
    node.SetName(preset.name)
    node.SetAttribute(transfer.PRESET, preset.name)
    node.SetAttribute(transfer.SHIFT, "0.0")
    node.Modified()


def apply_preset_to(properties: Any, preset: Preset) -> None:
    """Write a preset's control points into a vtkVolumeProperty."""
    opacity, color = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    for value, amount in preset.opacity:
        opacity.AddPoint(value, amount)
    for value, red, green, blue in preset.color:
        color.AddRGBPoint(value, red, green, blue)
    properties.SetScalarOpacity(opacity)
    properties.SetColor(color)
    everywhere = vtk.vtkPiecewiseFunction()
    everywhere.AddPoint(0.0, 1.0)
    properties.SetGradientOpacity(everywhere)
    properties.SetScalarOpacityUnitDistance(1.0)
    properties.SetInterpolationTypeToLinear()
    properties.SetShade(preset.shade)
    properties.SetAmbient(preset.ambient)
    properties.SetDiffuse(preset.diffuse)
    properties.SetSpecular(preset.specular)
    properties.SetSpecularPower(preset.specular_power)

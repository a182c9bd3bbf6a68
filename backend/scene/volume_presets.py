"""Volume rendering switched on for a volume, with a look fit for its modality.

Slicer's own presets live in its share directory, which the core library does not carry; these are our own.
"""

from __future__ import annotations

from typing import Any

import vtk

from backend.render.volume_looks import Preset, modality_preset


def show_in_3d(app: Any, volume: Any) -> Any:
    """Make volume rendering nodes for a volume, give them a preset, and show them. Returns the display node."""
    logic = app.modules["VolumeRendering"]
    display = logic.GetFirstVolumeRenderingDisplayNode(volume)
    if display is None:
        display = app.scene.AddNewNodeByClass("vtkMRMLGPURayCastVolumeRenderingDisplayNode")
        display.SetName(f"{volume.GetName()} volume rendering")
        volume.AddAndObserveDisplayNodeID(display.GetID())
        logic.UpdateDisplayNodeFromVolumeNode(display, volume)
    low, high = volume.GetImageData().GetScalarRange()
    apply_preset(display.GetVolumePropertyNode(), modality_preset(low, robust_high(volume, low, high)))
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
    opacity, color = vtk.vtkPiecewiseFunction(), vtk.vtkColorTransferFunction()
    for value, amount in preset.opacity:
        opacity.AddPoint(value, amount)
    for value, red, green, blue in preset.color:
        color.AddRGBPoint(value, red, green, blue)
    properties = node.GetVolumeProperty()
    properties.SetScalarOpacity(opacity)
    properties.SetColor(color)
    properties.SetScalarOpacityUnitDistance(1.0)
    properties.SetInterpolationTypeToLinear()
    properties.ShadeOn()
    properties.SetAmbient(preset.ambient)
    properties.SetDiffuse(preset.diffuse)
    properties.SetSpecular(preset.specular)
    properties.SetSpecularPower(preset.specular_power)
    node.SetName(preset.name)
    node.Modified()

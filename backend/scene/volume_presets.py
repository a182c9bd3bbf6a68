"""Volume rendering switched on for a volume, with a look fit for its modality.

Slicer's own presets live in its share directory, which the core library does not carry; these are our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import vtk

# Values from here down do not occur in MR or nuclear images, but air in CT is near -1000 HU.
CT_AIR_HU = -500.0


@dataclass(frozen=True)
class Preset:
    """Control points of a volume property: (value, opacity per mm) and (value, red, green, blue), values in voxel units."""

    name: str
    opacity: tuple[tuple[float, float], ...]
    color: tuple[tuple[float, float, float, float], ...]
    ambient: float = 0.15
    diffuse: float = 0.9
    specular: float = 0.25
    specular_power: float = 12.0


CT_BONE_AND_CONTRAST = Preset(
    "CT bone and contrast",
    ((-1200, 0.0), (110, 0.0), (150, 0.12), (220, 0.35), (500, 0.7), (3000, 0.9)),
    (
        (-1200, 0.0, 0.0, 0.0),
        (110, 0.70, 0.22, 0.16),
        (190, 0.88, 0.50, 0.34),
        (320, 0.97, 0.88, 0.74),
        (3000, 1.0, 1.0, 1.0),
    ),
)


def modality_preset(low: float, high: float) -> Preset:
    """A preset for voxel values reaching from `low` to `high`."""
    if low <= CT_AIR_HU:
        return CT_BONE_AND_CONTRAST
    span = high - low

    def at(fraction: float) -> float:
        return low + fraction * span

    return Preset(
        "Soft ramp",
        ((at(0), 0.0), (at(0.12), 0.0), (at(0.3), 0.03), (at(0.6), 0.12), (at(1), 0.45)),
        (
            (at(0), 0.0, 0.0, 0.0),
            (at(0.15), 0.42, 0.24, 0.18),
            (at(0.45), 0.85, 0.65, 0.5),
            (at(1), 1.0, 1.0, 0.95),
        ),
    )


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

"""Volume rendering of the scene's volumes: MRML's display, property and ROI nodes as what the marcher takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import slicer
from numpy.typing import NDArray

from backend.render.marcher import TransferFunction, VolumeMarcher
from backend.render.views.matrices import Matrix, from_vtk, to_vtk
from backend.render.views.nodes import nodes_of_class
from backend.render.views.volumes import VolumeSource, VolumeSources, content_key, ijk_to_world, scalar_range

TABLE_SIZE = 4096
GRADIENT_TABLE_SIZE = 1024


@dataclass(frozen=True)
class ShownVolume:
    """A volume that a 3D view draws."""

    marcher: VolumeMarcher
    mode: Literal["composite", "mip"]
    bounds: tuple[float, ...]
    key: tuple[Any, ...]


def shown_volumes(scene: Any, view_node: Any, sources: VolumeSources) -> list[ShownVolume]:
    """Volumes whose volume rendering is visible in this view, ready to be drawn."""
    shown = []
    for display in nodes_of_class(scene, "vtkMRMLVolumeRenderingDisplayNode"):
        if not display.GetVisibility() or not display.IsDisplayableInView(view_node.GetID()):
            continue
        volume, properties = display.GetVolumeNode(), display.GetVolumePropertyNode()
        if volume is None or properties is None or volume.GetImageData() is None:
            continue
        source, matrix = sources.of(volume), ijk_to_world(volume)
        if source is not None and matrix is not None:
            shown.append(_shown(display, volume, properties, source, matrix, view_node))
    return shown


def _shown(display: Any, volume: Any, properties: Any, source: VolumeSource, matrix: Matrix, view_node: Any) -> ShownVolume:
    roi = display.GetROINode() if display.GetCroppingEnabled() else None
    place = (content_key(volume)[:3], matrix.tobytes())
    look = (properties.GetMTime(), properties.GetVolumeProperty().GetMTime(), display.GetMTime())
    crop = (roi.GetMTime(), roi.GetID()) if roi is not None else None
    key = (place, look, crop, view_node.GetRaycastTechnique())
    if source.marcher is None or source.marcher_key[:1] != (place,):
        source.marcher, source.marcher_key = VolumeMarcher(source.voxels, matrix), (place, None, None)
    if source.marcher_key != (place, look, crop):
        if source.marcher_key[1] != look:
            values = scalar_range(volume.GetImageData())
            source.marcher.set_transfer(transfer_of(properties.GetVolumeProperty(), *values))
        source.marcher.set_crop(*crop_box(roi) if roi is not None else (None, None))
        source.marcher_key = (place, look, crop)
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    mip = view_node.GetRaycastTechnique() == slicer.vtkMRMLViewNode.MaximumIntensityProjection
    return ShownVolume(source.marcher, "mip" if mip else "composite", tuple(bounds), key)


def transfer_of(properties: Any, low: float, high: float) -> TransferFunction:
    """A vtkVolumeProperty's tables from the least to the greatest value of the voxels."""
    if high <= low:
        high = low + 1.0
    values = np.linspace(low, high, TABLE_SIZE)
    colors = np.zeros(TABLE_SIZE * 3)
    properties.GetRGBTransferFunction().GetTable(low, high, TABLE_SIZE, colors)
    opacity = np.zeros(TABLE_SIZE)
    properties.GetScalarOpacity().GetTable(low, high, TABLE_SIZE, opacity)
    by_gradient, steepest = _gradient_opacity(properties)
    return TransferFunction(
        low=float(values[0]),
        high=float(values[-1]),
        rgb=colors.reshape(TABLE_SIZE, 3).astype(np.float32),
        opacity=opacity.astype(np.float32),
        unit_distance_mm=properties.GetScalarOpacityUnitDistance(),
        shade=bool(properties.GetShade()),
        ambient=properties.GetAmbient(),
        diffuse=properties.GetDiffuse(),
        specular=properties.GetSpecular(),
        specular_power=properties.GetSpecularPower(),
        gradient_opacity=by_gradient,
        gradient_high=steepest,
    )


def _gradient_opacity(properties: Any) -> tuple[NDArray[np.float32] | None, float]:
    """Opacity by gradient magnitude from 0 to a greatest one, beyond which it stays; None where it changes nothing."""
    function = properties.GetGradientOpacity()  # all ones where it is disabled
    steepest = max(float(function.GetRange()[1]), 1e-3)
    table = np.zeros(GRADIENT_TABLE_SIZE)
    function.GetTable(0.0, steepest, GRADIENT_TABLE_SIZE, table)
    return (None if (table >= 1).all() else table.astype(np.float32)), steepest


def crop_box(roi: Any) -> tuple[Matrix, NDArray[np.float64]]:
    """An ROI as box_to_ras (4, 4), RAS mm, and half sizes (3,), mm."""
    box_to_ras = to_vtk(np.eye(4))
    box_to_ras.DeepCopy(roi.GetObjectToWorldMatrix())
    size = np.zeros(3)
    roi.GetSizeWorld(size)
    return from_vtk(box_to_ras), size / 2

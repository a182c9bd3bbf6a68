"""The slab reconstruction of Slicer's slice nodes: read, told as state, set by patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backend.render.reslice import SLAB_MODES, Slab, SlabMode
from backend.render.views.matrices import Matrix

THICKEST_MM = 1e6


@dataclass(frozen=True)
class ThickSlice:
    """The slab reconstruction of a slice node."""

    mode: SlabMode
    thickness_mm: float
    oversampling: float

    @classmethod
    def of(cls, node: Any) -> ThickSlice | None:
        """What the slice node asks for; None where its slices are thin. What scripts set is held within reason."""
        if not node.GetSlabReconstructionEnabled():
            return None
        mode = SLAB_MODES[min(max(node.GetSlabReconstructionType(), 0), len(SLAB_MODES) - 1)]
        return cls(mode, thickness_of(node), max(0.1, min(10.0, node.GetSlabReconstructionOversamplingFactor())))

    def samples(self, slice_to_ras: Matrix, ras_to_ijk: NDArray[np.floating[Any]]) -> Slab:
        """The samples of a volume that a picture of this plane gathers."""
        per_mm = ras_to_ijk[:3, :3] @ slice_to_ras[:3, 2]
        return Slab.of_thickness(self.mode, self.thickness_mm, per_mm, self.oversampling)


def thickness_of(node: Any) -> float:
    """Thickness of a slice node's slab, mm, whether it is enabled or not."""
    thickness: float = node.GetSlabReconstructionThickness()
    return max(0.0, min(THICKEST_MM, thickness))


def slab_state(node: Any) -> dict[str, Any]:
    """The field `slab` of a slice view's state."""
    thick = ThickSlice.of(node)
    return {"mode": thick.mode if thick else "off", "thickness": thickness_of(node)}


def set_slab(node: Any, mode: SlabMode | Literal["off"] | None, thickness_mm: float | None) -> None:
    """Set what is not None."""
    if thickness_mm is not None:
        node.SetSlabReconstructionThickness(thickness_mm)
    if mode is not None:
        node.SetSlabReconstructionEnabled(mode != "off")
        if mode != "off":
            node.SetSlabReconstructionType(SLAB_MODES.index(mode))

"""Looks of volume rendering: control points of colour and opacity, fit for a modality. Our own."""

from __future__ import annotations

from dataclasses import dataclass

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

CT_SKIN = Preset(
    "CT skin",
    ((-1200, 0.0), (-450, 0.0), (-300, 0.25), (-100, 0.5), (3000, 0.8)),
    ((-1200, 0.55, 0.25, 0.15), (-300, 0.88, 0.60, 0.50), (150, 1.0, 0.87, 0.8), (3000, 1.0, 1.0, 1.0)),
)


def modality_preset(low: float, high: float) -> Preset:
    """A preset for voxel values reaching from `low` to `high`."""
    if low <= CT_AIR_HU:
        return CT_BONE_AND_CONTRAST
    return soft_ramp(low, high)


def soft_ramp(low: float, high: float) -> Preset:
    """The greater a value, the more is seen of it."""
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

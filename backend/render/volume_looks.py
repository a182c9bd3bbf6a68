"""Looks of volume rendering: control points of colour and opacity, fit for a modality. Our own."""

from __future__ import annotations

from collections.abc import Callable
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
    shade: bool = True


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

CT_BONE = Preset(
    "CT bone",
    ((-1200, 0.0), (180, 0.0), (300, 0.3), (600, 0.8), (3000, 0.95)),
    ((-1200, 0.5, 0.4, 0.3), (180, 0.72, 0.58, 0.42), (400, 0.93, 0.86, 0.72), (3000, 1.0, 1.0, 0.98)),
)

CT_VESSELS = Preset(
    "CT vessels",
    ((-1200, 0.0), (120, 0.0), (180, 0.25), (330, 0.6), (450, 0.12), (3000, 0.3)),
    ((-1200, 0.3, 0.0, 0.0), (120, 0.55, 0.04, 0.03), (300, 0.9, 0.22, 0.15), (480, 0.9, 0.84, 0.74), (3000, 1.0, 1.0, 1.0)),
    specular=0.4,
    specular_power=20.0,
)

CT_SOFT_TISSUE = Preset(
    "CT soft tissue",
    ((-1200, 0.0), (-20, 0.0), (20, 0.05), (80, 0.14), (160, 0.3), (3000, 0.6)),
    ((-1200, 0.3, 0.1, 0.1), (0, 0.55, 0.2, 0.16), (60, 0.82, 0.42, 0.33), (160, 0.95, 0.75, 0.6), (3000, 1.0, 1.0, 0.95)),
)

CT_LUNG = Preset(
    "CT lung",
    ((-1200, 0.0), (-960, 0.0), (-880, 0.012), (-700, 0.05), (-520, 0.03), (-400, 0.0), (3000, 0.0)),
    (
        (-1200, 0.2, 0.3, 0.45),
        (-900, 0.35, 0.55, 0.75),
        (-700, 0.75, 0.85, 0.95),
        (-400, 1.0, 0.8, 0.75),
        (3000, 1.0, 1.0, 1.0),
    ),
)

CT_AIRWAYS = Preset(
    "CT airways",
    ((-1200, 0.0), (-1010, 0.0), (-970, 0.25), (-930, 0.0), (3000, 0.0)),
    ((-1200, 0.4, 0.65, 0.9), (-970, 0.6, 0.8, 0.95), (3000, 1.0, 1.0, 1.0)),
)

CT_XRAY = Preset(
    "CT X-ray",
    ((-1200, 0.0), (-700, 0.0), (0, 0.004), (300, 0.02), (3000, 0.12)),
    ((-1200, 1.0, 1.0, 1.0), (3000, 1.0, 1.0, 1.0)),
    ambient=1.0,
    diffuse=0.0,
    specular=0.0,
    shade=False,
)


def modality_preset(low: float, high: float) -> Preset:
    """A preset for voxel values reaching from `low` to `high`."""
    if low <= CT_AIR_HU:
        return CT_BONE_AND_CONTRAST
    return soft_ramp(low, high)


def soft_ramp(low: float, high: float) -> Preset:
    """The greater a value, the more is seen of it."""
    return _over(
        "Soft ramp",
        low,
        high,
        ((0, 0.0), (0.12, 0.0), (0.3, 0.03), (0.6, 0.12), (1, 0.45)),
        ((0, 0.0, 0.0, 0.0), (0.15, 0.42, 0.24, 0.18), (0.45, 0.85, 0.65, 0.5), (1, 1.0, 1.0, 0.95)),
    )


def surface(low: float, high: float) -> Preset:
    """One surface where values rise above the background."""
    return _over(
        "Surface",
        low,
        high,
        ((0, 0.0), (0.18, 0.0), (0.24, 0.5), (1, 0.9)),
        ((0, 0.45, 0.28, 0.2), (0.25, 0.85, 0.66, 0.55), (0.6, 0.98, 0.9, 0.82), (1, 1.0, 1.0, 1.0)),
    )


def bright_vessels(low: float, high: float) -> Preset:
    """Only the brightest, as vessels in angiography are."""
    return _over(
        "Bright vessels",
        low,
        high,
        ((0, 0.0), (0.45, 0.0), (0.65, 0.3), (1, 0.9)),
        ((0, 0.3, 0.0, 0.0), (0.45, 0.6, 0.08, 0.05), (0.7, 0.95, 0.35, 0.22), (1, 1.0, 0.9, 0.8)),
        specular=0.4,
    )


def hot_metal(low: float, high: float) -> Preset:
    """Uptake in the colours of heat, without shading."""
    return _over(
        "Hot metal",
        low,
        high,
        ((0, 0.0), (0.06, 0.0), (0.25, 0.04), (0.6, 0.25), (1, 0.8)),
        ((0, 0.0, 0.0, 0.0), (0.3, 0.7, 0.05, 0.0), (0.6, 1.0, 0.6, 0.0), (1, 1.0, 1.0, 0.9)),
        shade=False,
    )


def bright_mist(low: float, high: float) -> Preset:
    """White on dark, through everything, as in a projection."""
    return _over(
        "Bright mist",
        low,
        high,
        ((0, 0.0), (0.1, 0.0), (0.5, 0.01), (1, 0.08)),
        ((0, 1.0, 1.0, 1.0), (1, 1.0, 1.0, 1.0)),
        shade=False,
    )


def _over(
    name: str,
    low: float,
    high: float,
    opacity: tuple[tuple[float, float], ...],
    color: tuple[tuple[float, float, float, float], ...],
    *,
    shade: bool = True,
    specular: float = 0.25,
) -> Preset:
    """Control points given by fractions of a range of values."""
    span = high - low
    return Preset(
        name,
        tuple((low + at * span, amount) for at, amount in opacity),
        tuple((low + at * span, *rgb) for at, *rgb in color),  # type: ignore[misc]
        specular=specular,
        shade=shade,
    )


OF_CT = (
    CT_BONE_AND_CONTRAST, CT_BONE, CT_VESSELS, CT_SOFT_TISSUE, CT_SKIN, CT_LUNG, CT_AIRWAYS, CT_XRAY,
)  # fmt: skip
OF_ANY: tuple[Callable[[float, float], Preset], ...] = (soft_ramp, surface, bright_vessels, hot_metal, bright_mist)


def presets(low: float, high: float) -> dict[str, Preset]:
    """All looks that fit voxel values reaching from `low` to `high`, by their names, those made for the modality first."""
    found = [*(OF_CT if low <= CT_AIR_HU else ()), *(make(low, high) for make in OF_ANY)]
    return {preset.name: preset for preset in found}

"""Colours as text."""

from __future__ import annotations

from collections.abc import Iterable

Rgb = tuple[float, float, float]


def to_hex(color: Iterable[float]) -> str:
    """A colour of 0..1 as `#RRGGBB`."""
    return "#" + "".join(f"{round(min(max(channel, 0.0), 1.0) * 255):02X}" for channel in color)


def from_hex(text: str) -> Rgb:
    """`#RRGGBB`, in either case, as a colour of 0..1."""
    red, green, blue = bytes.fromhex(text[1:7])
    return red / 255, green / 255, blue / 255

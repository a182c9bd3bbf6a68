"""VOI windows, apart from what reads them, so that the gateway needs no DICOM library to ask for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Function = Literal["linear", "linear-exact", "sigmoid"]


@dataclass(frozen=True)
class Window:
    """A VOI window (PS3.3, C.11.2.1.2), in the units after the modality transformation."""

    center: float
    width: float
    function: Function = "linear"

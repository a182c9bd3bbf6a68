"""VTK's warnings switched off for a while, where they tell of what is known and all right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import vtk


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of VTK within; scene thread only."""
    loud = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(0)
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(loud)

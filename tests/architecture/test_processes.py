"""Promises about what is loaded where."""

from __future__ import annotations

import subprocess
import sys

from tests.support.live import ROOT


def test_the_gateway_never_loads_the_heavy_libraries() -> None:
    heavy = ("vtk", "vtkmodules", "slicer", "numba")
    code = f"import backend.app, backend.doors, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

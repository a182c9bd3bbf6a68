"""The version of Slicer whose interface this server keeps to."""

from __future__ import annotations

SLICER_VERSION = "5.13.0"

"""Slicer's views on offscreen windows: from MRML nodes to pixels. The only part of `render` that knows `slicer`."""

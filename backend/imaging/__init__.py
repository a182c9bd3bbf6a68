"""Voxels and geometry: numpy only."""

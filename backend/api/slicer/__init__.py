"""Slicer's Web Server API."""

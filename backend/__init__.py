"""Slicecast: a headless medical-imaging server that renders remotely and streams to any browser."""

__version__ = "0.1.0"

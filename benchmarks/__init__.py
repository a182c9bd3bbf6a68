"""Benchmarks: each prints our figure, the bare limit of the same work, and their ratio, from one run."""

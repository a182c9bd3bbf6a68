"""Compiled kernels (numba): plain arrays in, plain arrays out."""

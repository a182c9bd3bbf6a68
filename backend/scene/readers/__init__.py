"""Readers: one module for each kind of file, each turning a `Source` into nodes of the scene, main one first."""

"""The OHIF viewer at /browse."""

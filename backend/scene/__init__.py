"""The MRML scene and the process it lives in."""

"""The meaning of DICOM data: no network, no SQL."""

"""The door of DICOMweb (PS3.18), at `/dicom`."""

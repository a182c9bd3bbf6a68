"""DICOMweb (PS3.18): translates between its requests and the archive."""

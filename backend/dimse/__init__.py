"""The DICOM network (PS3.7, PS3.8): a listener for modalities and archives, and a client of theirs."""

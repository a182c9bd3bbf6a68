"""Identifiers as Orthanc makes them: SHA-1 sums of UIDs, the same on every server."""

from __future__ import annotations

import hashlib


def orthanc_id(patient_id: str, *uids: str) -> str:
    """Of a patient, or with study, series and instance UID of what they name."""
    digest = hashlib.sha1("|".join([patient_id.rstrip("\0 "), *uids]).encode(), usedforsecurity=False).hexdigest()
    return "-".join(digest[start : start + 8] for start in range(0, 40, 8))

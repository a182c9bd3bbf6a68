"""PET voxels as standardised uptake values by body weight (SUVbw, g/ml), where the header says enough.

As the Quantitative Imaging Biomarkers Alliance computes it: activity concentration × body weight / injected dose, the dose
decayed to the time that the images are corrected to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, DT, TM

PHILIPS_FACTOR, PHILIPS_CREATOR = 0x70531000, "Philips PET Private Group"


class NoSuvError(ValueError):
    """The header lacks what is needed; the message says what."""


def suv_factor(header: Dataset) -> float:
    """By what rescaled values of a PET image are multiplied to be SUVbw.

    Args:
        header: of one of the series' images.

    Raises:
        NoSuvError: it does not say enough.
    """
    units = str(header.get("Units", ""))
    if units == "GML":
        if str(header.get("SUVType", "BW")) != "BW":
            raise NoSuvError(f"they are SUV of another kind ({header.SUVType})")
        return 1.0
    if units == "CNTS":
        return _philips(header)
    if units != "BQML":
        raise NoSuvError(f"their unit is {units or 'not said'}")
    corrected = [str(one) for one in header.get("CorrectedImage", ())]
    if "ATTN" not in corrected or "DECY" not in corrected:
        raise NoSuvError("they are not corrected for attenuation and decay")
    weight = _positive(header, "PatientWeight", "the patient's weight")
    given = header.get("RadiopharmaceuticalInformationSequence")
    if not given:
        raise NoSuvError("nothing is said of what was injected")
    dose = _positive(given[0], "RadionuclideTotalDose", "the injected dose")
    return weight * 1000.0 / (dose * _decay(header, given[0]))


def _decay(header: Dataset, injected: Dataset) -> float:
    """What part of the dose was left at the time that the images are corrected to."""
    correction = str(header.get("DecayCorrection", ""))
    if correction == "ADMIN":
        return 1.0
    if correction != "START":
        raise NoSuvError(f"what they are corrected to for decay is {correction or 'not said'}")
    half_life = _positive(injected, "RadionuclideHalfLife", "the half-life")
    scanned = _scan_start(header)
    passed = (scanned - _injection(injected, scanned)).total_seconds()
    if not 0 <= passed < 24 * 3600:
        raise NoSuvError("the times of injection and scan do not fit each other")
    return float(2.0 ** (-passed / half_life))


def _scan_start(header: Dataset) -> datetime:
    """Series time, unless images are said to be acquired before it: then the series was made anew later."""
    series = _moment(header.get("SeriesDate"), header.get("SeriesTime"))
    acquired = _moment(header.get("AcquisitionDate"), header.get("AcquisitionTime"))
    if series is None or (acquired is not None and acquired < series):
        raise NoSuvError("the time of the scan is not said, or later than that of its images")
    return series


def _injection(injected: Dataset, scanned: datetime) -> datetime:
    moment = injected.get("RadiopharmaceuticalStartDateTime")
    if moment:
        whole = DT(moment)
        return whole.replace(tzinfo=None) if whole is not None else scanned
    time = _moment(scanned.strftime("%Y%m%d"), injected.get("RadiopharmaceuticalStartTime"))
    if time is None:
        raise NoSuvError("the time of the injection is not said")
    return time if time <= scanned else time - timedelta(days=1)


def _moment(date: Any, time: Any) -> datetime | None:
    try:
        day, clock = DA(date or None), TM(time or None)
    except ValueError:
        return None
    return datetime.combine(day, clock) if day is not None and clock is not None else None


def _philips(header: Dataset) -> float:
    """Counts with the maker's own factor to SUV."""
    block = header.get_private_item if header.get(0x70530010) else None
    try:
        factor = float(block(0x7053, 0x00, PHILIPS_CREATOR).value) if block else 0.0
    except (KeyError, TypeError, ValueError):
        factor = 0.0
    if factor <= 0:
        raise NoSuvError("they are counts, without a factor to SUV")
    return factor


def _positive(dataset: Dataset, keyword: str, name: str) -> float:
    value = dataset.get(keyword)
    if value is None or not float(value) > 0:
        raise NoSuvError(f"{name} is not said")
    return float(value)

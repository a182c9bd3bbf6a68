"""Standardised uptake values, against the factor that another program wrote for the same images, and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from backend.dicom.loaded import SUV_UNITS, LoadedVolume
from backend.dicom.loading import Bounds, load_best_series
from backend.dicom.suv import NoSuvError, suv_factor
from tests.support.dicom_phantom import write_series
from tests.support.phantoms import centred

DATA = next((found for parent in Path(__file__).parents if (found := parent / "shared" / "data").is_dir()), Path("/nowhere"))
DIMS = (6, 5, 4)


def header(**changes: Any) -> Dataset:
    """Injected an hour before the scan: one half-life. None takes an attribute away."""
    injected = Dataset()
    injected.RadionuclideTotalDose, injected.RadionuclideHalfLife = "2E8", "3600"
    injected.RadiopharmaceuticalStartTime = "090000"
    data = Dataset()
    data.Units, data.DecayCorrection, data.CorrectedImage = "BQML", "START", ["ATTN", "DECY"]
    data.PatientWeight = "80"
    data.SeriesDate = data.AcquisitionDate = "20240102"
    data.SeriesTime = data.AcquisitionTime = "100000"
    data.RadiopharmaceuticalInformationSequence = [injected]
    for name, value in changes.items():
        target = injected if name.startswith("Radio") and name != "RadiopharmaceuticalInformationSequence" else data
        if value is None:
            delattr(target, name)
        else:
            setattr(target, name, value)
    return data


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 80_000 / 1e8),
        ({"DecayCorrection": "ADMIN"}, 80_000 / 2e8),
        ({"RadiopharmaceuticalStartDateTime": "20240102080000"}, 80_000 / 0.5e8),
        ({"RadiopharmaceuticalStartTime": "233000", "SeriesTime": "003000", "AcquisitionTime": "003000"}, 80_000 / 1e8),
        ({"Units": "GML"}, 1.0),
    ],
)
def test_factors_by_hand(changes: dict[str, Any], factor: float) -> None:
    assert suv_factor(header(**changes)) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PatientWeight": None}, "weight"),
        ({"PatientWeight": "0"}, "weight"),
        ({"RadionuclideTotalDose": None}, "dose"),
        ({"RadionuclideHalfLife": None}, "half-life"),
        ({"RadiopharmaceuticalStartTime": None}, "injection"),
        ({"RadiopharmaceuticalInformationSequence": []}, "injected"),
        ({"CorrectedImage": ["ATTN"]}, "corrected"),
        ({"DecayCorrection": "NONE"}, "NONE"),
        ({"AcquisitionTime": "093000"}, "scan"),
        ({"Units": "CNTS"}, "counts"),
        ({"Units": "PROPCPS"}, "PROPCPS"),
        ({"Units": "GML", "SUVType": "LBM"}, "LBM"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(NoSuvError, match=said):
        suv_factor(header(**changes))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample data is not here")
def test_a_real_factor_is_that_of_the_mapping_another_program_made() -> None:
    image = pydicom.dcmread(next((DATA / "petct-chest" / "pet-ac").iterdir()), stop_before_pixels=True)
    mapping = pydicom.dcmread(next((DATA / "petct-chest" / "rwv-pet-ac").iterdir()))
    (item,) = mapping.ReferencedImageRealWorldValueMappingSequence[0].RealWorldValueMappingSequence
    assert item.MeasurementUnitsCodeSequence[0].CodeValue == SUV_UNITS
    assert suv_factor(image) == pytest.approx(item.RealWorldValueSlope, rel=1e-4)


@pytest.mark.parametrize("known", [True, False])
def test_voxels_and_window_are_in_suv_where_it_is_known(tmp_path: Path, known: bool) -> None:
    tags = {element.keyword: element.value for element in header(**({} if known else {"PatientWeight": None}))}
    write_series(
        tmp_path, centred(np.eye(3), (4.0, 4.0, 4.0), DIMS), DIMS, Modality="PT", WindowWidth=1000, WindowCenter=500, **tags
    )
    volume = load_best_series(tmp_path, Bounds(100, 1 << 20), lambda _part, _text: None)
    assert isinstance(volume, LoadedVolume)
    factor = 80_000 / 1e8 if known else 1.0
    assert volume.voxels.max() == pytest.approx(250 * factor)
    assert (volume.window, volume.level) == pytest.approx((1000 * factor, 500 * factor))
    assert volume.metadata["Units"] == (SUV_UNITS if known else "BQML")
    assert any("not SUV" in str(note) for note in volume.diagnoses) is not known

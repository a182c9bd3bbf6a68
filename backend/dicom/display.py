"""How an image's header says that its values become a picture (PS3.3, C.11.1, C.11.2, C.7.6.3, C.7.6.16), for one frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from backend.dicom.window import Function, Window
from backend.errors import UnreadableError

FUNCTIONS: dict[str, Function] = {"LINEAR": "linear", "LINEAR_EXACT": "linear-exact", "SIGMOID": "sigmoid"}
LARGEST_ASPECT = 16.0
SAME_ASPECT = 0.01
WHOLE_LUT = 65536


@dataclass(frozen=True)
class Lut:
    """A look-up table: `entries[0]` is for values up to `first`, the last for all above; entries have `bits` bits."""

    first: int
    bits: int
    entries: NDArray[Any] = field(compare=False)

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Entries for values, as float64."""
        at = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.entries) - 1)
        found: NDArray[np.float64] = self.entries[at].astype(np.float64)
        return found


@dataclass(frozen=True)
class Display:
    """What decides how one frame looks. `modality` is a table, or slope and intercept."""

    photometric: str
    modality: Lut | tuple[float, float] = (1.0, 0.0)
    windows: tuple[Window, ...] = ()
    tables: tuple[Lut, ...] = ()
    """VOI LUTs, used where there is no window."""
    padding: tuple[float, float] | None = None
    """Lowest and highest stored value that is no part of the image."""
    inverse: bool = False
    aspect: float = 1.0
    """Height of a pixel divided by its width."""

    @property
    def inverted(self) -> bool:
        """Whether low values are bright."""
        return self.inverse or self.photometric == "MONOCHROME1"


def display_of(dataset: Dataset, frame: int = 0) -> Display:
    """How a frame (from 0) is shown.

    Raises:
        UnreadableError: its tables make no sense.
    """
    groups = list(functional_groups(dataset, frame))
    voi = _group(groups, "FrameVOILUTSequence") or dataset
    return Display(
        photometric=str(dataset.get("PhotometricInterpretation") or "MONOCHROME2").strip(),
        modality=modality_of(dataset, groups),
        windows=windows_of(voi) or windows_of(dataset),
        tables=tables_of(voi, signed_of(dataset)),
        padding=_padding(dataset),
        inverse=str(dataset.get("PresentationLUTShape") or "").strip() == "INVERSE",
        aspect=_aspect(dataset, groups),
    )


def functional_groups(dataset: Dataset, frame: int) -> Iterator[Dataset]:
    """Functional groups of a frame (from 0) of an enhanced image: its own, then the shared ones."""
    own, shared = dataset.get("PerFrameFunctionalGroupsSequence"), dataset.get("SharedFunctionalGroupsSequence")
    if own and frame < len(own):
        yield own[frame]
    if shared:
        yield shared[0]


def _group(groups: list[Dataset], sequence: str) -> Dataset | None:
    for group in groups:
        items = group.get(sequence)
        if items:
            found: Dataset = items[0]
            return found
    return None


def signed_of(dataset: Dataset) -> bool:
    """Whether stored values have a sign."""
    return bool(dataset.get("PixelRepresentation", 0) == 1)


def modality_of(dataset: Dataset, groups: list[Dataset] | None = None) -> Lut | tuple[float, float]:
    """From stored values to the modality's units."""
    tables = dataset.get("ModalityLUTSequence")
    if tables:
        return lut_of(tables[0], signed_of(dataset))
    place = _group(groups or [], "PixelValueTransformationSequence") or dataset
    slope, intercept = number_of(place.get("RescaleSlope")), number_of(place.get("RescaleIntercept"))
    return (1.0 if slope is None else slope, intercept or 0.0)


def windows_of(place: Dataset) -> tuple[Window, ...]:
    """VOI windows of a data set or item; those that make no sense are passed over."""
    function = FUNCTIONS.get(str(place.get("VOILUTFunction") or "LINEAR").strip(), "linear")
    pairs = zip(_numbers(place.get("WindowCenter")), _numbers(place.get("WindowWidth")), strict=False)
    found = [Window(center, width, function) for center, width in pairs if width > 0]
    return tuple(one for one in found if one.function != "linear" or one.width >= 1)


def tables_of(place: Dataset, signed: bool) -> tuple[Lut, ...]:
    """VOI LUTs of a data set or item."""
    return tuple(lut_of(item, signed) for item in place.get("VOILUTSequence") or ())


def lut_of(item: Dataset, signed: bool) -> Lut:
    """A look-up table of an item.

    Raises:
        UnreadableError: description and data do not fit each other.
    """
    descriptor = item.get("LUTDescriptor")
    element = item.get("LUTData")
    try:
        count, first, bits = (int(v) for v in descriptor)
        count = count or WHOLE_LUT
        if isinstance(element, bytes):
            entries = np.frombuffer(element, "<u2" if len(element) >= 2 * count else np.uint8)
        else:
            entries = np.array([element] if isinstance(element, int) else list(element), dtype=np.int64).astype(np.uint16)
    except (TypeError, ValueError, OverflowError) as error:
        raise UnreadableError("a look-up table of the image is broken") from error
    if len(entries) < count or not 1 <= bits <= 16:
        raise UnreadableError(f"a look-up table of the image has {len(entries)} of its {count} entries of {bits} bits")
    if signed and first > 32767:
        first -= 65536
    return Lut(first, bits, entries[:count])


def palette_of(dataset: Dataset, bits: int) -> NDArray[np.uint8]:
    """(n, 3) colours of a palette image for the stored values from 0 on.

    Raises:
        UnreadableError: it has no proper palette.
    """
    try:
        indices = np.arange(1 << min(bits, 16), dtype=np.uint16)
        colours = apply_color_lut(indices, dataset)
        depth = int(dataset.RedPaletteColorLookupTableDescriptor[2])
    except Exception as error:  # pydicom raises what it likes on broken palettes
        raise UnreadableError("the image's palette is broken") from error
    if colours.dtype == np.uint8 or depth == 8 or colours.max() <= 255:
        return np.ascontiguousarray(colours[:, :3].astype(np.uint8))
    return np.ascontiguousarray(((colours[:, :3].astype(np.uint32) + 128) // 257).astype(np.uint8))


def _padding(dataset: Dataset) -> tuple[float, float] | None:
    value, limit = number_of(dataset.get("PixelPaddingValue")), number_of(dataset.get("PixelPaddingRangeLimit"))
    if value is None:
        return None
    if signed_of(dataset) and value > 32767 and dataset.get("BitsAllocated") == 16:
        value -= 65536  # written as an unsigned number
    return (min(value, value if limit is None else limit), max(value, value if limit is None else limit))


def _aspect(dataset: Dataset, groups: list[Dataset]) -> float:
    measures = _group(groups, "PixelMeasuresSequence")
    places = [
        dataset.get("PixelAspectRatio"), (measures or dataset).get("PixelSpacing"), dataset.get("PixelSpacing"),
        dataset.get("ImagerPixelSpacing"), dataset.get("NominalScannedPixelSpacing"),
    ]  # fmt: skip
    for place in places:
        values = _numbers(place)
        if len(values) == 2 and min(values) > 0:
            aspect = values[0] / values[1]
            if abs(aspect - 1) <= SAME_ASPECT:
                return 1.0
            return min(max(aspect, 1 / LARGEST_ASPECT), LARGEST_ASPECT)
    return 1.0


def number_of(value: Any) -> float | None:
    """The first finite number of a value, None where there is none."""
    found = _numbers(value)
    return found[0] if found else None


def _numbers(value: Any) -> list[float]:
    if value is None:
        return []
    found = []
    for one in [value] if isinstance(value, str | int | float) else list(value):
        try:
            number = float(one)
        except (TypeError, ValueError):
            continue
        if np.isfinite(number):
            found.append(number)
    return found

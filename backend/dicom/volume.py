"""A DICOM series as a volume: pixels decoded and rescaled, slices ordered and placed, and what was wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_rescale, convert_color_space
from pydicom.uid import UID

from backend.dicom.codecs import decode
from backend.dicom.folder import Series, kept_metadata, series_name
from backend.dicom.frames import LARGEST_INFLATED, FrameIndex, read_stored
from backend.dicom.header import read_header
from backend.dicom.loaded import SUV_UNITS, LoadedSequence, LoadedVolume
from backend.dicom.pixel_format import YBR
from backend.dicom.suv import NoSuvError, suv_factor
from backend.errors import UnreadableError
from backend.imaging.frames import Matrix
from backend.imaging.series import Diagnosis, Grid, Slice, make_grid, split
from backend.imaging.time_points import part

Told = Callable[[float | None, str], None]
DECODERS = 2
TOLD_TIMES = 50
# What tells images at one position apart, as far as it is given: keyword, sequence of functional groups, what it is, its unit.
FRAME_KEYS = (
    ("TemporalPositionIdentifier", "", "time point", ""),
    ("TemporalPositionIndex", "FrameContentSequence", "time point", ""),
    ("TriggerTime", "", "trigger time", "ms"),
    ("EchoTime", "", "echo time", "ms"),
    ("EffectiveEchoTime", "MREchoSequence", "echo time", "ms"),
    ("DiffusionBValue", "MRDiffusionSequence", "b-value", "s/mm2"),
    ("AcquisitionTime", "", "acquisition time", ""),
    ("AcquisitionNumber", "", "acquisition", ""),
)


def load_series(
    series: Series, told: Told, diagnoses: list[Diagnosis] | None = None, in_suv: bool = True
) -> LoadedVolume | LoadedSequence:
    """A series as a volume, or as a sequence of them where images lie at the same positions.

    Args:
        series: what to load.
        told: hears how far it is.
        diagnoses: what has been found wrong already.
        in_suv: whether PET is to be in SUV, where that can be computed.

    Raises:
        UnreadableError: more than half of its slices can not be decoded; the message names the reason.
    """
    notes = list(diagnoses or [])
    slices, places = _places(series)
    if not slices:
        return _unplaced(series, told, notes, in_suv)
    groups = split(slices)
    if len(groups) > 1:
        rest = sum(len(group) for group in groups[1:])
        notes.append(Diagnosis("mixed", f"{rest} images of other sizes or orientations (localizers) were left out"))
    points = part(groups[0])
    if points.left_out:
        notes.append(Diagnosis("frames", f"{points.left_out} images of time points that are not whole were left out"))
    grids = [make_grid(group) for group in points.volumes]
    notes += grids[0].diagnoses
    decoded = _decode(series, grids, places, told, notes)
    volumes = [_finish(series, _assemble(grid, places, decoded), grid.ijk_to_ras, notes, in_suv) for grid in grids]
    if len(volumes) == 1:
        return volumes[0]
    _keyword, _sequence, index_name, unit = FRAME_KEYS[points.key] if points.key is not None else ("", "", "image", "")
    return LoadedSequence(volumes, volumes[0].name, index_name, unit, points.values, notes)


def _places(series: Series) -> tuple[list[Slice], list[tuple[Path, int]]]:
    """Slices with a place in space, and for each its file and frame."""
    slices: list[Slice] = []
    places: list[tuple[Path, int]] = []
    for path, header in series.files:
        for frame in range(int(header.get("NumberOfFrames", 1) or 1)):
            try:
                one = _slice(len(places), header, frame)
            except (AttributeError, TypeError, ValueError, IndexError):
                continue
            slices.append(one)
            places.append((path, frame))
    return slices, places


def _slice(index: int, header: Dataset, frame: int) -> Slice:
    shared, own = _functional_groups(header, frame)

    def value(sequence: str, keyword: str) -> Any:
        for group in (own, shared):
            if group is not None and sequence in group:
                found = group[sequence].value[0].get(keyword)
                if found is not None:
                    return found
        found = header.get(keyword)
        if found is None:
            raise AttributeError(keyword)
        return found

    if int(header.get("NumberOfFrames", 1) or 1) > 1 and own is None:
        raise AttributeError("frames without places")
    position = [float(v) for v in value("PlanePositionSequence", "ImagePositionPatient")]
    orientation = [float(v) for v in value("PlaneOrientationSequence", "ImageOrientationPatient")]
    spacing = [float(v) for v in value("PixelMeasuresSequence", "PixelSpacing")]
    thickness = header.get("SpacingBetweenSlices") or header.get("SliceThickness")
    keys = tuple(_told_apart(value, keyword, sequence) for keyword, sequence, *_name in FRAME_KEYS)
    row, column = np.array(orientation[:3]), np.array(orientation[3:6])
    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    return Slice(
        index, (position[0], position[1], position[2]), tuple(row.tolist()), tuple(column.tolist()),
        (spacing[0], spacing[1]), (int(header.Rows), int(header.Columns)),
        int(header.get("InstanceNumber", 0) or 0) + frame, keys, float(thickness) if thickness else None,
    )  # fmt: skip


def _told_apart(value: Callable[[str, str], Any], keyword: str, sequence: str) -> str:
    try:
        return str(value(sequence, keyword))
    except AttributeError:
        return ""


def _functional_groups(header: Dataset, frame: int) -> tuple[Dataset | None, Dataset | None]:
    """Shared and own functional groups of an enhanced multi-frame image (PS3.3, C.7.6.16)."""
    shared = header.get("SharedFunctionalGroupsSequence")
    own = header.get("PerFrameFunctionalGroupsSequence")
    return (shared[0] if shared else None), (own[frame] if own and frame < len(own) else None)


def _decode(
    series: Series, grids: Sequence[Grid], places: list[tuple[Path, int]], told: Told, notes: list[Diagnosis]
) -> dict[Path, NDArray[Any]]:
    """Decode every file that the grids need; those that can not be are left out and told of."""
    files = sorted({places[index][0] for grid in grids for plane in grid.planes for index in _indices(plane)})
    decoded: dict[Path, NDArray[Any]] = {}
    failures: dict[str, str] = {}
    headers = dict(series.files)

    def decode(path: Path) -> None:
        try:
            decoded[path] = read_values(path, headers[path], series.frames.get(path))
        except Exception as error:  # decoders raise what they like; each failure is told of
            failures[path.name] = str(error).split("\n")[0] or type(error).__name__

    step = max(1, len(files) // TOLD_TIMES)
    with ThreadPoolExecutor(DECODERS) as pool:
        for done, _result in enumerate(pool.map(decode, files), 1):
            if done % step == 0 or done == len(files):
                told(done / len(files), f"Decoding slice {done} of {len(files)}")
    if failures:
        name, reason = next(iter(failures.items()))
        if len(failures) * 2 > len(files):
            raise UnreadableError(f"{len(failures)} of {len(files)} images can not be decoded; {name}: {reason}")
        notes.append(Diagnosis("unreadable", f"{len(failures)} images can not be decoded and are empty; {name}: {reason}"))
    return decoded


def _assemble(grid: Grid, places: list[tuple[Path, int]], decoded: dict[Path, NDArray[Any]]) -> NDArray[Any]:
    """The voxels of a grid; gaps and slices that could not be decoded hold the lowest value."""

    def plane_of(index: int) -> NDArray[Any] | None:
        path, frame = places[index]
        pixels = decoded.get(path)
        if pixels is None:
            return None
        return pixels[frame] if _has_frames(pixels) else pixels

    dtype = np.result_type(*decoded.values())
    example = next(iter(decoded.values()))
    voxels = np.empty((len(grid.planes), *(example[0] if _has_frames(example) else example).shape), dtype)
    empty = []
    for k, place in enumerate(grid.planes):
        found = [plane_of(index) for index in _indices(place)]
        if isinstance(place, tuple) and len(found) == 2 and found[0] is not None and found[1] is not None:
            blended = found[0] * (1.0 - place[2]) + found[1] * place[2]
            voxels[k] = np.rint(blended) if dtype.kind in "iu" else blended
        elif found and found[0] is not None:
            voxels[k] = found[0]
        else:
            empty.append(k)
    if empty:
        voxels[empty] = min(float(pixels.min()) for pixels in decoded.values())
    return voxels


def _indices(plane: int | tuple[int, int, float] | None) -> list[int]:
    if plane is None:
        return []
    return [plane] if isinstance(plane, int) else [plane[0], plane[1]]


def _has_frames(pixels: NDArray[Any]) -> bool:
    return pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[-1] != 3)


def read_values(path: Path, header: Dataset, frames: FrameIndex | None) -> NDArray[Any]:
    """Pixels in the modality's units (PS3.3, C.11.1): int16 where they fit, else int32 or float32; colour as uint8 RGB.

    (rows, columns) or (frames, rows, columns), of colour with 3 samples behind.

    Args:
        path: the file.
        header: its data set.
        frames: where its pixels are; None where that is still to be found.

    Raises:
        UnreadableError: it can not be read or decoded.
    """
    if frames is None:
        header, frames = read_header(path, LARGEST_INFLATED)
        if frames is None:
            raise UnreadableError("it has no pixels")
    found = [decode(read_stored(path, frames, n), frames.syntax, frames.format) for n in range(frames.count)]
    pixels = np.stack(found) if len(found) > 1 else found[0]
    if frames.format.samples == 3:
        if frames.format.decoded_photometric in YBR:
            pixels = convert_color_space(pixels, "YBR_FULL", "RGB")
        return np.asarray(pixels, dtype=np.uint8)
    whole = _rescaled_whole(pixels, header)
    if whole is not None:
        return whole
    values = np.asarray(apply_rescale(pixels, header))
    if values.dtype.kind in "iu" or bool((values == np.rint(values)).all()):
        low, high = float(values.min()), float(values.max())
        if low >= -32768 and high <= 32767:
            return values.astype(np.int16)
        if low >= -(2**31) and high < 2**31:
            return values.astype(np.int32)
    return values.astype(np.float32)


def _rescaled_whole(pixels: NDArray[Any], header: Dataset) -> NDArray[Any] | None:
    """Whole numbers with a whole slope and intercept, as nearly all CT has, without a detour by floats; None for all else."""
    slope, intercept = header.get("RescaleSlope", 1), header.get("RescaleIntercept", 0)
    is_plain = ("RescaleSlope" in header) == ("RescaleIntercept" in header) and "ModalityLUTSequence" not in header
    try:
        a, b = int(slope), int(intercept)
    except (TypeError, ValueError, OverflowError):
        return None
    if not is_plain or pixels.dtype.kind not in "iu" or (a, b) != (slope, intercept):
        return None
    low, high = sorted(a * int(value) + b for value in (pixels.min(), pixels.max()))
    for dtype in (np.int16, np.int32):
        limits = np.iinfo(dtype)
        if limits.min <= min(low, a, b) and max(high, a, b) <= limits.max:
            # What overflows on the way comes back: the results fit, and sums and products are modulo the type's range.
            values: NDArray[Any] = pixels.astype(dtype)
            if a != 1:
                np.multiply(values, dtype(a), out=values)
            np.add(values, dtype(b), out=values)
            return values
    return None


def _unplaced(series: Series, told: Told, notes: list[Diagnosis], in_suv: bool) -> LoadedVolume:
    """Images without a place in space, such as ultrasound: stacked as they come, with unit spacing."""
    files = sorted(series.files, key=lambda item: int(item[1].get("InstanceNumber", 0) or 0))
    shape = (files[0][1].Rows, files[0][1].Columns)
    planes: list[NDArray[Any]] = []
    reason = ""
    for done, (path, header) in enumerate(files, 1):
        told(done / len(files), f"Decoding image {done} of {len(files)}")
        if (header.Rows, header.Columns) != shape:
            continue
        try:
            pixels = read_values(path, header, series.frames.get(path))
        except Exception as error:  # decoders raise what they like
            reason = str(error).split("\n")[0]
            continue
        planes += list(pixels) if _has_frames(pixels) else [pixels]
    if not planes:
        raise UnreadableError(f"none of {len(files)} images can be decoded: {reason}")
    notes.append(Diagnosis("unplaced", "these images have no place in space; sizes and directions are not known"))
    spacing = files[0][1].get("PixelSpacing") or files[0][1].get("ImagerPixelSpacing") or (1.0, 1.0)
    matrix = np.diag([-float(spacing[1]), -float(spacing[0]), 1.0, 1.0])
    return _finish(series, np.stack(planes), matrix, notes, in_suv)


def _finish(series: Series, voxels: NDArray[Any], ijk_to_ras: Matrix, notes: list[Diagnosis], in_suv: bool) -> LoadedVolume:
    header = series.files[0][1]
    if str(header.get("PhotometricInterpretation", "")) == "MONOCHROME1":
        notes.append(Diagnosis("inverted", "low values are meant to be bright here (MONOCHROME1)"))
    width, center = _first(header.get("WindowWidth")), _first(header.get("WindowCenter"))
    factor = 1.0
    if in_suv and series.modality == "PT":
        voxels, factor = _in_suv(header, voxels, notes)
    return LoadedVolume(
        voxels,
        ijk_to_ras,
        series_name(header, series.modality or "DICOM"),
        width * factor if width is not None else None,
        center * factor if center is not None else None,
        notes,
        {
            **kept_metadata(header),
            **({"Units": SUV_UNITS} if factor != 1.0 else {}),
            "TransferSyntax": UID(header.file_meta.get("TransferSyntaxUID", "")).name if header.file_meta else "",
        },
    )


def _in_suv(header: Dataset, voxels: NDArray[Any], notes: list[Diagnosis]) -> tuple[NDArray[Any], float]:
    """PET voxels as SUVbw, and the factor; as they are, and why, where that can not be computed."""
    try:
        factor = suv_factor(header)
    except NoSuvError as error:
        notes.append(Diagnosis("units", f"values are not SUV: {error}"))
        return voxels, 1.0
    return (voxels if factor == 1.0 else (voxels * factor).astype(np.float32)), factor


def _first(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, str | int | float):
        return float(value)
    return float(value[0]) if len(value) else None

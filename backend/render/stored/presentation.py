"""Softcopy presentation states (PS3.3, C.11, C.10): how somebody has laid down that an image be shown."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from backend.dicom.display import Display, modality_of, tables_of, windows_of
from backend.errors import NotFoundError, UnreadableError
from backend.render.annotate import font_of
from backend.render.stored.placing import Placing

Pixels = NDArray[np.uint8]
Points = list[tuple[float, float]]
GREY_STATE = "1.2.840.10008.5.1.4.1.1.11."
INK, OUTLINE = "#f5f5f0", "#101010"
MOST_GRAPHICS = 2000
TEXT_SHARE = 0.035


@dataclass(frozen=True)
class Presentation:
    """What a presentation state says of one frame of one image."""

    dataset: Dataset
    sop_instance_uid: str
    frame: int

    def applies(self, item: Dataset) -> bool:
        """Whether an item of one of its sequences is for this frame; items that name no images are for all."""
        named = item.get("ReferencedImageSequence")
        if not named:
            return True
        for one in named:
            frames = one.get("ReferencedFrameNumber")
            numbers = [] if frames is None else [int(f) for f in (frames if _is_list(frames) else [frames])]
            if one.get("ReferencedSOPInstanceUID") == self.sop_instance_uid and (not numbers or self.frame + 1 in numbers):
                return True
        return False

    def display(self, image: Display) -> Display:
        """The image's display as changed by the state."""
        changed = image
        if self.dataset.get("ModalityLUTSequence") or self.dataset.get("RescaleSlope") is not None:
            changed = replace(changed, modality=modality_of(self.dataset))
        for item in self._items("SoftcopyVOILUTSequence"):
            windows, tables = windows_of(item), tables_of(item, False)
            if windows or tables:
                changed = replace(changed, windows=windows, tables=tables)
        shape = str(self.dataset.get("PresentationLUTShape") or "")
        if shape:  # it says all about bright and dark, also of MONOCHROME1
            changed = replace(changed, inverse=shape == "INVERSE", photometric="MONOCHROME2")
        return changed

    def area(self, columns: int, rows: int) -> tuple[float, float, float, float] | None:
        """The displayed area (left, top, right, bottom) in pixels, as far as it lies in the image."""
        for item in self._items("DisplayedAreaSelectionSequence"):
            corners = [item.get(f"DisplayedArea{corner}HandCorner") for corner in ("TopLeft", "BottomRight")]
            if any(corner is None or len(corner) != 2 for corner in corners):
                continue
            (x0, y0), (x1, y1) = ([float(v) for v in corner] for corner in corners)
            left, right = max(0.0, min(x0, x1) - 1), min(float(columns), max(x0, x1))
            top, bottom = max(0.0, min(y0, y1) - 1), min(float(rows), max(y0, y1))
            if left < right and top < bottom:
                return left, top, right, bottom
        return None

    @property
    def quarters(self) -> int:
        """Quarter turns clockwise."""
        return round(int(self.dataset.get("ImageRotation") or 0) / 90) % 4

    @property
    def mirrored(self) -> bool:
        """Whether left and right change places after turning."""
        return str(self.dataset.get("ImageHorizontalFlip") or "N") == "Y"

    def _items(self, sequence: str) -> Iterator[Dataset]:
        return (item for item in self.dataset.get(sequence) or () if self.applies(item))

    def shuttered(self, pixels: Pixels) -> Pixels:
        """A copy of a picture of the image's own size with what lies behind shutters in the shutter's grey."""
        mask = _shutter_mask(self.dataset, *pixels.shape[:2])
        if mask is None:
            return pixels
        covered = pixels.copy()
        covered[~mask] = min(255, int(self.dataset.get("ShutterPresentationValue") or 0) >> 8)
        return covered

    def draw(self, pixels: Pixels, placing: Placing) -> Pixels:
        """A copy of the placed picture, in colour, with the state's graphics and texts."""
        graphics = list(self._items("GraphicAnnotationSequence"))[:MOST_GRAPHICS]
        if not graphics:
            return pixels
        image = Image.fromarray(pixels).convert("RGB")
        pen = ImageDraw.Draw(image)
        for item in graphics:
            for graphic in (item.get("GraphicObjectSequence") or ())[:MOST_GRAPHICS]:
                _draw_graphic(pen, graphic, placing)
            for text in (item.get("TextObjectSequence") or ())[:MOST_GRAPHICS]:
                _draw_text(pen, text, placing)
        return np.asarray(image)


def presentation_for(state: Dataset, sop_instance_uid: str, frame: int) -> Presentation:
    """A state as far as it is about one frame (from 0) of one image.

    Raises:
        UnreadableError: it is no softcopy presentation state.
        NotFoundError: it is about other images.
    """
    if not str(state.get("SOPClassUID", "")).startswith(GREY_STATE):
        raise UnreadableError("it is no softcopy presentation state")
    if sop_instance_uid not in [uid for _series, uid in referenced_images(state)]:
        raise NotFoundError("the presentation state is about other images")
    return Presentation(state, sop_instance_uid, frame)


def referenced_images(state: Dataset) -> list[tuple[str, str]]:
    """Series and instance UIDs of the images that a state is about."""
    return [
        (str(series.get("SeriesInstanceUID", "")), str(image.get("ReferencedSOPInstanceUID", "")))
        for series in state.get("ReferencedSeriesSequence") or ()
        for image in series.get("ReferencedImageSequence") or ()
    ]


def _shutter_mask(dataset: Dataset, rows: int, columns: int) -> NDArray[np.bool_] | None:
    shapes = dataset.get("ShutterShape")
    if not shapes:
        return None
    mask = np.ones((rows, columns), bool)
    y, x = np.ogrid[1 : rows + 1, 1 : columns + 1]
    for shape in shapes if _is_list(shapes) else [shapes]:
        if shape == "RECTANGULAR":
            edges = [
                dataset.get(f"Shutter{e}Edge") for e in ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
            ]
            if None not in edges:
                left, right, top, bottom = (int(e) for e in edges)
                mask &= (x > left) & (x < right) & (y > top) & (y < bottom)
        elif shape == "CIRCULAR" and dataset.get("CenterOfCircularShutter"):
            row, column = (int(v) for v in dataset.CenterOfCircularShutter)
            mask &= (x - column) ** 2 + (y - row) ** 2 <= int(dataset.get("RadiusOfCircularShutter") or 0) ** 2
        elif shape == "POLYGONAL" and dataset.get("VerticesOfThePolygonalShutter"):
            values = [int(v) - 1 for v in dataset.VerticesOfThePolygonalShutter]
            polygon = Image.new("1", (columns, rows))
            ImageDraw.Draw(polygon).polygon(list(zip(values[1::2], values[::2], strict=False)), fill=1)
            mask &= np.asarray(polygon)
    return mask


def _points(values: Any, units: str, placing: Placing) -> Points:
    """Places of graphic data in the picture."""
    numbers = [float(v) for v in (values if _is_list(values) else [values])] if values is not None else []
    pairs = zip(numbers[::2], numbers[1::2], strict=False)
    if units == "DISPLAY":
        width, height = placing.size
        return [(x * width, y * height) for x, y in pairs]
    return [placing.to_picture(x, y) for x, y in pairs]


def _draw_graphic(pen: ImageDraw.ImageDraw, graphic: Dataset, placing: Placing) -> None:
    points = _points(graphic.get("GraphicData"), str(graphic.get("GraphicAnnotationUnits") or "PIXEL"), placing)
    kind, filled = str(graphic.get("GraphicType") or ""), str(graphic.get("GraphicFilled") or "N") == "Y"
    if kind == "POINT":
        for x, y in points:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=INK)
    elif kind == "CIRCLE" and len(points) == 2:
        (x, y), edge = points[0], points[1]
        radius = math.dist(points[0], edge)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=INK, fill=INK if filled else None)
    elif kind == "ELLIPSE" and len(points) == 4:
        _closed(pen, _ellipse(points), filled)
    elif kind in ("POLYLINE", "INTERPOLATED") and len(points) > 1:
        if filled:
            _closed(pen, points, True)
        else:
            pen.line(points, fill=INK, width=1)


def _ellipse(points: Points) -> Points:
    """Places on an ellipse, from the ends of its axes."""
    a, b, c, d = (np.array(p) for p in points)
    centre, major, minor = (a + b) / 2, (b - a) / 2, (d - c) / 2
    turn = np.linspace(0, 2 * np.pi, 72)
    return [(float(p[0]), float(p[1])) for p in (centre + np.cos(t) * major + np.sin(t) * minor for t in turn)]


def _closed(pen: ImageDraw.ImageDraw, points: Points, filled: bool) -> None:
    pen.polygon(points, outline=INK, fill=INK if filled else None)


def _draw_text(pen: ImageDraw.ImageDraw, text: Dataset, placing: Placing) -> None:
    words = str(text.get("UnformattedTextValue") or "")[:1000]
    anchor = text.get("AnchorPoint")
    if anchor is not None:
        places = _points(anchor, str(text.get("AnchorPointAnnotationUnits") or "PIXEL"), placing)
    else:
        corner = text.get("BoundingBoxTopLeftHandCorner")
        places = _points(corner, str(text.get("BoundingBoxAnnotationUnits") or "PIXEL"), placing)
    if places and words:
        size = max(9, round(min(placing.size) * TEXT_SHARE))
        pen.text(places[0], words, fill=INK, font=font_of(size), stroke_width=1, stroke_fill=OUTLINE)


def _is_list(value: Any) -> bool:
    return not isinstance(value, str | bytes | int | float)

"""Words burnt into pictures: who and how, and signs for what has no pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset

from backend.render.annotate import font_of

Pixels = NDArray[np.uint8]
INK, OUTLINE = "#f5f5f0", "#101010"
LETTER_SHARE, LEAST_LETTER = 0.032, 8
LONGEST_LINE = 64
TECHNIQUE = (
    ("Modality", "{}"), ("StudyDate", "{}"), ("SeriesDescription", "{}"), ("InstanceNumber", "Im {}"), ("KVP", "{} kV"),
    ("XRayTubeCurrent", "{} mA"), ("RepetitionTime", "TR {} ms"), ("EchoTime", "TE {} ms"), ("SliceThickness", "{} mm"),
)  # fmt: skip


def annotated(pixels: Pixels, dataset: Dataset, what: tuple[str, ...]) -> Pixels:
    """A copy with the patient at the top left and the technique at the bottom left, as far as asked for."""
    image = Image.fromarray(pixels)
    ink = INK if image.mode == "RGB" else 245
    outline = OUTLINE if image.mode == "RGB" else 16
    pen = ImageDraw.Draw(image)
    size = max(LEAST_LETTER, round(min(image.size) * LETTER_SHARE))
    margin = size // 2
    lines = {"patient": _patient(dataset), "technique": _technique(dataset)}
    for name in what:
        top = name == "patient"
        place = (margin, margin if top else image.height - margin)
        pen.multiline_text(place, "\n".join(lines[name]), fill=ink, font=font_of(size), anchor="la" if top else "ld",
                           stroke_width=1, stroke_fill=outline)  # fmt: skip
    return np.asarray(image)


def _patient(dataset: Dataset) -> list[str]:
    name = str(dataset.get("PatientName") or "").replace("^", " ").replace("=", " / ")
    rest = [str(dataset.get(keyword) or "") for keyword in ("PatientID", "PatientBirthDate", "PatientSex")]
    return [line.strip()[:LONGEST_LINE] for line in (name, *rest) if line.strip()]


def _technique(dataset: Dataset) -> list[str]:
    found = [(form, str(dataset.get(keyword) or "").strip()) for keyword, form in TECHNIQUE]
    return [form.format(value)[:LONGEST_LINE] for form, value in found if value]


def sign(text: str, side: int) -> Pixels:
    """(side, side) grey picture of a sheet of paper with a word, for instances without pixels."""
    image = Image.new("L", (side, side), 24)
    pen = ImageDraw.Draw(image)
    edge, fold = side // 5, side // 6
    right, bottom = side - edge, side - edge // 2
    pen.polygon([(edge, edge // 2), (right - fold, edge // 2), (right, edge // 2 + fold), (right, bottom), (edge, bottom)],
                fill=52, outline=150)  # fmt: skip
    pen.line([(right - fold, edge // 2), (right - fold, edge // 2 + fold), (right, edge // 2 + fold)], fill=150)
    pen.text((side / 2, side / 2), text[:8], fill=230, font=font_of(max(LEAST_LETTER, side // 7)), anchor="mm")
    return np.asarray(image)

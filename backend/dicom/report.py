"""Structured reports as pages and as plain text: the content tree as nested lists (PS3.3, C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from pydicom.dataset import Dataset

DEEPEST, MOST_ITEMS = 32, 20_000
STYLE = "body{font:15px/1.45 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}ul{padding-left:1.2rem}"
HEAD = (("Patient", "PatientName"), ("Patient ID", "PatientID"), ("Study date", "StudyDate"), ("Completed", "CompletionFlag"),
        ("Verified", "VerificationFlag"))  # fmt: skip
Line = tuple[int, str, str]


def lines_of(dataset: Dataset, depth: int = 0) -> Iterator[Line]:
    """Each content item with its depth, name and value, as they are read."""
    yield depth, _meaning(dataset.get("ConceptNameCodeSequence")), _value(dataset)
    if depth < DEEPEST:
        for item in dataset.get("ContentSequence") or ():
            yield from lines_of(item, depth + 1)


def as_text(dataset: Dataset) -> str:
    """Plain text."""
    head = [f"{name}: {value}" for name, value in _head(dataset)]
    body = ["  " * depth + _joined(name, value) for depth, name, value in _bounded(dataset)]
    return "\n".join([*head, "", *body, ""])


def as_html(dataset: Dataset) -> str:
    """A page."""
    lines = list(_bounded(dataset))
    title = escape(lines[0][1] or "Report")
    head = "".join(f"<div><b>{escape(name)}</b> {escape(value)}</div>" for name, value in _head(dataset))
    parts, depth = [], 0
    for level, name, value in lines[1:]:
        parts.append("<ul>" * max(0, level - depth) + "</ul>" * max(0, depth - level))
        depth = level
        label = f"<b>{escape(name)}</b>" + (": " if value else "") if name else ""
        parts.append(f"<li>{label}{escape(value)}</li>")
    body = "".join(parts) + "</ul>" * depth
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style></head>'
        f"<body><h1>{title}</h1>{head}{body}</body></html>"
    )


def _bounded(dataset: Dataset) -> Iterator[Line]:
    for number, line in enumerate(lines_of(dataset)):
        if number >= MOST_ITEMS:
            yield 1, "", "… the rest is left out"
            return
        yield line


def _head(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for name, keyword in HEAD:
        value = str(dataset.get(keyword) or "").replace("^", " ").strip()
        if value:
            yield name, value


def _joined(name: str, value: str) -> str:
    return f"{name}: {value}" if name and value else name or value


def _meaning(sequence: Any) -> str:
    return str(sequence[0].get("CodeMeaning") or sequence[0].get("CodeValue") or "") if sequence else ""


def _value(item: Dataset) -> str:
    """The value of a content item, by its type."""
    kind = str(item.get("ValueType") or "")
    if kind == "NUM" and item.get("MeasuredValueSequence"):
        measured = item.MeasuredValueSequence[0]
        return f"{measured.get('NumericValue', '')} {_meaning(measured.get('MeasurementUnitsCodeSequence'))}".strip()
    if kind == "CODE":
        return _meaning(item.get("ConceptCodeSequence"))
    if kind in ("IMAGE", "COMPOSITE", "WAVEFORM") and item.get("ReferencedSOPSequence"):
        return f"{kind.capitalize()} {item.ReferencedSOPSequence[0].get('ReferencedSOPInstanceUID', '')}"
    if kind in ("SCOORD", "SCOORD3D"):
        data = item.get("GraphicData") or ()
        return f"{item.get('GraphicType', '')} ({', '.join(f'{float(v):g}' for v in list(data)[:12])})"
    found = {
        "TEXT": "TextValue",
        "PNAME": "PersonName",
        "DATE": "Date",
        "TIME": "Time",
        "DATETIME": "DateTime",
        "UIDREF": "UID",
    }
    return str(item.get(found.get(kind, "")) or "") if kind in found else ""

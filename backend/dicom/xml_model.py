"""The Native DICOM Model in XML (PS3.19, A.1), made of the JSON model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec
from pydicom.datadict import keyword_for_tag

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
END = "</NativeDicomModel>\n"
NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML can not hold."""


def xml_text(model: dict[str, Any]) -> str:
    """A document of one data set, given as its JSON model with absolute URIs of bulk data."""
    return HEAD + "".join(_attributes(model)) + END


def xml_texts(models: Sequence[bytes]) -> list[bytes]:
    """Documents of several data sets, given as JSON."""
    return [xml_text(msgspec.json.decode(model)).encode() for model in models]


def _attributes(model: dict[str, Any]) -> Iterable[str]:
    for key, attribute in model.items():
        tag, vr = int(key, 16), attribute["vr"]
        creator = _creator(model, tag)
        owner = f" privateCreator={quoteattr(_clean(creator))}" if creator else ""
        keyword = "" if creator else keyword_for_tag(tag)
        name = f' keyword="{keyword}"' if keyword else ""
        yield f'<DicomAttribute tag="{key}" vr="{vr}"{name}{owner}>{"".join(_content(vr, attribute))}</DicomAttribute>'


def _creator(model: dict[str, Any], tag: int) -> str | None:
    if not tag >> 16 & 1 or tag & 0xFFFF <= 0xFF:
        return None
    values = model.get(f"{tag >> 16:04X}{tag >> 8 & 0xFF:04X}", {}).get("Value")
    return str(values[0]) if values else None


def _content(vr: str, attribute: dict[str, Any]) -> Iterable[str]:
    if "BulkDataURI" in attribute:
        yield f"<BulkData uri={quoteattr(attribute['BulkDataURI'])}/>"
    if "InlineBinary" in attribute:
        yield f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>"
    for number, value in enumerate(attribute.get("Value", ()), 1):
        if vr == "SQ":
            yield f'<Item number="{number}">{"".join(_attributes(value or {}))}</Item>'
        elif vr == "PN":
            yield f'<PersonName number="{number}">{"".join(_name(value or {}))}</PersonName>'
        elif value is not None:
            yield f'<Value number="{number}">{escape(_clean(str(value)))}</Value>'


def _name(groups: dict[str, str]) -> Iterable[str]:
    for group, text in groups.items():
        parts = zip(NAME_PARTS, text.split("^"), strict=False)
        yield f"<{group}>" + "".join(f"<{name}>{escape(_clean(part))}</{name}>" for name, part in parts if part) + f"</{group}>"


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)

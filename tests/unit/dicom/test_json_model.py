"""Texts in every character set, numbers at their limits, and what the model leaves out."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_charset_files

from backend.dicom.columns import date, number, time
from backend.dicom.elements import Element
from backend.dicom.json_model import JsonWriter, Texts, absolute, object_text
from backend.dicom.orthanc_ids import orthanc_id
from backend.dicom.part10 import read_data_set
from backend.dicom.text import fold
from backend.dicom.xml_model import xml_text


def written(vr: str, value: bytes, little: bool = True) -> dict[str, object]:
    """The model of an element alone."""
    writer = JsonWriter(memoryview(value), little)
    model = json.loads(object_text(writer.members([Element(0x00091001, vr, 0, len(value))]).values()))
    found: dict[str, object] = model["00091001"]
    return found


@pytest.mark.parametrize(
    ("terms", "data", "text"),
    [
        (["ISO_IR 100"], b"Buc^J\xe9r\xf4me", "Buc^Jérôme"),
        (["ISO_IR 101"], b"Wa\xb3\xeasa", "Wałęsa"),
        (["ISO_IR 144"], b"\xbb\xee\xda\x63e\xdc\xd1\xe3\xe0\xd3", "Люкceмбург"),
        (["ISO_IR 192"], "山田^太郎".encode(), "山田^太郎"),
        (["GB18030"], "王^小东".encode("gb18030"), "王^小东"),
        (["", "ISO 2022 IR 87"], b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
        ([], "Jérôme".encode(), "Jérôme"),
        ([], b"J\xe9r\xf4me", "Jérôme"),
        (["ISO_IR 192"], b"J\xe9r\xf4me", "Jérôme"),
    ],
)
def test_texts_are_decoded(terms: list[str], data: bytes, text: str) -> None:
    texts = Texts()
    texts.use(terms)
    assert texts.values(data, "PN") == [text]


def test_a_second_byte_that_looks_like_a_backslash_parts_no_text() -> None:
    texts = Texts()
    texts.use(["GB18030"])
    assert "僜".encode("gb18030").endswith(b"\\")
    assert texts.values("僜\\b".encode("gb18030"), "LO") == ["僜", "b"]


def test_japanese_characters_of_bytes_that_look_like_backslashes() -> None:
    texts = Texts()
    texts.use(["", "ISO 2022 IR 87"])
    data = b"A\\\x1b$B\x30\x5c\x5c\x30\x1b(B\\B"
    middle = b"\x1b$B\x30\x5c\x5c\x30\x1b(B".decode("iso2022_jp")
    assert len(middle) == 2
    assert texts.values(data, "LO") == ["A", middle, "B"]
    assert not texts.wrong


def test_files_of_all_character_sets_are_read() -> None:
    files = [Path(str(path)) for path in get_charset_files("*.dcm")]
    assert len(files) > 5
    for path in files:
        data = read_data_set(memoryview(path.read_bytes()), 1 << 20)
        writer = JsonWriter(data.buffer, data.head.is_little)
        model = json.loads(object_text(writer.members(data.elements).values()))
        for element in pydicom.dcmread(path):
            if element.VR in ("PN", "LO", "SH") and not element.tag.is_private:
                assert model[f"{element.tag:08X}"] == element.to_json_dict(None, 0), path
        assert not writer.texts.wrong, path


@pytest.mark.parametrize(
    ("vr", "value", "model"),
    [
        ("US", struct.pack("<3H", 1, 2, 65535), {"vr": "US", "Value": [1, 2, 65535]}),
        ("SL", struct.pack("<l", -(2**31)), {"vr": "SL", "Value": [-(2**31)]}),
        ("UV", struct.pack("<2Q", 1 << 53, 1 << 63), {"vr": "UV", "Value": [1 << 53, str(1 << 63)]}),
        ("FL", struct.pack("<f", 0.5), {"vr": "FL", "Value": [0.5]}),
        ("AT", struct.pack("<4H", 0x0010, 0x0020, 0x7FE0, 0x0010), {"vr": "AT", "Value": ["00100020", "7FE00010"]}),
        ("OB", b"\0\1\2\3", {"vr": "OB", "InlineBinary": "AAECAw=="}),
        ("OB", bytes(2000), {"vr": "OB", "BulkDataURI": "bulkdata/00091001"}),
        ("UT", b"a\\b" + b" " * 10, {"vr": "UT", "Value": ["a\\b"]}),
        ("LO", b"a\\\\c ", {"vr": "LO", "Value": ["a", None, "c"]}),
        ("LO", b"", {"vr": "LO"}),
        ("UN", b"abc ", {"vr": "UN", "InlineBinary": "YWJjIA=="}),
        ("UT", b"x" * 70_000, {"vr": "UT", "BulkDataURI": "bulkdata/00091001"}),
        ("PN", b"A^B==C", {"vr": "PN", "Value": [{"Alphabetic": "A^B", "Phonetic": "C"}]}),
        ("DS", b"1.50\\-3\\+4", {"vr": "DS", "Value": [1.5, -3.0, 4.0]}),
        ("DS", b"1_0", {"vr": "DS", "Value": ["1_0"]}),
        ("US", b"\1\0\2", {"vr": "US", "Value": [1]}),
        ("LO", b'"BulkDataURI":"bulkdata/', {"vr": "LO", "Value": ['"BulkDataURI":"bulkdata/']}),
        ("LO", b"\x00\x01\x1fx", {"vr": "LO", "Value": ["\0\x01\x1fx"]}),
    ],
)
def test_values_are_written_as_annex_f_says(vr: str, value: bytes, model: dict[str, object]) -> None:
    assert written(vr, value) == model


def test_big_endian_values_are_little_endian_in_the_model() -> None:
    assert written("OW", b"\0\1\0\2", little=False) == {"vr": "OW", "InlineBinary": "AQACAA=="}
    assert written("UL", b"\0\0\1\0", little=False) == {"vr": "UL", "Value": [256]}


def test_references_become_absolute_and_texts_stay() -> None:
    text = b'"00091002":{"vr":"LO","Value":["bulkdata/\\"BulkDataURI\\":"]}'
    model = b'{"00091001":{"vr":"OB","BulkDataURI":"bulkdata/00091001"},' + text + b"}"
    found = json.loads(absolute(model, "http://h/i"))
    assert found["00091001"]["BulkDataURI"] == "http://h/i/bulkdata/00091001"
    assert found["00091002"]["Value"] == ['bulkdata/"BulkDataURI":']


def test_xml_is_the_native_model() -> None:
    model = {
        "00090010": {"vr": "LO", "Value": ["OURS"]}, "00091001": {"vr": "OB", "InlineBinary": "AAE="},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane^^Dr <&>", "Ideographic": "山"}]},
        "00400275": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": ["a", None, "b\x01"]}}, {}]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "http://h/?a&b"},
    }  # fmt: skip
    assert xml_text(model).split("\n", 1)[1] == (
        '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
        '<DicomAttribute tag="00090010" vr="LO"><Value number="1">OURS</Value></DicomAttribute>'
        '<DicomAttribute tag="00091001" vr="OB" privateCreator="OURS"><InlineBinary>AAE=</InlineBinary></DicomAttribute>'
        '<DicomAttribute tag="00100010" vr="PN" keyword="PatientName"><PersonName number="1"><Alphabetic>'
        "<FamilyName>Doe</FamilyName><GivenName>Jane</GivenName><NamePrefix>Dr &lt;&amp;&gt;</NamePrefix></Alphabetic>"
        "<Ideographic><FamilyName>山</FamilyName></Ideographic></PersonName></DicomAttribute>"
        '<DicomAttribute tag="00400275" vr="SQ" keyword="RequestAttributesSequence"><Item number="1">'
        '<DicomAttribute tag="00400009" vr="SH" keyword="ScheduledProcedureStepID"><Value number="1">a</Value>'
        '<Value number="3">b\ufffd</Value></DicomAttribute></Item><Item number="2"></Item></DicomAttribute>'
        '<DicomAttribute tag="7FE00010" vr="OW" keyword="PixelData"><BulkData uri="http://h/?a&amp;b"/></DicomAttribute>'
        "</NativeDicomModel>\n"
    )


def test_texts_fold() -> None:
    assert [fold(text) for text in ("Müller^ÄRØ", "STRASSE", "Straße", "山田", "Ｄｏｅ")] == [
        "muller^arø", "strasse", "strasse", "山田", "doe",
    ]  # fmt: skip


def test_dates_and_times_compare_as_texts() -> None:
    assert [date(text) for text in ("20240102", "2024.01.02", "soon", None)] == ["20240102", "20240102", "soon", None]
    assert [time(text) for text in ("10", "1015", "101530.5", "10:15:30", "late")] == [
        "100000.000000", "101500.000000", "101530.500000", "101530.000000", "late",
    ]  # fmt: skip
    assert [number(text) for text in ("03", "1.0", "x", "", None, "9" * 30)] == [3, 1, None, None, None, None]


def test_identifiers_are_those_of_orthanc() -> None:
    assert orthanc_id("887") == "ca29faea-b6a0e17f-067743a1-8b778011-a48b2a17"
    assert orthanc_id("") == "da39a3ee-5e6b4b0d-3255bfef-95601890-afd80709"

"""The index of an instance against pydicom's reading of it, and files that are damaged in every way."""

from __future__ import annotations

import json
import random
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from backend.dicom.elements import DEEPEST, find
from backend.dicom.frames import FrameIndex
from backend.dicom.part10 import Indexed, columns_of_model, index, read_data_set, uids_of
from backend.errors import UnreadableError
from tests.support.instances import make_dataset, make_instance, part10
from tests.support.live import ROOT

SHARED = ROOT.parent / "shared" / "data"
TEST_FILES = sorted(Path(pydicom.__file__).parent.glob("data/test_files/*.dcm"))
INFLATED = 64 << 20
WITHOUT_STUDY = (
    "JPEGLSNearLossless_08", "JPEGLSNearLossless_16", "SC_rgb_jls_lossy_line", "SC_rgb_jls_lossy_sample", "UN_sequence",
    "empty_charset_LEI", "meta_missing_tsyntax", "nested_priv_SQ", "no_meta_group_length", "priv_SQ",
)  # fmt: skip
REFUSED = {f"{name}.dcm": "it has no study instance UID" for name in WITHOUT_STUDY} | {
    "MR_truncated.dcm": "claims 8192 bytes, but 8130 are left",
    "rtplan_truncated.dcm": "claims 976 bytes, but 711 are left",
    "SC_rgb_jpeg.dcm": "has the unknown VR",  # implicit, and says it is explicit
    "no_meta.dcm": "it is no DICOM file",  # it begins with a blank
}


def take(data: bytes) -> Indexed:
    """What the archive makes of a file."""
    return index(read_data_set(memoryview(data), INFLATED))


def model_of(indexed: Indexed) -> dict[str, Any]:
    """Its JSON model."""
    model: dict[str, Any] = json.loads(zlib.decompress(indexed.model, -zlib.MAX_WBITS))
    return model


def same(ours: Any, theirs: Any) -> bool:
    """Whether two attributes of JSON models mean the same; of binary ones only that there is something."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        ours, theirs = ({("binary" if key in ("BulkDataURI", "InlineBinary") else key): value for key, value in one.items()
                         if value != []} for one in (ours, theirs))  # fmt: skip
        return ours.keys() == theirs.keys() and all(key == "binary" or same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(same(*pair) for pair in zip(ours, theirs, strict=True))
    # pydicom leaves blanks between values, and writes empty ones as texts
    return bool((ours or "") == (theirs.rstrip(" ") if isinstance(theirs, str) else theirs or ""))


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name)
def test_models_say_what_pydicom_reads(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(UnreadableError, match=REFUSED[path.name]):
            take(path.read_bytes())
        return
    model = model_of(take(path.read_bytes()))
    assert list(model) == sorted(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = pydicom.dcmread(path, force=True)
        for element in data:
            key = f"{element.tag:08X}"
            if element.tag.elem == 0 or key == "FFFCFFFC" or (element.tag.is_private and model[key]["vr"] == "UN"):
                continue
            try:
                theirs = element.to_json_dict(lambda _element: "bulk", 1024)
            except (ValueError, TypeError, UnicodeError):
                continue  # pydicom can not write what is there
            assert same(model[key], theirs), key


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
def test_real_studies_are_taken_whole() -> None:
    files = [path for folder in ("petct-chest", "ct-codecs", "mr-prostate") for path in (SHARED / folder).rglob("*.dcm")]
    assert len(files) > 400
    for path in files[::7]:
        indexed = take(path.read_bytes())
        assert indexed.warnings == ()
        assert model_of(indexed)["00083002"]["Value"] == [indexed.transfer_syntax]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_all_ways_of_writing_give_the_same_model(syntax: str) -> None:
    nested = Dataset()
    nested.ScheduledProcedureStepID, nested.RequestedProcedureID = "SPS", "RP"
    nested.ReferencedStudySequence = Sequence([Dataset()])
    data = make_dataset(
        "1.2.3", "1.2.4", "1.2.5", RequestAttributesSequence=Sequence([nested, Dataset()]), WindowCenter=[40.5, 80],
        SmallestImagePixelValue=3, PatientName="Müller^Ärø=山田^太郎=やまだ",
        SpecificCharacterSet="ISO_IR 192", PixelPaddingValue=7, ImagePositionPatient=[1, -2.5, 3e-5],
    )  # fmt: skip
    data.add_new(0x00209165, "AT", [0x00100010, 0x7FE00010])
    plain = model_of(take(part10(data)))
    data.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        data["PixelData"].VR = "OW"
    buffer = pydicom.filebase.DicomBytesIO()
    pydicom.dcmwrite(buffer, data, enforce_file_format=True)
    other = model_of(take(buffer.getvalue()))
    assert other.pop("00083002") == {"vr": "UI", "Value": [syntax]}
    plain.pop("00083002")
    assert other == plain
    assert plain["00400275"]["Value"][1] == {}
    assert plain["00100010"]["Value"] == [{"Alphabetic": "Müller^Ärø", "Ideographic": "山田^太郎", "Phonetic": "やまだ"}]
    assert plain["00281050"]["Value"] == [40.5, 80.0]
    assert plain["00209165"]["Value"] == ["00100010", "7FE00010"]
    assert plain["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulkdata/7FE00010"}


def test_columns_hold_what_searches_compare() -> None:
    indexed = take(
        make_instance("1.2.3", "1.2.4", "1.2.5", SpecificCharacterSet="ISO_IR 192", PatientName="Müller^ÄRØ=山田",
                      StudyTime="10", SeriesNumber="03", InstanceNumber=None, StudyDescription="Thorax É ")
    )  # fmt: skip
    study, series, instance = indexed.study, indexed.series, indexed.instance
    assert (study["patient_name"], study["patient_name_alphabetic"]) == ("Müller^ÄRØ=山田", "muller^arø")
    assert (study["patient_name_ideographic"], study["patient_name_phonetic"]) == ("山田", None)
    assert (study["study_date"], study["study_time"]) == ("20240102", "100000.000000")
    assert (study["study_description"], study["study_description_folded"]) == ("Thorax É", "thorax e")
    assert (series["series_number"], series["modality"], series["body_part"]) == (3, "CT", None)
    assert (instance["instance_number"], instance["rows"], instance["frames"]) == (None, 16, None)
    assert json.loads(str(study["attributes"]))["00100020"] == {"vr": "LO", "Value": ["P1"]}
    assert "00080060" in json.loads(str(series["attributes"]))
    assert "7FE00010" not in json.loads(str(instance["attributes"]))


def test_columns_can_be_made_again_of_the_model() -> None:
    for path in [get_testdata_file("MR_small.dcm"), get_testdata_file("examples_ybr_color.dcm"), None]:
        data = Path(str(path)).read_bytes() if path else make_instance(PatientName="A^B==C", StudyTime="1015")
        indexed = take(data)
        assert columns_of_model(json.dumps(model_of(indexed)).encode())[0].keys() == indexed.study.keys()
        study, series = columns_of_model(zlib.decompress(indexed.model, -zlib.MAX_WBITS))
        assert (study, series) == (indexed.study, indexed.series)


def test_values_that_are_wrong_stay_what_they_are() -> None:
    data = make_dataset(SliceThickness="1234567", InstanceNumber="765", ExposureTime="", PixelSpacing=["0.5", "7e4000"])
    data.add_new(0x00189074, "FD", [1.5, float("nan"), float("inf")])
    raw = part10(data)
    for before, after in (
        (b"1234567", b"about 3"),
        (b"IS\x04\x00765 ", b"IS\x04\x00one "),
        (b"20240102", b"1913.0xx"),
        (b"7e4000", b"1e4000"),
    ):
        raw = raw.replace(before, after)
    indexed = take(raw)
    model = model_of(indexed)
    assert model["00180050"]["Value"] == ["about 3"]
    assert model["00200013"]["Value"] == ["one"]
    assert model["00181150"] == {"vr": "IS"}
    assert model["00280030"]["Value"] == [0.5, "1e4000"]
    assert model["00189074"]["Value"] == [1.5, None, None]
    assert indexed.instance["instance_number"] is None
    assert indexed.study["study_date"] == "1913.0xx"


WRONG_TEXTS = {
    "a set that is none": (b"ISO_IR 999", b"M\xfcller", "Müller", "'ISO_IR 999', which is none"),
    "Latin-1 called UTF-8": (b"ISO_IR 192", b"M\xfcller", "Müller", "do not fit the character set ISO_IR 192"),
    "UTF-8 called Japanese": (b"ISO 2022 IR 87", b"M\x1b$Bxx\xc3", None, "do not fit the character set ISO 2022 IR 87"),
}


@pytest.mark.parametrize(("term", "name", "read", "why"), WRONG_TEXTS.values(), ids=WRONG_TEXTS.keys())
def test_wrong_character_sets_are_refused_or_kept_as_they_can_be_read(
    term: bytes, name: bytes, read: str | None, why: str
) -> None:
    known = part10(make_dataset(SpecificCharacterSet="ISO 2022 IR 100", PatientName="Y" * 12))
    broken = known.replace(b"ISO 2022 IR 100 ", term.ljust(16)).replace(b"Y" * 12, name.ljust(12))
    parsed = read_data_set(memoryview(broken), INFLATED)
    with pytest.raises(UnreadableError, match=why):
        index(parsed, strict_texts=True)
    kept = index(parsed)
    assert kept.warnings
    assert why in kept.warnings[0]
    assert read is None or kept.study["patient_name"] == read
    assert uids_of(parsed) == (kept.study_uid, kept.series_uid, kept.sop_instance_uid, kept.sop_class_uid)


@pytest.mark.parametrize("term", ["ISO_IR 100", "ISO IR 100", "ISO-IR 100", "ISO_IR_100", ""])
def test_misspelled_and_missing_character_sets_lose_no_instance(term: str) -> None:
    data = part10(make_dataset(SpecificCharacterSet="ISO_IR 100", PatientName="M\xfcller"))
    named = term.encode().ljust(10)
    indexed = index(read_data_set(memoryview(data.replace(b"ISO_IR 100", named)), INFLATED), strict_texts=True)
    assert indexed.study["patient_name"] == "Müller"
    assert bool(indexed.warnings) == (not term)


def test_bulk_data_are_found_by_their_path() -> None:
    inner = Dataset()
    inner.add_new(0x00091010, "OB", b"x" * 5000)
    inner.add_new(0x00090010, "LO", "OURS")
    data = make_dataset(ReferencedImageSequence=Sequence([Dataset(), inner]))
    raw = memoryview(part10(data))
    parsed = read_data_set(raw, INFLATED)
    model = model_of(index(parsed))
    assert model["00081140"]["Value"][1]["00091010"]["BulkDataURI"] == "bulkdata/00081140/2/00091010"
    element = find(parsed.elements, (0x00081140, 2, 0x00091010))
    assert element is not None
    assert bytes(raw[element.start : element.start + element.length]) == b"x" * 5000
    for nothing in ((0x00081140, 3, 0x00091010), (0x00081140, 1, 0x00091010), (0x00100010, 1, 0x00091010), (0x00990010,)):
        assert find(parsed.elements, nothing) is None


def test_files_without_head_are_read(tmp_path: Path) -> None:
    whole = make_instance("1.2.3")
    start = 132 + 12 + struct.unpack_from("<L", whole, 140)[0]
    for data in (whole[132:], whole[start:]):
        parsed = read_data_set(memoryview(data), INFLATED)
        assert not parsed.head.is_complete
        assert index(parsed).study_uid == "1.2.3"


def test_frames_are_indexed() -> None:
    path = get_testdata_file("SC_rgb_rle_2frame.dcm")
    indexed = take(Path(str(path)).read_bytes())
    assert indexed.pixels is not None
    assert len(FrameIndex.decode(indexed.pixels).fragments) == 2
    assert take(make_instance()).pixels is not None


BAD = {
    "empty": (b"", "empty"),
    "text": (b"no DICOM at all, whatever its name says" * 10, "no DICOM file"),
    "an HTML page": (b"<html>" + b" " * 500, "no DICOM file"),
    "a preamble alone": (bytes(128) + b"DICM", "no DICOM file"),
    "no study UID": (make_instance(StudyInstanceUID=None), "study instance UID"),
    "no series UID": (make_instance(SeriesInstanceUID=None), "series instance UID"),
    "no SOP instance UID": (make_instance(SOPInstanceUID=None), "SOP instance UID"),
    "pixels of one frame for 10,000": (make_instance(NumberOfFrames=10_000), "10000 frames"),
}


@pytest.mark.parametrize(("data", "why"), BAD.values(), ids=BAD.keys())
def test_what_can_not_be_kept_is_refused_with_a_reason(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        take(data)


@pytest.mark.parametrize("uid", ["1." + "2" * 63, "1..2", "1.2.", "one", "1.2/../3", "1.2%2E3"])
def test_uids_that_are_none_are_refused(uid: str) -> None:
    with pydicom.config.disable_value_validation(), pytest.raises(UnreadableError, match="is no UID"):
        take(make_instance(study=uid))


def test_files_cut_anywhere_are_refused() -> None:
    data = make_instance()
    for length in range(140, len(data) - 1, 7):
        try:
            indexed = take(data[:length])
        except UnreadableError:
            continue
        assert indexed.pixels is None, "a cut between two elements leaves a whole data set, but none with pixels"


def test_a_wrong_vr_is_refused() -> None:
    data = make_instance()
    at = data.index(b"\x10\x00\x10\x00PN")
    with pytest.raises(UnreadableError, match="unknown VR"):
        take(data[: at + 4] + b"!!" + data[at + 6 :])


def test_sequences_without_end_and_too_deep_are_refused() -> None:
    def nested(depth: int) -> bytes:
        head = struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
        ends = struct.pack("<HHL", 0xFFFE, 0xE00D, 0) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
        return head * depth + ends * depth

    data = make_instance()
    at = data.index(b"\x10\x00\x10\x00PN")
    take(data[:at] + nested(DEEPEST) + data[at:])
    for bad in (nested(DEEPEST + 1), nested(100_000), nested(3)[:-16]):
        with pytest.raises(UnreadableError):
            take(data[:at] + bad + data[at:])


def test_deflated_bombs_are_refused_in_little_memory() -> None:
    bomb = make_dataset()
    bomb.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    bomb.PixelData = bytes(200 << 20)
    data = part10(bomb)
    assert len(data) < 1 << 20
    with pytest.raises(UnreadableError, match="inflates to more than 64 MB"):
        take(data)


def test_mutated_files_are_read_or_refused_and_nothing_else() -> None:
    chance = random.Random(5)
    for name in ("CT_small", "MR_small_bigendian", "SC_rgb_rle_2frame", "rtplan", "image_dfl", "rtdose_rle"):
        original = Path(str(get_testdata_file(f"{name}.dcm"))).read_bytes()[:60_000]
        for _ in range(120):
            data = bytearray(original)
            for _ in range(chance.choice((1, 3, 20))):
                where = chance.randrange(len(data))
                kind = chance.random()
                if kind < 0.6:
                    data[where] = chance.randrange(256)
                elif kind < 0.8:
                    data[where : where + 4] = b"\xff\xff\xff\xff"
                else:
                    del data[where : where + chance.randrange(1, 64)]
            try:
                indexed = take(bytes(data))
            except UnreadableError:
                continue
            json.loads(zlib.decompress(indexed.model, -zlib.MAX_WBITS))


def test_identifiers_of_every_instance_differ() -> None:
    assert take(make_instance(instance=generate_uid())).sop_instance_uid != take(make_instance()).sop_instance_uid

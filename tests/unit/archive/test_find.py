"""Searches of a small archive with everything that makes them hard: names in other scripts, sequences, gaps, odd values."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from backend.archive.find import Found, find
from backend.dicom.matching import holds
from backend.dicom.qido import read_query
from backend.dicom.query import Criterion, Level, Person, Query, Text
from backend.errors import BadRequestError, TooLargeError
from backend.http.negotiate import query_pairs
from backend.store.engine import Database
from backend.store.reading import find_contents
from backend.store.search import Counts
from tests.support.index_of import data_set, index_of

MULLER, YAMADA, DOE, NAMELESS = "1.2.1", "1.2.2", "1.2.3", "1.2.4"


def item(**attributes: Any) -> Dataset:
    data = Dataset()
    for name, value in attributes.items():
        setattr(data, name, value)
    return data


def archive() -> Iterator[Dataset]:
    """Four studies; of the first two series, of which one has three instances."""
    muller = {
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Änne", "PatientID": "P1", "PatientSex": "F",
        "PatientBirthDate": "19500131", "StudyDate": "20240110", "StudyTime": "101500", "AccessionNumber": "A%1",
        "StudyDescription": "Chest CT with contrast", "ReferringPhysicianName": "Gray^Meredith", "StudyID": "7",
        "TimezoneOffsetFromUTC": "+0100", "InstitutionName": "St. Elsewhere",
    }  # fmt: skip
    requests = [
        item(ScheduledProcedureStepID="SPS1", RequestedProcedureID="RP1"),
        item(ScheduledProcedureStepID="SPS2", RequestedProcedureID="RP2"),
    ]
    for number in (3, 1, 2):
        yield data_set(
            MULLER, "1.2.1.1", f"1.2.1.1.{number}", Modality="CT", SeriesNumber="03", InstanceNumber=str(number), Rows=512,
            Columns=256, BitsAllocated=16, SeriesDescription="Thorax 1.0", SeriesDate="20240110", SeriesTime="101700",
            AcquisitionDate="20240110", AcquisitionTime=f"1017{number}0", PerformedProcedureStepStartDate="20240110",
            PerformedProcedureStepStartTime="1016", RequestAttributesSequence=requests, BodyPartExamined="CHEST",
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], KVP="120.0", ContentLabel=f"L{number}", **muller,
        )  # fmt: skip
    yield data_set(MULLER, "1.2.1.2", "1.2.1.2.1", Modality="SR", SeriesNumber="1", SOPClassUID=MRImageStorage, **muller)
    yield data_set(
        YAMADA, "1.2.2.1", "1.2.2.1.1", SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう",
        PatientID="P2", StudyDate="20231224", StudyTime="23", Modality="MR", SOPClassUID=MRImageStorage,
        StudyDescription="HEAD",
        InstanceNumber="1", NumberOfFrames="10", Rows=64,
    )  # fmt: skip
    private = data_set(
        DOE, "1.2.3.1", "1.2.3.1.1", PatientName="DOE^JOHN^^DR", PatientID="P_3", StudyDate="20240110", StudyTime="1330",
        AccessionNumber="A_1", Modality="CT", StudyDescription="chest", StudyID="007", InstanceNumber="1",
        PerformedProcedureStepStartDate="20240111", PerformedProcedureStepStartTime="0830",
        RequestAttributesSequence=[item(ScheduledProcedureStepID="SPS1", RequestedProcedureID="RP2")],
    )  # fmt: skip
    private.private_block(0x0009, "ACME", create=True).add_new(0x02, "LO", "secret")
    yield private
    yield data_set(NAMELESS, "1.2.4.1", "1.2.4.1.1", PatientID="P1", Modality="CT")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = index_of(tmp_path_factory.mktemp("index"), archive())
    yield made
    made.close()


def ask(database: Database, text: str, level: Level = "study", study: str = "", series: str = "", most: int = 100) -> Found:
    with database.read() as connection:
        return find(connection, read_query(query_pairs(text), level, study, series), most, 20, Counts(), database.state)


def studies(database: Database, text: str) -> list[str]:
    return [match.study_uid for match in ask(database, text).matches]


def attributes(match: Any) -> dict[str, Any]:
    return {name: json.loads(bytes(raw)) for name, raw in match.attributes.items()}


ALL = [DOE, MULLER, YAMADA, NAMELESS]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("PatientName=", ALL),
        ("PatientName=*", ALL),
        ("NoSuchThing=1&patientname=x", ALL),
        # names: no case, no accents, any group
        ("PatientName=muller^anne", [MULLER]),
        (f"PatientName={quote('MÜLLER^ÄNNE')}", [MULLER]),
        ("PatientName=muller", []),
        ("PatientName=Mu*", [MULLER]),
        ("PatientName=*ller*", [MULLER]),
        ("00100010=m?ller^*", [MULLER]),
        ("PatientName=doe^john^^dr", [DOE]),
        ("PatientName=doe*", [DOE]),
        (f"PatientName={quote('山田*')}", [YAMADA]),
        (f"PatientName={quote('*たろう')}", [YAMADA]),
        (f"PatientName={quote('yamada*=山田*')}", [YAMADA]),
        (f"PatientName={quote('yamada*=鈴木*')}", []),
        (f"PatientName={quote('=山田^太郎')}", [YAMADA]),
        ("ReferringPhysicianName=gray*", [MULLER]),
        ("fuzzymatching=true&PatientName=anne", [MULLER]),
        ("fuzzymatching=true&PatientName=ann+mul", [MULLER]),
        ("fuzzymatching=true&PatientName=nne", []),
        ("fuzzymatching=true&PatientName=*nne*", [MULLER]),
        (f"fuzzymatching=true&PatientName={quote('太郎')}", [YAMADA]),
        ("fuzzymatching=false&PatientName=anne", []),
        # other texts count case, unless matching is fuzzy
        ("StudyDescription=chest", [DOE]),
        ("StudyDescription=Chest*", [MULLER]),
        ("StudyDescription=*hest*", [DOE, MULLER]),
        ("StudyDescription=*CHEST*", []),
        ("fuzzymatching=true&StudyDescription=*CHEST*", [DOE, MULLER]),
        ("fuzzymatching=true&StudyDescription=CHEST", [DOE]),
        ("fuzzymatching=true&PatientID=p_*", [DOE]),
        # % and _ are no wild cards
        ("AccessionNumber=A%251", [MULLER]),
        ("AccessionNumber=A%25*", [MULLER]),
        ("AccessionNumber=A%3F1", [DOE, MULLER]),
        ("PatientID=P_*", [DOE]),
        ("PatientID=P%3F", [MULLER, YAMADA, NAMELESS]),
        ("PatientID=P1", [MULLER, NAMELESS]),
        ("PatientID=P1%20%20", [MULLER, NAMELESS]),
        ("StudyID=7", [MULLER]),
        ("PatientSex=F", [MULLER]),
        # UIDs
        (f"StudyInstanceUID={DOE}", [DOE]),
        (f"StudyInstanceUID={DOE}%2C{YAMADA}", [DOE, YAMADA]),
        (f"StudyInstanceUID={DOE}%5C{YAMADA}", [DOE, YAMADA]),
        (f"0020000d={DOE}&0020000D={YAMADA}", [DOE, YAMADA]),
        # dates and times
        ("StudyDate=20240110", [DOE, MULLER]),
        ("StudyDate=2024.01.10", [DOE, MULLER]),
        ("StudyDate=20240101-", [DOE, MULLER]),
        ("StudyDate=-20231231", [YAMADA]),
        ("StudyDate=20231224-20240109", [YAMADA]),
        ("StudyTime=10", [MULLER]),
        ("StudyTime=1015", [MULLER]),
        ("StudyTime=1016", []),
        ("StudyTime=1000-1400", [DOE, MULLER]),
        ("StudyTime=13-", [DOE, YAMADA]),
        ("StudyTime=-10", [MULLER]),
        ("StudyDate=20231224-20240110&StudyTime=1200-1100", [MULLER, YAMADA]),  # one range, from noon to eleven
        ("StudyDate=20231224-20240110&StudyTime=10", [MULLER]),
        ("StudyDate=20240110&StudyTime=1100-1400", [DOE]),
        ("PatientBirthDate=19500131", [MULLER]),
        ("PatientBirthDate=1900-", BadRequestError),
        # modalities
        ("ModalitiesInStudy=CT", [DOE, MULLER, NAMELESS]),
        ("ModalitiesInStudy=SR%2CMR", [MULLER, YAMADA]),
        ("ModalitiesInStudy=C*", [DOE, MULLER, NAMELESS]),
        ("ModalitiesInStudy=T", []),
        ("multiplevaluematching=true&ModalitiesInStudy=CT%5CSR", [MULLER]),
        ("multiplevaluematching=true&ModalitiesInStudy=CT%5CMR", []),
        (f"SOPClassesInStudy={MRImageStorage}", [MULLER, YAMADA]),
        (f"00080062={CTImageStorage}", [DOE, MULLER, NAMELESS]),
        (f"00080062={CTImageStorage},{MRImageStorage}", ALL),
        (f"multiplevaluematching=true&00080062={CTImageStorage}%5C{MRImageStorage}", [MULLER]),
        ('emptyvaluematching=true&SOPClassesInStudy=""', []),
        ('emptyvaluematching=true&ModalitiesInStudy=""', []),
        # counts
        ("NumberOfStudyRelatedInstances=4", [MULLER]),
        ("00201206=2", [MULLER]),
        # without a value
        ('emptyvaluematching=true&PatientName=""', [NAMELESS]),
        ('emptyvaluematching=true&StudyDate=%22%22', [NAMELESS]),
        ('PatientName=""', []),
        # of no column
        ("TimezoneOffsetFromUTC=%2B0100", [MULLER]),
        # of lower levels: no conditions here
        ("Modality=MR&SeriesNumber=99&InstanceNumber=99", ALL),
        # several
        ("ModalitiesInStudy=CT&PatientName=*e*&StudyDate=2024.01.01-", [DOE, MULLER]),
    ],
)  # fmt: skip
def test_studies(database: Database, query: str, expected: Any) -> None:
    if isinstance(expected, list):
        assert studies(database, query) == expected
    else:
        with pytest.raises(expected):
            studies(database, query)


def uids(found: Found) -> list[str]:
    return [match.sop_instance_uid or match.series_uid for match in found.matches]


@pytest.mark.parametrize(
    ("query", "study", "expected"),
    [
        ("", MULLER, ["1.2.1.2", "1.2.1.1"]),
        ("SeriesNumber=3", MULLER, ["1.2.1.1"]),
        ("SeriesNumber=03", MULLER, ["1.2.1.1"]),
        ("Modality=SR", MULLER, ["1.2.1.2"]),
        ("PatientName=Nobody", MULLER, ["1.2.1.2", "1.2.1.1"]),  # a key of a level that is fixed
        ("", "9.9", []),
        ("", "", ["1.2.1.2", "1.2.1.1", "1.2.2.1", "1.2.3.1", "1.2.4.1"]),
        ("PatientName=yamada*", "", ["1.2.2.1"]),
        ("Modality=CT%2CMR", "", ["1.2.1.1", "1.2.2.1", "1.2.3.1", "1.2.4.1"]),
        ("0020000E=1.2.3.1", "", ["1.2.3.1"]),
        ("BodyPartExamined=CHEST", "", ["1.2.1.1"]),
        ("InstitutionName=St.*", "", ["1.2.1.2", "1.2.1.1"]),
        ("NumberOfSeriesRelatedInstances=3", "", ["1.2.1.1"]),
        ("PerformedProcedureStepStartDate=20240110-20240111&PerformedProcedureStepStartTime=1700-0830", "", ["1.2.3.1"]),
        ("SeriesDate=20240110", "", ["1.2.1.1"]),
        # sequences: all keys in one item
        ("RequestAttributesSequence.ScheduledProcedureStepID=SPS1", "", ["1.2.1.1", "1.2.3.1"]),
        ("00400275.00400009=SPS1&00400275.00401001=RP2", "", ["1.2.3.1"]),
        ("00400275.ScheduledProcedureStepID=SPS2&RequestAttributesSequence.00401001=RP2", "", ["1.2.1.1"]),
        ("00400275.00400009=SPS*", "", ["1.2.1.1", "1.2.3.1"]),
    ],
)
def test_series(database: Database, query: str, study: str, expected: list[str]) -> None:
    assert uids(ask(database, query, "series", study)) == expected


@pytest.mark.parametrize(
    ("query", "study", "series", "expected"),
    [
        ("", MULLER, "1.2.1.1", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]),
        ("", MULLER, "", ["1.2.1.2.1", "1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]),
        ("", DOE, "1.2.1.1", []),  # another study's series
        ("", "", "", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3", "1.2.1.2.1", "1.2.2.1.1", "1.2.3.1.1", "1.2.4.1.1"]),
        ("InstanceNumber=2", MULLER, "1.2.1.1", ["1.2.1.1.2"]),
        ("InstanceNumber=02.0", MULLER, "1.2.1.1", ["1.2.1.1.2"]),
        ("SOPInstanceUID=1.2.1.1.2", "", "", ["1.2.1.1.2"]),
        (f"SOPClassUID={MRImageStorage}", "", "", ["1.2.1.2.1", "1.2.2.1.1"]),
        ("Rows=512&Modality=CT", MULLER, "", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]),
        ("PatientID=P2", "", "", ["1.2.2.1.1"]),
        ("NumberOfFrames=10", "", "", ["1.2.2.1.1"]),
        ("ModalitiesInStudy=S*&Modality=CT&InstanceNumber=1", "", "", ["1.2.1.1.1"]),
        (f"SOPClassesInStudy={MRImageStorage}&Modality=CT&InstanceNumber=2", "", "", ["1.2.1.1.2"]),
        ("fuzzymatching=true&PatientName=tar&00400275.00400009=", "", "", ["1.2.2.1.1"]),
        # main attributes of no column, and such as only the whole model has
        ("ImageType=AXIAL", "", "", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]),
        ("multiplevaluematching=true&ImageType=AXIAL%5CPRIMARY&InstanceNumber=1", "", "", ["1.2.1.1.1"]),
        ("KVP=120", MULLER, "1.2.1.1", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]),
        ("KVP=120&InstanceNumber=1", "", "", ["1.2.1.1.1"]),
        ("AcquisitionDate=20240110-20240110&AcquisitionTime=101715-101725", "", "", ["1.2.1.1.2"]),
        ("AcquisitionTime=101710-101720", MULLER, "", ["1.2.1.1.1", "1.2.1.1.2"]),
        ("00090010=ACME&00091002=secret", "", "", ["1.2.3.1.1"]),
        ("00090011=ACME&00091102=s*", "", "", ["1.2.3.1.1"]),  # the creator stands in another block there
        ("00090010=OTHER&00091002=secret", "", "", []),
    ],
)
def test_instances(database: Database, query: str, study: str, series: str, expected: list[str]) -> None:
    assert uids(ask(database, query, "instance", study, series)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1", "limit=x", "offset=1.5", "limit=1&limit=2", "limit=", "fuzzymatching=1", "fuzzymatching=True",
        "includefield=NoSuchThing", "includefield=0010001", "StudyDate=yesterday", "StudyDate=20241301", "StudyDate=-",
        "StudyTime=25", "StudyInstanceUID=1.2.x", "StudyInstanceUID=1..2", f"StudyInstanceUID={'1' * 65}",
        "SeriesNumber=three", "00091002=secret", "PatientName=a&PatientName=b", "PixelData=x", "00400275=x",
        "PatientName.PatientID=1", f"PatientName={'a' * 2000}", "SeriesNumber=nan",
        "&".join(f"0010{number:04X}=1" for number in range(0x2000, 0x2070)),
        "includefield=" + ".".join(["00400275"] * 20),
    ],
)  # fmt: skip
def test_bad_parameters(query: str) -> None:
    with pytest.raises(BadRequestError):
        read_query(query_pairs(query), "series")


def test_what_studies_answer(database: Database) -> None:
    (match,) = ask(database, "PatientName=muller*").matches
    assert attributes(match) == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080020": {"vr": "DA", "Value": ["20240110"]},
        "00080030": {"vr": "TM", "Value": ["101500"]},
        "00080050": {"vr": "SH", "Value": ["A%1"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
        "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Gray^Meredith"}]},
        "00080201": {"vr": "SH", "Value": ["+0100"]},
        "00081030": {"vr": "LO", "Value": ["Chest CT with contrast"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Änne"}]},
        "00100020": {"vr": "LO", "Value": ["P1"]},
        "00100030": {"vr": "DA", "Value": ["19500131"]},
        "00100040": {"vr": "CS", "Value": ["F"]},
        "0020000D": {"vr": "UI", "Value": [MULLER]},
        "00200010": {"vr": "SH", "Value": ["7"]},
        "00201206": {"vr": "IS", "Value": [2]},
        "00201208": {"vr": "IS", "Value": [4]},
    }
    (bare,) = ask(database, f"StudyInstanceUID={NAMELESS}").matches
    assert attributes(bare)["00100010"] == {"vr": "PN"}
    assert attributes(bare)["00080020"] == {"vr": "DA"}
    assert attributes(bare)["00200010"] == {"vr": "SH"}
    assert "00081030" not in attributes(bare)


def test_what_series_and_instances_answer(database: Database) -> None:
    (match,) = ask(database, "SeriesInstanceUID=1.2.1.1", "series", MULLER).matches
    found = attributes(match)
    assert found["00201209"] == {"vr": "IS", "Value": [3]}
    assert found["00200011"]["Value"] == [3] or found["00200011"]["Value"] == ["03"]
    assert {"00080060", "0020000E", "0008103E", "00080021", "00080031", "00400244", "00400275"} <= found.keys()
    assert "00100010" not in found
    (flat,) = ask(database, "SeriesInstanceUID=1.2.1.1", "series").matches
    assert attributes(flat)["00100010"]["Value"] == [{"Alphabetic": "Müller^Änne"}]
    assert attributes(flat)["00201208"]["Value"] == [4]
    one = attributes(ask(database, "InstanceNumber=1", "instance", MULLER, "1.2.1.1").matches[0])
    assert one["00280010"] == {"vr": "US", "Value": [512]}
    assert {"00080016", "00080018", "00200013", "00280011", "00280100", "0020000D", "0020000E"} <= one.keys()
    assert not {"00100010", "00080060", "00080008"} & one.keys()
    within = attributes(ask(database, "InstanceNumber=1&Modality=CT", "instance", MULLER).matches[0])
    assert within["00080060"]["Value"] == ["CT"]
    assert "00100010" not in within
    everywhere = attributes(ask(database, "SOPInstanceUID=1.2.1.1.1", "instance").matches[0])
    assert {"00100010", "00080060", "00080018"} <= everywhere.keys()


def test_included_attributes(database: Database) -> None:
    def included(query: str, level: Level = "study", study: str = "", series: str = "") -> dict[str, Any]:
        return attributes(ask(database, query, level, study, series).matches[0])

    plain = included("PatientID=P1")
    more = included("PatientID=P1&includefield=SOPClassesInStudy%2C00201200&includefield=NumberOfPatientRelatedInstances")
    assert sorted(more.keys() - plain.keys()) == ["00080062", "00201200", "00201204"]
    assert more["00080062"] == {"vr": "UI", "Value": [CTImageStorage, MRImageStorage]}
    assert (more["00201200"]["Value"], more["00201204"]["Value"]) == ([2], [5])
    assert included("PatientID=P1&includefield=Modality,SeriesNumber,Rows") == plain  # of lower levels: left out silently
    everything = included(f"StudyInstanceUID={MULLER}&includefield=all")
    assert plain.items() <= everything.items()
    assert {"00201202", "00080062"} <= everything.keys()
    assert "00080060" not in everything
    above = included("includefield=PatientName", "series", MULLER)
    assert above["00100010"]["Value"] == [{"Alphabetic": "Müller^Änne"}]
    assert included("PatientID=", "series", MULLER)["00100020"]["Value"] == ["P1"]  # a key that matches anything is asked for
    rare = included("includefield=KVP,ContentLabel,00080008", "instance", MULLER, "1.2.1.1")
    assert float(rare["00180060"]["Value"][0]) == 120
    assert rare["00700080"] == {"vr": "CS", "Value": ["L1"]}
    assert rare["00080008"]["Value"] == ["ORIGINAL", "PRIMARY", "AXIAL"]
    every = included("includefield=all", "instance", MULLER, "1.2.1.1")
    assert {"00080008", "00080022", "00280010"} <= every.keys()


def test_parts_of_sequences(database: Database) -> None:
    def requests(query: str) -> Any:
        (match,) = ask(database, query, "series", DOE).matches
        return attributes(match)["00400275"]

    whole = [{"00400009": {"vr": "SH", "Value": ["SPS1"]}, "00401001": {"vr": "SH", "Value": ["RP2"]}}]
    part = [{"00400009": {"vr": "SH", "Value": ["SPS1"]}}]
    assert requests("") == {"vr": "SQ", "Value": whole}
    assert requests("includefield=00400275.00400009") == {"vr": "SQ", "Value": part}
    assert requests("includefield=RequestAttributesSequence.ScheduledProcedureStepID,00400275") == {"vr": "SQ", "Value": whole}


def test_a_query_of_other_doors(database: Database) -> None:
    """They may fix a study and still have keys of it."""
    for name, expected in (("muller*", 3), ("doe*", 0)):
        named = Criterion(0x00100010, Person((name,)))
        query = Query("instance", (named, Criterion(0x00080060, Text(("CT",)))), study=MULLER)
        with database.read() as connection:
            found = find(connection, query, 100, 20, Counts(), "")
        assert len(found.matches) == expected


def test_paging(database: Database) -> None:
    def page(query: str, most: int = 100) -> tuple[list[str], int]:
        found = ask(database, query, most=most)
        return [match.study_uid for match in found.matches], found.more

    assert page("limit=2") == (ALL[:2], 2)
    assert page("limit=2&offset=2") == (ALL[2:], 0)
    assert page("limit=2&offset=3") == (ALL[3:], 0)
    assert page("offset=9") == ([], 0)
    assert page("limit=0") == ([], 0)
    assert page("limit=999999999999") == (ALL, 0)
    assert page("", most=3) == (ALL[:3], 1)
    assert page("limit=50", most=3) == (ALL[:3], 1)
    assert page("limit=1&ModalitiesInStudy=CT") == ([DOE], 2)
    found = ask(database, "limit=2&offset=1", "instance")
    assert (uids(found), found.more) == (["1.2.1.1.2", "1.2.1.1.3"], 4)


KEYS = (
    "PatientName=*e*", "PatientName=doe^john^^dr", "PatientName=*%E5%A4%AA*", "fuzzymatching=true&PatientName=a",
    "StudyDescription=C*", "StudyDescription=*e?t*", "fuzzymatching=true&StudyDescription=*E?T*", "PatientID=P?",
    "PatientID=P_*",
    "AccessionNumber=A%25*", "StudyDate=20231224-20240101", "StudyTime=10-13", "StudyTime=23", "Modality=CT%2CSR",
    "Modality=?R",
    "SeriesNumber=3", "InstanceNumber=1", "Rows=64", "SOPInstanceUID=1.2.1.1.2%2C1.2.4.1.1", "PatientBirthDate=-20000101",
    "StudyDate=20240110-20240111&StudyTime=1200-1300", "BodyPartExamined=CHEST", 'emptyvaluematching=true&AccessionNumber=""',
    "RequestAttributesSequence.ScheduledProcedureStepID=SPS2", "ReferringPhysicianName=gray^?eredith", "PatientSex=f",
)  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_columns_and_attributes_say_the_same(database: Database, key: str) -> None:
    """What SQL says by columns is what Python says by the whole data set."""
    query = read_query(query_pairs(key), "instance")
    assert query.criteria
    by_columns = uids(ask(database, key, "instance"))
    everything = ask(database, "", "instance")
    by_attributes = []
    with database.read() as connection:
        ids = {row.sop_instance_uid: row.id for row in connection.exec_driver_sql("SELECT id, sop_instance_uid FROM instances")}
        for uid in uids(everything):
            (content,) = find_contents(connection, [ids[uid]])
            model = json.loads(zlib.decompress(content.model, -zlib.MAX_WBITS))
            if all(holds(criterion, model) for criterion in query.criteria):
                by_attributes.append(uid)
    assert by_columns == by_attributes


def test_a_search_that_takes_too_long(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.store.search.STEPS_BETWEEN_LOOKS", 1)
    with pytest.raises(TooLargeError, match="narrow"), database.read() as connection:
        find(connection, read_query(query_pairs("KVP=121"), "instance"), 10, -1, Counts(), "")


def test_patterns_that_would_take_for_ever(tmp_path: Path) -> None:
    long = data_set("1.2.5", "1.2.5.1", "1.2.5.1.1", PatientID="a" * 64, PatientName="a" * 64, ContentLabel="A" * 16)
    database = index_of(tmp_path, [long])
    many = "a*" * 30
    for key in (f"PatientID={many}b", f"PatientName={many}b", f"PatientName={'*a' * 30}b&fuzzymatching=true"):
        assert ask(database, key).matches == []
    assert len(ask(database, f"PatientID={many}").matches) == 1
    assert len(ask(database, f"PatientName={many}***a*").matches) == 1
    assert ask(database, f"ContentLabel={'A*' * 15}B", "instance").matches == []
    database.close()


def test_the_connection_is_left_as_it_was(database: Database, tmp_path: Path) -> None:
    ask(database, "KVP=121", "instance")
    with database.read() as connection:
        assert connection.exec_driver_sql("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200000) "
                                          "SELECT count(*) FROM n").scalar_one() == 200_000  # fmt: skip

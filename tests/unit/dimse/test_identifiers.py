"""Identifiers as keys, and matches as identifiers."""

from __future__ import annotations

import json

import pytest
from pydicom.dataset import Dataset

from backend.dimse.identifiers import keys_of, level_of, response, uids_of
from backend.errors import BadRequestError


def identifier(**values: object) -> Dataset:
    """Of a study search, unless it says otherwise."""
    data = Dataset()
    for name, value in {"QueryRetrieveLevel": "STUDY", **values}.items():
        setattr(data, name, value)
    return data


def test_keys_with_and_without_values() -> None:
    data = identifier(PatientName="Doe^*", StudyInstanceUID="", StudyDate="20240101-", SpecificCharacterSet="ISO_IR 192")
    assert keys_of(data) == (
        [("00080020", "20240101-"), ("00100010", "Doe^*")], ["00080020", "00100010", "0020000D"],
    )  # fmt: skip


def test_lists_and_sequences() -> None:
    item = Dataset()
    item.ScheduledProcedureStepID = "S1"
    data = identifier(StudyInstanceUID=["1.2", "1.3"], RequestAttributesSequence=[item], ProcedureCodeSequence=[])
    keys, fields = keys_of(data)
    assert keys == [("0020000D", "1.2\\1.3"), ("00400275.00400009", "S1")]
    assert fields == ["00081032", "0020000D", "00400275.00400009"]


@pytest.mark.parametrize("level", ["", "VOLUME"])
def test_levels_have_to_be_known(level: str) -> None:
    with pytest.raises(BadRequestError):
        level_of(identifier(QueryRetrieveLevel=level))


def test_uids() -> None:
    assert uids_of(identifier(StudyInstanceUID=["1.2", "1.3"]), "StudyInstanceUID") == ["1.2", "1.3"]
    assert uids_of(identifier(StudyInstanceUID="1.2"), "StudyInstanceUID") == ["1.2"]
    assert uids_of(identifier(StudyInstanceUID=""), "StudyInstanceUID") == []
    assert uids_of(identifier(), "StudyInstanceUID") == []


def test_an_answer_has_what_was_asked_for_and_nothing_else() -> None:
    model = {
        "0020000D": {"vr": "UI", "Value": ["1.2"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller"}]},
        "00100020": {"vr": "LO", "Value": ["P"]},
    }
    asked = identifier(StudyInstanceUID="", PatientName="", StudyDate="", InstanceAvailability="")
    answer = response(json.dumps(model, ensure_ascii=False), asked, "US")
    assert {element.keyword for element in answer} == {
        "StudyInstanceUID", "PatientName", "StudyDate", "QueryRetrieveLevel", "RetrieveAETitle", "InstanceAvailability",
        "SpecificCharacterSet",
    }  # fmt: skip
    assert (str(answer.PatientName), answer.StudyDate, answer.RetrieveAETitle) == ("Müller", None, "US")
    assert answer.SpecificCharacterSet == "ISO_IR 192"

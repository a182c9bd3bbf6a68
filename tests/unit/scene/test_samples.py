"""The table of sample data, and what a site may add to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backend.errors import BadRequestError, NotFoundError
from backend.scene.commands import SampleFile
from backend.scene.samples import BUILT_IN, Catalogue, check_file, is_genuine

# Name and node names of the reference of Slicer's interface.
NODES = {
    "MRHead": ["MRHead"], "CTChest": ["CTChest"], "CTACardio": ["CTACardio"], "DTIBrain": ["DTIBrain"],
    "MRBrainTumor1": ["MRBrainTumor1"], "MRBrainTumor2": ["MRBrainTumor2"], "BaselineVolume": ["BaselineVolume"],
    "DTIVolume": ["DTIVolume"], "DWIVolume": ["dwi"], "CTAAbdomenPanoramix": ["Panoramix-cropped"],
    "CBCTDentalSurgery": ["PreDentalSurgery", "PostDentalSurgery"], "MRUSProstate": ["MRProstate", "USProstate"],
    "CTMRBrain": ["CTBrain", "MRBrainT1", "MRBrainT2"], "CBCTMRHead": ["DZ-CBCT", "DZ-MR"], "CTLiver": ["CTLiver"],
    "CTPCardioSeq": ["CTPCardioSeq"], "CTCardioSeq": ["CTCardioSeq"], "TinyPatient": ["TinyPatient_CT", "TinyPatient_Segments"],
}  # fmt: skip
MR_HEAD = "cc211f0dfd9a05ca3841ce1141b292898b2dd2d3f08286affadf823a7e58df93"


def test_every_sample_of_slicer_is_there_with_its_nodes() -> None:
    assert {sample.name: [file.node for file in sample.files if file.node] for sample in BUILT_IN} == NODES


def test_files_are_named_and_summed() -> None:
    for sample in BUILT_IN:
        for file in sample.files:
            check_file(file)
            assert re.fullmatch(r"SHA256:[0-9a-f]{64}", file.checksum)
            assert bool(file.node) == bool(file.type)
    digests = [file.digest for sample in BUILT_IN for file in sample.files]
    assert len(set(digests)) == len(digests)
    assert BUILT_IN[0].files[0] == SampleFile("MR-head.nrrd", f"SHA256:{MR_HEAD}", "MRHead", "VolumeFile")
    kinds = {sample.name: {file.type for file in sample.files} for sample in BUILT_IN}
    assert kinds["CTCardioSeq"] == {"SequenceFile"}
    assert kinds["TinyPatient"] == {"VolumeFile", "SegmentationFile"}


def test_names_are_found_exactly_and_else_in_any_case() -> None:
    catalogue = Catalogue()
    assert catalogue.find("MRHead") is catalogue.find("mrhead ")
    with pytest.raises(NotFoundError, match="sampledata Nope was not found"):
        catalogue.find("Nope")


def test_a_site_adds_samples_and_replaces_slicers(tmp_path: Path) -> None:
    file = tmp_path / "more.json"
    entry = {"file": "ours.nrrd", "checksum": "MD5:" + "0" * 32, "node": "Ours", "type": "VolumeFile"}
    file.write_text(json.dumps([{"name": "MRHead", "files": [entry]}, {"name": "mrhead", "files": [entry]}]))
    catalogue = Catalogue(file)
    assert catalogue.find("MRHead").files[0].file == "ours.nrrd"
    assert catalogue.find("mrhead").name == "mrhead"  # exactly first
    assert len(catalogue.all()) == len(BUILT_IN) + 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing", "can not be used"),
        ('[{"name": "A", "files": []}]', "no files"),
        ('[{"name": "A", "files": [{"file": "../x", "checksum": "MD5:00"}]}]', "no good file name"),
        ('[{"name": "A", "files": [{"file": "x.nrrd", "checksum": "MD5:00"}]}]', "no good checksum"),
        ('[{"name": "A", "files": [{"file": "x.nrrd"}]}]', "no checksum"),
        ('[{"name": "A", "nodes": 3, "files": []}]', "can not be used"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_reason(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "more.json"
    file.write_text(text)
    with pytest.raises(BadRequestError, match=why):
        Catalogue(file)


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/etc/passwd", ".hidden", "a\0b", "x" * 200])
def test_file_names_stay_in_their_folder(name: str) -> None:
    with pytest.raises(BadRequestError):
        check_file(SampleFile(name))


def test_checksums_tell_files_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    good = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert is_genuine(path, SampleFile("a", f"sha256:{good.upper()}"))
    assert is_genuine(path, SampleFile("a", "MD5:900150983cd24fb0d6963f7d28e17f72"))
    assert not is_genuine(path, SampleFile("a", f"SHA256:{good[::-1]}"))

"""What `slicer:` links say, by the rules of slicer-url and the ways they are written in practice."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import BadRequestError
from backend.links.link import File, Study, parse_endpoint, parse_link, scheme_of

UID = "1.2.826.0.1.3680043.8.498.1234"
ENDPOINT = "http://pacs.example:8042/dicom-web"
ENCODED = quote(ENDPOINT, safe="")


def link(query: str, start: str = "slicer://viewer/?") -> str:
    return start + query


@pytest.mark.parametrize("start", ["slicer://viewer/?", "SLICER://Viewer/?", "Slicer://VIEWER?", " slicer://viewer/any/path?",
                                   "web+slicer://viewer/?"])  # fmt: skip
def test_scheme_and_action_have_no_case_and_the_path_is_not_looked_at(start: str) -> None:
    assert parse_link(link(f"studyUID={UID}&dicomweb_endpoint={ENCODED}", start)).study == Study(UID, ENDPOINT)


def test_names_have_case() -> None:
    with pytest.raises(BadRequestError, match="studyUID"):
        parse_link(link(f"studyuid={UID}&dicomweb_endpoint={ENCODED}"))


@pytest.mark.parametrize(
    "written",
    [
        ENDPOINT, ENCODED, quote(ENCODED, safe=""), ENDPOINT + "/", quote(ENDPOINT + "/", safe=""), "%20" + ENCODED,
        "%20" + quote(ENCODED, safe=""), ENCODED + "%20%20",
    ],
)  # fmt: skip
def test_endpoints_bare_encoded_and_encoded_twice(written: str) -> None:
    study = parse_link(link(f"studyUID=%20{UID}&dicomweb_endpoint={written}&dicomweb_uri_endpoint=%20http%3A%2F%2Fx")).study
    assert study == Study(UID, ENDPOINT)


def test_only_what_still_looks_encoded_is_decoded_once_more() -> None:
    assert parse_endpoint("http://h/a%2520b") == "http://h/a%2520b"
    assert parse_link(link(f"image={quote('http://h/a%2Fb.nrrd', safe='')}")).files[0].address == "http://h/a%2Fb.nrrd"


def test_the_last_of_repeated_study_parameters_counts_and_the_alias_is_taken() -> None:
    assert parse_link(link(f"studyUID=1.2&studyUID={UID}&dicomweb_endpoint={ENCODED}")).study == Study(UID, ENDPOINT)
    assert parse_link(link(f"StudyInstanceUID={UID}&dicomweb_endpoint={ENCODED}")).study == Study(UID, ENDPOINT)
    both = parse_link(link(f"StudyInstanceUID=1.2&studyUID={UID}&dicomweb_endpoint={ENCODED}")).study
    assert both == Study(UID, ENDPOINT)


def test_plus_is_a_plus_and_the_token_is_not_shown() -> None:
    study = parse_link(link(f"studyUID={UID}&access_token=a+b%2Bc%3D&dicomweb_endpoint={ENCODED}")).study
    assert study is not None
    assert study.token == "a+b+c="
    assert "a+b" not in repr(study)


@pytest.mark.parametrize(("text", "bulk"), [("1", True), ("0", False), ("-1", False), ("%207", True), ("+2", True)])
def test_bulk_retrieve_is_an_integer_above_zero(text: str, bulk: bool) -> None:
    study = parse_link(link(f"studyUID={UID}&dicomweb_endpoint={ENCODED}&bulk_retrieve={text}")).study
    assert study == Study(UID, ENDPOINT, "", bulk)


@pytest.mark.parametrize("text", ["x", "", "1.5", "true", "1" * 20, "٣"])
def test_bulk_retrieve_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="bulk_retrieve"):
        parse_link(link(f"studyUID={UID}&dicomweb_endpoint={ENCODED}&bulk_retrieve={text}"))


def test_files_in_order_with_their_types_and_the_name_for_the_first_item_only() -> None:
    a, b, d = (quote(f"https://host/{name}", safe="") for name in ("CT.nrrd", "lung.seg.nrrd", "x?id=3"))
    found = parse_link(link(f"download={d}&segmentation={b}&image={a}&volume={a}&filename=MR.nii.gz"))
    assert found.study is None
    assert found.files == (
        File("https://host/x?id=3", None, "MR.nii.gz"),
        File("https://host/lung.seg.nrrd", "SegmentationFile"),
        File("https://host/CT.nrrd", "VolumeFile"),
        File("https://host/CT.nrrd", "VolumeFile"),
    )
    other = parse_link(link(f"show3d=true&image={a}&filename=MR.nii.gz"))
    assert other.files == (File("https://host/CT.nrrd", "VolumeFile"),)


def test_names_stay_in_their_folder_and_blanks_in_addresses_are_encoded() -> None:
    found = parse_link(link("image=https%3A%2F%2Fh%2Fmy%20scan.nrrd&filename=..%2F..%2Fetc%2Fpasswd")).files
    assert found == (File("https://h/my%20scan.nrrd", "VolumeFile", "passwd"),)


@pytest.mark.parametrize(("text", "shown"), [("true", True), ("True", True), ("1", True), ("false", False), ("0", False),
                                             ("", False), ("maybe", False)])  # fmt: skip
def test_show3d(text: str, shown: bool) -> None:
    assert parse_link(link(f"show3d={text}&image=http://h/a.nrrd")).show_3d is shown


def test_a_study_and_files_in_one_link_serve_both() -> None:
    found = parse_link(link(f"studyUID={UID}&dicomweb_endpoint={ENCODED}&image=http://h/a.nrrd"))
    assert found.study == Study(UID, ENDPOINT)
    assert len(found.files) == 1
    assert parse_link(link(f"studyUID={UID}&image=http://h/a.nrrd")).study is None  # Slicer's DICOM module ignores it
    assert parse_link(link(f"studyUID={UID}")).study == Study(UID)


@pytest.mark.parametrize(
    "text",
    [
        "", "slicer:", "slicer://", "slicer://viewer/", f"slicer://other/?studyUID={UID}&dicomweb_endpoint={ENCODED}",
        "slicer://idc-browser/?download=1.2.3", f"http://viewer/?studyUID={UID}", "file:///etc/passwd", "slicer://[viewer/?x=1",
        link(f"dicomweb_endpoint={ENCODED}"), link(f"studyUID=..%2F..&dicomweb_endpoint={ENCODED}"),
        link(f"studyUID=1..2&dicomweb_endpoint={ENCODED}"), link(f"studyUID={'1.' * 40}1&dicomweb_endpoint={ENCODED}"),
        link(f"studyUID={UID}%0A&dicomweb_endpoint=ftp://h/x"), link(f"studyUID={UID}&dicomweb_endpoint=pacs"),
        link(f"studyUID={UID}&dicomweb_endpoint=http://"), link(f"studyUID={UID}&dicomweb_endpoint=http://h:99999/"),
        link(f"studyUID={UID}&dicomweb_endpoint=http://h:0/"), link(f"studyUID={UID}&dicomweb_endpoint=http://u:p%40h/x"),
        link(f"studyUID={UID}&dicomweb_endpoint=http://u:p@h/x"), link(f"studyUID={UID}&dicomweb_endpoint=http://h/x%3Fq=1"),
        link(f"studyUID={UID}&dicomweb_endpoint=http://h/a%0d%0aX: y"),
        link(f"studyUID={UID}&dicomweb_endpoint={ENCODED}&access_token=a%0d%0aX:%20y"),
        link("image=file%3A%2F%2F%2Fetc%2Fpasswd"), link("image=%2Fetc%2Fpasswd"), link("image="),
        link("&".join(["image=http://h/a.nrrd"] * 100)), link("x=" + "y" * 100_000),
    ],
)  # fmt: skip
def test_links_that_ask_for_nothing_or_are_malformed(text: str) -> None:
    with pytest.raises(BadRequestError):
        parse_link(text)


@given(st.text(max_size=200))
def test_whatever_is_said_is_understood_or_refused(text: str) -> None:
    for start in ("slicer://viewer/?", "slicer:", "", f"slicer://viewer/?studyUID={UID}&dicomweb_endpoint="):
        with contextlib.suppress(BadRequestError):
            assert parse_link(start + text)


def test_schemes() -> None:
    assert [scheme_of(text) for text in ("Slicer://x", "web+slicer:x", "HTTPS://x", "file:///x", "x", "")] == [
        "slicer", "slicer", "http", "", "", "",
    ]  # fmt: skip

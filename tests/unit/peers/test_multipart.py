"""Multipart bodies in any pieces, with pixels that look like boundaries."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import UnreadableError
from backend.peers.multipart import MultipartReader, PartBegins, PartData, PartEnds, parse_content_type


def read(body: bytes, sizes: list[int], boundary: str = "b") -> tuple[list[tuple[dict[str, str], bytes]], int, bool]:
    """Parts with headers, how many were whole, and whether the body was; fed in pieces of these sizes, over and over."""
    reader, parts, whole, at, turn = MultipartReader(boundary), list[tuple[dict[str, str], bytes]](), 0, 0, 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        for event in reader.feed(body[at : at + size]):
            if isinstance(event, PartBegins):
                parts.append((event.headers, b""))
            elif isinstance(event, PartData):
                parts[-1] = (parts[-1][0], parts[-1][1] + event.data)
            else:
                assert isinstance(event, PartEnds)
                whole += 1
        at, turn = at + size, turn + 1
    return parts, whole, reader.is_whole


def body_of(parts: list[bytes], boundary: bytes = b"b", blanks: bytes = b"") -> bytes:
    made = b"".join(
        b"--" + boundary + blanks + b"\r\nContent-Type: application/dicom\r\n\r\n" + part + b"\r\n" for part in parts
    )
    return made + b"--" + boundary + b"--\r\n"


PIECES = st.lists(
    st.sampled_from([b"\r\n--b", b"\r\n--", b"-", b"b", b"\r\n", b" ", b"x", b"\r\n--bb", b"\0\xff", b"\r\n--b\t"])
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine making the input is slow
@given(
    st.lists(PIECES.map(b"".join).filter(lambda data: not _holds_boundary(data)), max_size=4),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.sampled_from([b"", b" ", b"\t  "]),
)
def test_parts_come_out_as_they_went_in_whatever_the_pieces(parts: list[bytes], sizes: list[int], blanks: bytes) -> None:
    found, whole, is_whole = read(body_of(parts, blanks=blanks), sizes)
    assert [data for _headers, data in found] == parts
    assert all(headers == {"content-type": "application/dicom"} for headers, _data in found)
    assert whole == len(parts)
    assert is_whole


def _holds_boundary(data: bytes) -> bool:
    """Whether data holds what is a boundary by the standard; no writer may choose such a one."""
    return re.search(rb"\r\n--b([ \t]*\r\n|--)", data + b"\r\n") is not None


def test_prologue_and_epilogue_are_passed_over() -> None:
    body = b"This is for mail readers.\r\n" + body_of([b"one"]) + b"and good bye\r\n--b\r\n\r\nnot a part\r\n--b--"
    assert read(body, [3])[0] == [({"content-type": "application/dicom"}, b"one")]


def test_lengths_that_parts_claim_are_not_believed() -> None:
    body = b"--b\r\nContent-Type: application/dicom\r\nContent-Length: 999999\r\n\r\nshort\r\n--b--"
    assert read(body, [100])[0][0][1] == b"short"


@pytest.mark.parametrize("cut", [5, 30, 60])
def test_a_body_that_is_cut_short_is_not_whole(cut: int) -> None:
    body = body_of([b"x" * 20, b"y" * 20])
    parts, whole, is_whole = read(body[:cut], [7])
    assert not is_whole
    assert whole < 2
    assert len(parts) <= whole + 1


def test_headers_without_an_end_are_refused_and_memory_stays_small() -> None:
    reader = MultipartReader("b")
    with pytest.raises(UnreadableError, match="headers"):
        list(reader.feed(b"--b\r\n" + b"X: y\r\n" * 100_000))
    endless = MultipartReader("b")
    for _ in range(100):
        list(endless.feed(b"no boundary at all " * 1000))
    assert len(endless._rest) < 100


@pytest.mark.parametrize("boundary", ["", "x" * 300])
def test_a_boundary_there_must_be(boundary: str) -> None:
    with pytest.raises(UnreadableError):
        MultipartReader(boundary)


@pytest.mark.parametrize(
    ("text", "kind", "parameters"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b;c"', "multipart/related",
         {"type": "application/dicom", "boundary": "a b;c"}),
        ("Multipart/Related;boundary=x;TYPE=application/dicom;start=1", "multipart/related",
         {"boundary": "x", "type": "application/dicom", "start": "1"}),
        ("application/dicom; transfer-syntax=1.2.840.10008.1.2.1", "application/dicom",
         {"transfer-syntax": "1.2.840.10008.1.2.1"}),
        ("multipart/related; boundary*=utf-8''a%20b", "multipart/related", {"boundary": "a b"}),
        ("", "", {}),
    ],
)  # fmt: skip
def test_content_types(text: str, kind: str, parameters: dict[str, str]) -> None:
    assert parse_content_type(text) == (kind, parameters)

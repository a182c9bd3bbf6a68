"""Negotiation of DICOMweb with the headers that clients send, and the bodies of several parts that they read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.api.dicomweb.media import (
    DICOM,
    EXPLICIT_LE,
    METADATA,
    OCTETS,
    Form,
    MultipartWriter,
    Part,
    acceptable,
    choose,
    frame_forms,
    object_forms,
)
from backend.errors import BadRequestError
from backend.peers.multipart import MultipartReader, PartBegins, PartData, PartEnds, parse_content_type

IMPLICIT, BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
JLS, J2K, J2K_LOSSY = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
BASELINE, RLE, HTJ2K = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.201"
OHIF_FRAMES = "multipart/related; type=application/octet-stream; transfer-syntax=*"
RENDERED = [Form("image/jpeg", False), Form("image/png", False), Form("image/gif", False)]
MICROSCOPY = ", ".join(
    f'multipart/related; type="{media}"; transfer-syntax={uid}'
    for media, uid in [
        ("image/jls", JLS), ("image/jls", "1.2.840.10008.1.2.4.81"), ("image/jp2", J2K), ("image/jp2", J2K_LOSSY),
        ("image/jpx", "1.2.840.10008.1.2.4.92"), ("image/jpx", "1.2.840.10008.1.2.4.93"),
        ("application/octet-stream", "*"), ("image/jpeg", BASELINE),
    ]
)  # fmt: skip
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def frames(accept: str, stored: str, makeable: tuple[str, ...] = (EXPLICIT_LE,), query: str = "") -> tuple[str, str, bool]:
    """Type, transfer syntax, and whether in parts, of one frame for this client; empty where it gets none."""
    form = choose(acceptable(query, accept), frame_forms(stored, makeable, single=True))
    return (form.media, form.transfer_syntax, form.multipart) if form else ("", "", False)


@pytest.mark.parametrize(
    ("accept", "stored", "expected"),
    [
        ("", JLS, (OCTETS, EXPLICIT_LE, True)),
        ("*/*", JLS, (OCTETS, EXPLICIT_LE, True)),
        ('multipart/related; type="*/*"', JLS, (OCTETS, EXPLICIT_LE, True)),
        ("multipart/related", JLS, (OCTETS, EXPLICIT_LE, True)),
        ('multipart/related; type="application/octet-stream"', JLS, (OCTETS, EXPLICIT_LE, True)),
        (OHIF_FRAMES, JLS, (OCTETS, JLS, True)),
        (OHIF_FRAMES, IMPLICIT, (OCTETS, EXPLICIT_LE, True)),
        (OHIF_FRAMES, BIG_ENDIAN, (OCTETS, EXPLICIT_LE, True)),
        (OHIF_FRAMES, DEFLATED, (OCTETS, EXPLICIT_LE, True)),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', HTJ2K, (OCTETS, HTJ2K, True)),
        ('multipart/related; type="image/*"; transfer-syntax=*', HTJ2K, ("image/jphc", HTJ2K, True)),
        ('multipart/related; type="*/*"; transfer-syntax=*', RLE, ("image/dicom-rle", RLE, True)),
        ("multipart/related; type=image/jls", JLS, ("image/jls", JLS, True)),
        ("multipart/related; type=image/x-jls", JLS, ("image/jls", JLS, True)),
        ('multipart/related; type="image/dicom+jp2"', J2K, ("image/jp2", J2K, True)),
        ("Multipart/Related; TYPE=\"Image/JLS\"", JLS, ("image/jls", JLS, True)),
        ("multipart/related; type=image/jpeg", BASELINE, ("image/jpeg", BASELINE, True)),
        ("multipart/related; type=image/jp2", J2K_LOSSY, ("image/jp2", J2K_LOSSY, True)),
        (f"multipart/related; type=image/jp2; transfer-syntax={J2K}", J2K_LOSSY, ("", "", False)),
        ("multipart/related; type=image/jls; q=0.5, multipart/related; type=application/octet-stream", JLS,
         (OCTETS, EXPLICIT_LE, True)),
        ("multipart/related; type=image/jpx, multipart/related; type=image/jls", JLS, ("image/jls", JLS, True)),
        ("application/octet-stream", JLS, (OCTETS, EXPLICIT_LE, False)),
        ("application/octet-stream; transfer-syntax=*", JLS, (OCTETS, JLS, False)),
        ("image/jls", JLS, ("image/jls", JLS, False)),
        ("image/*", JLS, ("image/jls", JLS, False)),
        (MICROSCOPY, J2K_LOSSY, ("image/jp2", J2K_LOSSY, True)),
        (MICROSCOPY, BASELINE, (OCTETS, BASELINE, True)),
        (MICROSCOPY, EXPLICIT_LE, (OCTETS, EXPLICIT_LE, True)),
        ("image/png", JLS, ("", "", False)),
        ("multipart/related; type=application/dicom", JLS, ("", "", False)),
        ("*/*;q=0", JLS, ("", "", False)),
        ("multipart/related; type=application/octet-stream; q=0, */*; q=0.1", JLS, ("image/jls", JLS, True)),
    ],
)  # fmt: skip
def test_frames(accept: str, stored: str, expected: tuple[str, str, bool]) -> None:
    assert frames(accept, stored) == expected


def test_frames_that_can_not_be_decoded_go_as_stored() -> None:
    assert frames("*/*", JLS, ()) == ("image/jls", JLS, True)
    assert frames("multipart/related; type=application/octet-stream", JLS, ()) == (OCTETS, JLS, True)


def test_frames_are_transcoded_where_asked() -> None:
    able = (EXPLICIT_LE, RLE, JLS, J2K)
    assert frames(f"multipart/related; type=image/jp2; transfer-syntax={J2K}", EXPLICIT_LE, able) == ("image/jp2", J2K, True)
    assert frames("multipart/related; type=image/jls", RLE, able) == ("image/jls", JLS, True)
    assert frames("multipart/related; type=image/jls; transfer-syntax=*", RLE, able) == ("", "", False)


def objects(accept: str, stored: str, makeable: tuple[str, ...] = (), single: bool = True) -> tuple[str, bool] | None:
    form = choose(acceptable("", accept), object_forms(stored, makeable, single))
    assert form is None or form.media == DICOM
    return (form.transfer_syntax, form.multipart) if form else None


def test_objects() -> None:
    parts, able = 'multipart/related; type="application/dicom"', (EXPLICIT_LE, JLS)
    assert objects("*/*", IMPLICIT, able) == (EXPLICIT_LE, True)
    assert objects("", RLE, able) == (EXPLICIT_LE, True)
    assert objects(parts, RLE, able) == (EXPLICIT_LE, True)
    assert objects(f"{parts};transfer-syntax=*", RLE, able) == (RLE, True)
    assert objects('multipart/related;type="application/dicom";transfer-syntax=*', BIG_ENDIAN, able) == (EXPLICIT_LE, True)
    assert objects(f"{parts}; transfer-syntax={JLS}", RLE, able) == (JLS, True)
    assert objects(f"{parts}; transfer-syntax={J2K}", RLE, able) is None
    assert objects(f"{parts}; transfer-syntax={J2K}, {parts}; transfer-syntax=*; q=0.5", RLE, able) == (RLE, True)
    assert objects("application/dicom", RLE, able) == (EXPLICIT_LE, False)
    assert objects("application/dicom; transfer-syntax=*", RLE, able) == (RLE, False)
    assert objects("application/dicom", RLE, able, single=False) is None
    assert objects("*/*", RLE, ()) == (RLE, True)
    assert objects(BROWSER, RLE, able) == (EXPLICIT_LE, True)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/dicom+json"),
        ("application/dicom+json, application/json", "application/dicom+json"),
        ("application/json", "application/json"),
        ('multipart/related; type="application/dicom+xml"', "application/dicom+xml"),
        ("multipart/related; type=application/dicom+xml;q=0.4, application/dicom+json;q=0.5", "application/dicom+json"),
        ("text/csv", None),
        (BROWSER, "application/dicom+json"),
    ],
)
def test_metadata(accept: str, expected: str | None) -> None:
    form = choose(acceptable("", accept), METADATA)
    assert (form.media if form else None) == expected


def rendered(query: str, accept: str) -> str | None:
    form = choose(acceptable(query, accept), RENDERED)
    return form.media if form else None


def test_the_query_goes_before_the_header() -> None:
    octets = 'multipart/related; type="application/octet-stream"'
    assert rendered("accept=image%2Fjpeg", octets) == "image/jpeg"
    assert rendered("viewport=256%2C256&accept=image/png;q=0.1", "image/jpeg") == "image/png"
    assert rendered("accept=image/jp2,image/gif;q=0.5", "image/jpeg") == "image/gif"
    assert rendered("accept=image/jp2", "image/png") == "image/png"
    assert rendered("accept=*/*", "image/gif") == "image/gif"  # no wildcards there
    assert rendered("", BROWSER) == "image/jpeg"
    assert rendered("", "image/webp") is None


def test_a_plus_nobody_escaped() -> None:
    form = choose(acceptable("accept=application/dicom+json", "text/html"), METADATA)
    assert form is not None
    assert form.media == "application/dicom+json"
    assert choose(acceptable("accept=application/dicom ;q=1", ""), object_forms(RLE, (), True)) is not None


def test_commas_and_semicolons_in_quotes() -> None:
    odd = 'multipart/related; x="a, b; q=0; \\" c"; type="image/jls"; q=0.9, application/octet-stream;q=0.1'
    assert frames(odd, JLS) == ("image/jls", JLS, True)
    assert frames('multipart/related; type="image/jls', JLS) == ("", "", False)  # a quote that nobody closed: no such type


def test_dicom_and_pictures_at_once() -> None:
    with pytest.raises(BadRequestError):
        acceptable("", "application/dicom+json, image/png")
    with pytest.raises(BadRequestError):
        acceptable("", 'multipart/related; type="application/dicom", text/html')
    assert acceptable("", "application/dicom, image/png;q=0")


@given(st.text('abc*/;=,q.019 "\\\\', max_size=60), st.text(max_size=40))
def test_any_header(accept: str, query: str) -> None:
    try:
        found = choose(acceptable(query, accept), frame_forms(JLS, (EXPLICIT_LE,), single=True))
    except BadRequestError:
        return
    assert found is None or found.media in (OCTETS, "image/jls")


async def test_parts_are_written_as_viewers_read_them() -> None:
    asked: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        asked.append("pieces")
        yield b"cd"
        yield b"\r\n--ef"

    async def parts() -> AsyncIterator[Part]:
        asked.append("first")
        yield Part(f"{OCTETS}; transfer-syntax={EXPLICIT_LE}", b"ab", "http://h/dicom/frames/1")
        asked.append("second")
        yield Part(f"image/jls; transfer-syntax={JLS}", pieces(), "http://h/dicom/frames/2", 8)

    writer = MultipartWriter(OCTETS)
    body = writer.body(parts())
    out = await anext(body)
    assert asked == ["first"]  # the second is made when the first is out
    assert (
        out
        == (
            f"--{writer.boundary}\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1\r\n"
            "Content-Location: http://h/dicom/frames/1\r\nContent-Length: 2\r\n\r\nab"
        ).encode()
    )
    out += b"".join([piece async for piece in body])
    assert out.endswith(f"\r\n--{writer.boundary}--\r\n".encode())
    sized = [
        Part(f"{OCTETS}; transfer-syntax={EXPLICIT_LE}", b"ab", "http://h/dicom/frames/1"),
        Part(f"image/jls; transfer-syntax={JLS}", pieces(), "http://h/dicom/frames/2", 8),
    ]
    assert writer.size(sized) == len(out)
    assert writer.size([Part("a/b", pieces())]) is None
    media, parameters = parse_content_type(writer.content_type)
    assert (media, parameters["type"]) == ("multipart/related", OCTETS)
    assert f"boundary={writer.boundary}" in writer.content_type  # a bare token
    reader = MultipartReader(parameters["boundary"])
    events = [*reader.feed(out)]
    assert reader.is_whole
    assert [event.headers["content-type"] for event in events if isinstance(event, PartBegins)] == [
        f"{OCTETS}; transfer-syntax={EXPLICIT_LE}", f"image/jls; transfer-syntax={JLS}",
    ]  # fmt: skip
    assert b"".join(event.data for event in events if isinstance(event, PartData)) == b"abcd\r\n--ef"
    assert sum(isinstance(event, PartEnds) for event in events) == 2


async def test_no_parts_is_a_body_too() -> None:
    async def none() -> AsyncIterator[Part]:
        for part in ():
            yield part

    writer = MultipartWriter(DICOM)
    assert b"".join([piece async for piece in writer.body(none())]).strip() == f"--{writer.boundary}--".encode()
